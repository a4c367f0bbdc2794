/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening, as the core would, and blanking. */
#include "daemon/opened.h"

#include "ike/seal.h"
#include "wire/payload.h"
#include "wire/shape.h"

/* ----------------------------------------------------------------- blanking */

/* Status notifies whose data is public, or only an address or a hash of one. Of the others some hold tokens
 * (RFC 5723, RFC 6290) or a proof (RFC 8784), and tomorrow's are not known. */
static const uint16_t harmless[] = {
	SET_WINDOW_SIZE,
	IPCOMP_SUPPORTED,
	NAT_DETECTION_SOURCE_IP,
	NAT_DETECTION_DESTINATION_IP,
	16397, /* ADDITIONAL_IP4_ADDRESS */
	16398, /* ADDITIONAL_IP6_ADDRESS */
	16401, /* COOKIE2 */
	16403, /* AUTH_LIFETIME */
	SIGNATURE_HASH_ALGORITHMS,
};

/* How many octets of a notify's body are kept: all, or what stands before the data. */
static size_t notify_kept(struct bytes body)
{
	struct rd r = rd_of(body);
	size_t spi = (rd_u8(&r), rd_u8(&r));
	uint16_t type = rd_u16(&r);

	if (type < NOTIFY_STATUS)
		return body.n;
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (type == harmless[i])
			return body.n;
	return 4 + (4 + spi <= body.n ? spi : 0);
}

static size_t kept(uint8_t type, struct bytes body)
{
	switch (type) {
	case PAYLOAD_SA:
	case PAYLOAD_KE:
	case PAYLOAD_IDI:
	case PAYLOAD_IDR:
	case PAYLOAD_CERT:
	case PAYLOAD_CERTREQ:
	case PAYLOAD_NONCE:
	case PAYLOAD_DELETE:
	case PAYLOAD_VENDOR:
	case PAYLOAD_TSI:
	case PAYLOAD_TSR:
	case PAYLOAD_CP: return body.n;
	case PAYLOAD_NOTIFY: return notify_kept(body);
	case PAYLOAD_AUTH: return 4; /* method */
	case PAYLOAD_EAP: return EAP_SHOWN;
	default: return 0;
	}
}

static void blank(uint8_t *p, size_t n, size_t from)
{
	if (from < n)
		memset(p + from, 0, n - from);
}

/* The chain of N octets at P whose first payload is of TYPE. */
static void blank_chain(uint8_t type, uint8_t *p, size_t n)
{
	while (type != PAYLOAD_NONE && n >= PAYLOAD_HEADER) {
		size_t length = (size_t)p[2] << 8 | p[3], body;
		uint8_t next = p[0];

		if (length < PAYLOAD_HEADER || length > n)
			break;
		body = length - PAYLOAD_HEADER;
		blank(p + PAYLOAD_HEADER, body, kept(type, bytes_of(p + PAYLOAD_HEADER, body)));
		type = next;
		p += length;
		n -= length;
	}
	/* What has no right length, or follows the end: a length that is not right stays so. */
	blank(p, n, type == PAYLOAD_NONE ? 0 : PAYLOAD_HEADER);
}

/* ------------------------------------------------------------------ opening */

bool opened_sealed(struct bytes datagram)
{
	struct wire_header h;

	return !header_get(datagram, &h) && shape_sealed(h.exchange);
}

/* The IKE_SA whose message this is, found as the core does. */
static const struct sa *find(const struct ike *ike, bool came, const struct wire_header *h)
{
	bool from_initiator = h->flags & FLAG_INITIATOR, ours_i = from_initiator != came;
	const struct sa *sa = map_get(&ike->sas, ours_i ? h->spi_i : h->spi_r);

	return sa && sa->core.initiator == ours_i && sa->core.spi_i == h->spi_i &&
			       sa->core.spi_r == h->spi_r && sa->core.suite.encr
		       ? sa
		       : NULL;
}

static bool open_with(struct ike *ike, const struct sa *sa, bool came, struct bytes datagram,
	const struct wire_sk *sk, struct arena *arena, struct bytes *inner)
{
	struct sa_core core = sa->core;
	bool opened;

	/* What we have made is opened as its receiver would. */
	core.initiator = sa->core.initiator == came;
	opened = !seal_open(ike, &core, datagram, sk, arena, inner);
	WIPE(core);
	return opened;
}

/* HEADER, said to be followed by a payload of TYPE, and CONTENT. */
static struct bytes rebuilt(struct bytes datagram, uint8_t type, struct bytes content, struct arena *arena)
{
	uint8_t *p = arena_alloc(arena, IKE_HEADER + content.n);

	memcpy(p, datagram.p, IKE_HEADER);
	p[NEXT_AT] = type;
	if (content.n)
		memcpy(p + IKE_HEADER, content.p, content.n);
	return bytes_of(p, IKE_HEADER + content.n);
}

static void open_whole(
	struct bytes datagram, uint8_t first, struct bytes chain, struct arena *arena, struct opened *out)
{
	*out = (struct opened){ first, rebuilt(datagram, PAYLOAD_SK, chain, arena) };
	blank_chain(first, (uint8_t *)out->data.p + IKE_HEADER, chain.n);
}

/* Those that the core has of the same message, if this fragment is all that is missing; or NULL. */
static const struct fragments *completes(const struct sa *sa, const struct message *m)
{
	const struct fragments *f = sa->fragments[!!(m->header.flags & FLAG_RESPONSE)];

	return f && f->mid == m->header.mid && f->exchange == m->header.exchange && f->total == m->sk.total &&
			       f->have + 1 == f->total && !f->v[m->sk.fragment - 1].p
		       ? f
		       : NULL;
}

/* Nobody can tell what a piece of a chain is about. */
static void open_piece(
	struct bytes datagram, const struct wire_sk *sk, size_t n, struct arena *arena, struct opened *out)
{
	struct wr w = wr_of(arena_alloc(arena, FRAGMENT_HEADER + n), FRAGMENT_HEADER + n);

	wr_u16(&w, sk->fragment);
	wr_u16(&w, sk->total);
	wr_zero(&w, n);
	*out = (struct opened){ sk->inner, rebuilt(datagram, PAYLOAD_SKF, wr_done(&w), arena) };
}

static void open_fragment(const struct sa *sa, struct bytes datagram, const struct message *m,
	struct bytes content, struct arena *arena, struct opened *out)
{
	const struct fragments *f = completes(sa, m);
	struct wr chain;

	if (!f) {
		open_piece(datagram, &m->sk, content.n, arena, out);
		return;
	}
	chain = wr_of(arena_alloc(arena, f->octets + content.n), f->octets + content.n);
	for (unsigned i = 0; i < f->total; i++)
		wr_bytes(&chain, i + 1u == m->sk.fragment ? content : f->v[i]);
	open_whole(datagram, m->sk.fragment == 1 ? m->sk.inner : f->first, wr_done(&chain), arena, out);
}

bool opened_get(struct ike *ike, bool came, struct bytes datagram, struct arena *arena, struct opened *out)
{
	struct message m = { 0 };
	const struct sa *sa;
	struct bytes inner;
	uint8_t bad;

	if (header_get(datagram, &m.header) || !shape_sealed(m.header.exchange) ||
		!(sa = find(ike, came, &m.header)) ||
		message_get(bytes_of(datagram.p + IKE_HEADER, datagram.n - IKE_HEADER), IKE_HEADER,
			m.header.next, arena, &m, &bad) ||
		!(m.has & (PAYLOAD_BIT(PAYLOAD_SK) | (came ? PAYLOAD_BIT(PAYLOAD_SKF) : 0))) ||
		!open_with(ike, sa, came, datagram, &m.sk, arena, &inner))
		return false;
	if (m.sk.total)
		open_fragment(sa, datagram, &m, inner, arena, out);
	else
		open_whole(datagram, m.sk.inner, inner, arena, out);
	return true;
}
