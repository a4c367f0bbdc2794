/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing and opening with a core's own keys. */
#include "tests/pair/forge.h"

#include "ike/seal.h"
#include "ike/step.h"

#include <stdlib.h>

struct sa *forge_sa(const struct host *h)
{
	const struct node *list = &h->ike->sas_list;

	return list_empty(list) || list->next != list->prev ? NULL
							    : node_owner(list->next, struct sa, of_ike);
}

struct sa *forge_sa_up(const struct host *h)
{
	struct sa *found = NULL;

	list_each (n, (struct node *)&h->ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state != S_UP || !sa->up)
			continue;
		if (found)
			return NULL;
		found = sa;
	}
	return found;
}

void forge_unlist(struct host *h, struct node *kept)
{
	list_init(kept);
	list_join(kept, &h->ike->sas_list);
}

void forge_list(struct host *h, struct node *kept)
{
	list_join(kept, &h->ike->sas_list);
	list_join(&h->ike->sas_list, kept);
}

static struct wire_header completed(const struct sa *sa, const struct wire_header *h)
{
	struct wire_header out = *h;

	out.spi_i = sa->core.spi_i;
	out.spi_r = sa->core.spi_r;
	out.version = h->version ? h->version : 0x20;
	out.flags |= sa->core.initiator ? FLAG_INITIATOR : 0;
	return out;
}

struct bytes forge_seal(struct host *h, struct sa *sa, const struct message *m, struct arena *arena)
{
	struct wire_header header = completed(sa, &m->header);

	return seal_put(h->ike, &sa->core, &header, m, 0, &h->lab->rng.rng, arena);
}

struct message forge_read(const struct flight *f, struct arena *arena)
{
	struct message m = { 0 };
	uint8_t bad;

	if (header_get(bytes_of(f->data, f->n), &m.header) ||
		message_get(bytes_of(f->data + IKE_HEADER, f->n - IKE_HEADER), IKE_HEADER, m.header.next,
			arena, &m, &bad))
		abort();
	return m;
}

struct bytes forge_clear(const struct message *m, struct arena *arena)
{
	struct wr w = wr_of(arena_alloc(arena, MESSAGE_ROOM), MESSAGE_ROOM);

	message_put_clear(&m->header, m, &w);
	return wr_done(&w);
}

/* Rounded up to what the cipher takes, its last octet the length of the padding. */
static struct bytes padded(const struct transform *encr, struct bytes inner, struct arena *arena)
{
	size_t unit = encr->kind == KIND_AEAD ? 1 : encr->block, n = (inner.n + unit) / unit * unit;
	uint8_t *p = arena_alloc(arena, n);

	if (inner.n)
		memcpy(p, inner.p, inner.n);
	p[n - 1] = (uint8_t)(n - inner.n - 1);
	return bytes_of(p, n);
}

struct bytes forge_seal_octets(struct ike *ike, const struct sa_core *core, bool initiator,
	const struct wire_header *header, const struct wire_sk *piece, struct bytes inner, struct rng *rng,
	struct arena *arena)
{
	const struct transform *encr = core->suite.encr, *integ = core->suite.integ;
	const struct sa_keys *k = &core->keys;
	struct aead *a = seal_context(ike, encr, integ);
	size_t icv = transform_icv(encr, integ),
	       head = IKE_HEADER + PAYLOAD_HEADER + (piece->total ? FRAGMENT_HEADER : 0) + encr->iv,
	       room = head + inner.n + 16 + icv;
	struct wire_header full = *header;
	struct wr w = wr_of(arena_alloc(arena, room), room);
	struct aead_job job = { 0 };
	struct bytes text = padded(encr, inner, arena);

	full.next = piece->total ? PAYLOAD_SKF : PAYLOAD_SK;
	full.length = (uint32_t)(room - (inner.n + 16) + text.n);
	header_put(&full, &w);
	wr_u8(&w, piece->inner);
	wr_u8(&w, 0);
	wr_u16(&w, (uint16_t)(full.length - IKE_HEADER));
	if (piece->total) {
		wr_u16(&w, piece->fragment);
		wr_u16(&w, piece->total);
	}
	job.aad = bytes_of(w.p, w.n);
	job.iv = w.p + w.n;
	/* Far from the counter of the SA. */
	wr_u32(&w, 0xffffffff);
	wr_zero(&w, encr->iv - 8u);
	wr_u32(&w, rng_u32(rng));
	job.data = w.p + w.n;
	job.n = text.n;
	wr_bytes(&w, text);
	job.icv = w.p + w.n;
	wr_zero(&w, icv);
	if (!a || w.bad ||
		aead_key(a, true, bytes_of(initiator ? k->ei : k->er, (size_t)encr->key + encr->salt),
			bytes_of(initiator ? k->ai : k->ar, integ ? integ->key : 0)) ||
		aead_seal(a, &job))
		return (struct bytes){ 0 };
	return wr_done(&w);
}

struct bytes forge_seal_fragment(struct host *h, struct sa *sa, const struct wire_header *header,
	const struct wire_sk *piece, struct bytes content, struct arena *arena)
{
	struct wire_header full = completed(sa, header);

	return forge_seal_octets(
		h->ike, &sa->core, sa->core.initiator, &full, piece, content, &h->lab->rng.rng, arena);
}

struct bytes forge_seal_raw(struct host *h, struct sa *sa, const struct wire_header *header, uint8_t first,
	struct bytes inner, struct arena *arena)
{
	return forge_seal_fragment(h, sa, header, &(struct wire_sk){ .inner = first }, inner, arena);
}

struct flight *forge_send(struct host *h, const struct sa *sa, struct bytes data)
{
	return lab_forge(h->lab, h, sa->core.path.local, sa->core.path.remote, data);
}

/* The SA of H that these SPIs are of. */
static const struct sa *find(const struct host *h, const struct wire_header *header)
{
	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.spi_i == header->spi_i && sa->core.spi_r == header->spi_r)
			return sa;
	}
	return NULL;
}

static bool open_at(struct host *h, const struct message *outer, struct bytes datagram, struct arena *arena,
	struct message *out)
{
	const struct sa *sa = h->ike ? find(h, &outer->header) : NULL;
	struct sa_core core;
	struct bytes inner;
	uint8_t bad;

	if (!sa)
		return false;
	/* As the receiver sees it, whichever end this is. */
	core = sa->core;
	core.initiator = !(outer->header.flags & FLAG_INITIATOR);
	*out = (struct message){ .header = outer->header };
	return !seal_open(h->ike, &core, datagram, &outer->sk, arena, &inner) &&
	       !message_get(inner, 0, outer->sk.inner, arena, out, &bad);
}

bool forge_open(struct lab *lab, struct bytes datagram, struct arena *arena, struct message *out)
{
	struct message m = { 0 };
	uint8_t bad;

	if (header_get(datagram, &m.header) ||
		message_get(bytes_of(datagram.p + IKE_HEADER, datagram.n - IKE_HEADER), IKE_HEADER,
			m.header.next, arena, &m, &bad) ||
		!(m.has & PAYLOAD_BIT(PAYLOAD_SK)))
		return false;
	for (unsigned i = 0; i < lab->n_hosts; i++)
		if (open_at(&lab->hosts[i], &m, datagram, arena, out))
			return true;
	return false;
}

void forge_change(struct flight *f, const struct message *m)
{
	struct host *h = (struct host *)f->from;
	struct wire_header header;
	struct arena arena = { 0 };
	struct bytes data = { 0 };
	const struct sa *sa;

	if (!header_get(bytes_of(f->data, f->n), &header) && (sa = find(h, &header)))
		data = seal_put(h->ike, &((struct sa *)sa)->core, &header, m, 0, &h->lab->rng.rng, &arena);
	if (!data.n)
		abort();
	free(f->data);
	f->n = data.n;
	f->data = memcpy(malloc(data.n), data.p, data.n);
	arena_free(&arena);
}

void forge_group(struct lab *lab, struct flight *f, uint16_t group)
{
	struct arena arena = { 0 };
	struct message m;

	if (!forge_open(lab, bytes_of(f->data, f->n), &arena, &m))
		abort();
	m.ke.group = group;
	forge_change(f, &m);
	arena_free(&arena);
}

void forge_refusal(struct flight *f, uint16_t notify, struct bytes data)
{
	struct arena arena = { 0 };
	struct message m = { 0 };

	message_add_notify(&m, &arena, notify, data);
	forge_change(f, &m);
	arena_free(&arena);
}
