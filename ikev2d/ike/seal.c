/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing and opening IKE messages. */
#include "ike/seal.h"

struct aead *seal_context(struct ike *ike, const struct transform *encr, const struct transform *integ)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ike->aeads); i++) {
		struct aead_slot *slot = &ike->aeads[i];

		if (!slot->aead)
			*slot = (struct aead_slot){ encr, integ, aead_new(encr, integ) };
		if (slot->encr == encr && slot->integ == integ)
			return slot->aead;
	}
	return NULL;
}

/* Keys a context for what INITIATOR (the original one) sends. */
static struct aead *keyed(struct ike *ike, const struct sa_core *core, bool sealing, bool initiator)
{
	const struct transform *encr = core->suite.encr, *integ = core->suite.integ;
	const struct sa_keys *k = &core->keys;
	struct aead *a = encr ? seal_context(ike, encr, integ) : NULL;
	struct bytes e = bytes_of(initiator ? k->ei : k->er, encr ? (size_t)encr->key + encr->salt : 0);
	struct bytes i = bytes_of(initiator ? k->ai : k->ar, integ ? integ->key : 0);

	return a && !aead_key(a, sealing, e, i) ? a : NULL;
}

/* The IV: for an AEAD a counter, which never repeats; for CBC random. */
static void put_iv(struct wr *w, struct sa_core *core, struct rng *rng)
{
	uint8_t random[16];

	if (core->suite.encr->kind == KIND_AEAD) {
		wr_zero(w, core->suite.encr->iv - 8u);
		wr_u64(w, core->seal_counter++);
		return;
	}
	rng_fill(rng, random, core->suite.encr->iv);
	wr_bytes(w, bytes_of(random, core->suite.encr->iv));
}

static void put_padding(struct wr *w, size_t body, const struct transform *encr)
{
	size_t n = w->n - body + 1, unit = encr->kind == KIND_AEAD ? 1 : encr->block;
	size_t pad = (unit - n % unit) % unit;

	wr_zero(w, pad);
	wr_u8(w, (uint8_t)pad);
}

struct bytes seal_put(struct ike *ike, struct sa_core *core, const struct wire_header *h,
	const struct message *m, struct rng *rng, struct arena *arena)
{
	struct aead *a = keyed(ike, core, true, core->initiator);
	struct wr w = wr_of(arena_alloc(arena, MESSAGE_ROOM), MESSAGE_ROOM);
	struct wire_header header = *h;
	struct aead_job job;
	size_t sk = IKE_HEADER, iv, body, icv;
	uint8_t first;

	if (!a)
		return (struct bytes){ 0 };
	header.next = PAYLOAD_SK;
	header_put(&header, &w);
	wr_u32(&w, 0);
	iv = w.n;
	put_iv(&w, core, rng);
	body = w.n;
	message_put(m, &w, &first);
	put_padding(&w, body, core->suite.encr);
	icv = w.n;
	wr_zero(&w, aead_icv(core->suite.encr, core->suite.integ));
	wr_u8_at(&w, sk, first);
	wr_u16_at(&w, sk + 2, (uint16_t)(w.n - sk));
	wr_u32_at(&w, IKE_HEADER - 4, (uint32_t)w.n);
	if (w.bad)
		return (struct bytes){ 0 };
	job = (struct aead_job){
		.aad = bytes_of(w.p, iv),
		.iv = w.p + iv,
		.data = w.p + body,
		.n = icv - body,
		.icv = w.p + icv,
	};
	return aead_seal(a, &job) ? (struct bytes){ 0 } : wr_done(&w);
}

enum err seal_open(struct ike *ike, const struct sa_core *core, struct bytes datagram,
	const struct wire_sk *sk, struct arena *arena, struct bytes *inner)
{
	struct aead *a = keyed(ike, core, false, !core->initiator);
	const struct transform *encr = core->suite.encr;
	struct bytes copy = arena_bytes(arena, datagram);
	uint8_t *p = (uint8_t *)copy.p + sk->offset;
	struct aead_job job;
	size_t icv, n;

	if (!a)
		return ERR_UNSUPPORTED;
	icv = aead_icv(encr, core->suite.integ);
	if (sk->body.n < encr->iv + icv + 1u)
		return ERR_SHORT;
	n = sk->body.n - encr->iv - icv;
	if (encr->kind == KIND_CBC && n % encr->block)
		return ERR_SYNTAX;
	job = (struct aead_job){
		.aad = bytes_of(copy.p, sk->offset),
		.iv = p,
		.data = p + encr->iv,
		.n = n,
		.icv = p + encr->iv + n,
	};
	if (aead_open(a, &job))
		return ERR_AUTH;
	if (job.data[n - 1] + 1u > n)
		return ERR_SYNTAX;
	*inner = bytes_of(job.data, n - job.data[n - 1] - 1);
	return ERR_OK;
}
