/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing and opening IKE messages. */
#include "ike/seal.h"

#include "wire/payload.h"

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

/* What is sealed into one datagram: all (SK: TOTAL is 0), or a fragment. */
struct piece {
	struct bytes content;
	uint8_t first; /* type of the first payload in it; of none but the first fragment (RFC 7383, 2.5) */
	uint16_t number, total;
};

/* A message to be sealed. */
struct sealing {
	struct ike *ike;
	struct sa_core *core;
	const struct wire_header *header;
	struct bytes chain; /* of payloads, */
	uint8_t first;      /* whose first has this type */
	struct bytes front; /* the solution of a puzzle, which is not sealed; empty: none */
	struct rng *rng;
	struct wr w;
};

/* The header, and what stands before the seal. */
static void put_front(struct sealing *s, const struct piece *piece)
{
	uint8_t seal = piece->total ? PAYLOAD_SKF : PAYLOAD_SK;
	bool front = s->front.n && piece->number <= 1;
	struct wire_header header = *s->header;
	size_t at;

	header.next = front ? PAYLOAD_PS : seal;
	header_put(&header, &s->w);
	if (!front)
		return;
	at = wire_piece_put(&s->w, seal, 0);
	wr_bytes(&s->w, s->front);
	wire_piece_end(&s->w, at);
}

static bool put_piece(struct sealing *s, const struct piece *piece)
{
	const struct transform *encr = s->core->suite.encr;
	struct aead *a = keyed(s->ike, s->core, true, s->core->initiator);
	size_t start = s->w.n, sk, iv, body, icv;
	struct wr *w = &s->w;
	struct aead_job job;

	put_front(s, piece);
	sk = w->n;
	wr_u32(w, 0);
	if (piece->total) {
		wr_u16(w, piece->number);
		wr_u16(w, piece->total);
	}
	iv = w->n;
	put_iv(w, s->core, s->rng);
	body = w->n;
	wr_bytes(w, piece->content);
	put_padding(w, body, encr);
	icv = w->n;
	wr_zero(w, transform_icv(encr, s->core->suite.integ));
	wr_u8_at(w, sk, piece->first);
	wr_u16_at(w, sk + 2, (uint16_t)(w->n - sk));
	wr_u32_at(w, start + LENGTH_AT, (uint32_t)(w->n - start));
	if (!a || w->bad)
		return false;
	job = (struct aead_job){
		.aad = bytes_of(w->p + start, iv - start),
		.iv = w->p + iv,
		.data = w->p + body,
		.n = icv - body,
		.icv = w->p + icv,
	};
	return !aead_seal(a, &job);
}

/* Octets that sealing adds to a fragment at the most; and what of the chain goes into one of LIMIT octets. */
static size_t fragment_extra(const struct sealing *s)
{
	const struct transform *encr = s->core->suite.encr;
	size_t front = s->front.n ? PAYLOAD_HEADER + s->front.n : 0;

	return IKE_HEADER + front + PAYLOAD_HEADER + FRAGMENT_HEADER + encr->iv +
	       (encr->kind == KIND_AEAD ? 1u : encr->block) + transform_icv(encr, s->core->suite.integ);
}

static size_t fragment_room(const struct sealing *s, size_t limit)
{
	size_t extra = fragment_extra(s);

	return limit > extra ? limit - extra : 1;
}

static struct bytes seal_whole(struct sealing *s)
{
	struct piece all = { .content = s->chain, .first = s->first };

	return put_piece(s, &all) ? wr_done(&s->w) : (struct bytes){ 0 };
}

/* In at least LEAST fragments. */
static struct bytes seal_fragments(struct sealing *s, size_t limit, size_t least)
{
	size_t room = fragment_room(s, limit), total = (s->chain.n + room - 1) / room;
	struct piece p = { .first = s->first };

	if (total < least) {
		room = (s->chain.n + least - 1) / least;
		total = (s->chain.n + room - 1) / room;
	}
	if (total > FRAGMENTS_MAX)
		return (struct bytes){ 0 };
	p.total = (uint16_t)total;
	for (size_t at = 0; at < s->chain.n; at += room) {
		size_t left = s->chain.n - at;

		p.content = bytes_of(s->chain.p + at, left < room ? left : room);
		p.number++;
		if (!put_piece(s, &p))
			return (struct bytes){ 0 };
		p.first = PAYLOAD_NONE;
	}
	return wr_done(&s->w);
}

static void make_room(struct sealing *s, unsigned datagrams, struct arena *arena)
{
	size_t room = s->chain.n + datagrams * fragment_extra(s);

	s->w = wr_of(arena_alloc(arena, room), room);
}

struct bytes seal_put(struct ike *ike, struct sa_core *core, const struct wire_header *h,
	const struct message *m, size_t limit, struct rng *rng, struct arena *arena)
{
	struct sealing s = { .ike = ike, .core = core, .header = h, .rng = rng };
	struct wr chain = wr_of(arena_alloc(arena, MESSAGE_ROOM), MESSAGE_ROOM);
	struct message inner = *m;
	bool whole;

	if (m->has & PAYLOAD_BIT(PAYLOAD_PS))
		s.front = m->solution;
	inner.has &= ~PAYLOAD_BIT(PAYLOAD_PS);
	message_put(&inner, &chain, &s.first);
	if (chain.bad || !core->suite.encr)
		return (struct bytes){ 0 };
	s.chain = wr_done(&chain);
	whole = !limit || s.chain.n + fragment_extra(&s) - FRAGMENT_HEADER <= limit;
	make_room(&s, whole ? 1 : FRAGMENTS_MAX, arena);
	return whole ? seal_whole(&s) : seal_fragments(&s, limit, 2);
}

/* Opens what INITIATOR (the original one) has sealed. */
static enum err open_of(struct ike *ike, const struct sa_core *core, bool initiator, struct bytes datagram,
	const struct wire_sk *sk, struct arena *arena, struct bytes *inner)
{
	struct aead *a = keyed(ike, core, false, initiator);
	const struct transform *encr = core->suite.encr;
	struct bytes copy = arena_bytes(arena, datagram);
	uint8_t *p = (uint8_t *)copy.p + sk->offset;
	struct aead_job job;
	size_t icv, n;

	if (!a)
		return ERR_UNSUPPORTED;
	icv = transform_icv(encr, core->suite.integ);
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

enum err seal_open(struct ike *ike, const struct sa_core *core, struct bytes datagram,
	const struct wire_sk *sk, struct arena *arena, struct bytes *inner)
{
	return open_of(ike, core, !core->initiator, datagram, sk, arena, inner);
}

/* Opens a datagram of ours: its content goes to the end of CHAIN. */
static bool reopen(struct sealing *s, struct bytes datagram, struct wire_header *h, struct wr *chain,
	struct wire_sk *sk, struct arena *arena)
{
	struct message m = { 0 };
	struct bytes content;
	uint8_t bad;

	if (header_get(datagram, h) ||
		message_get(bytes_of(datagram.p + IKE_HEADER, datagram.n - IKE_HEADER), IKE_HEADER, h->next,
			arena, &m, &bad) ||
		open_of(s->ike, s->core, s->core->initiator, datagram, &m.sk, arena, &content))
		return false;
	*sk = m.sk;
	if (m.has & PAYLOAD_BIT(PAYLOAD_PS))
		s->front = m.solution;
	wr_bytes(chain, content);
	return true;
}

struct bytes seal_recut(struct ike *ike, struct sa_core *core, struct bytes sealed, size_t limit,
	struct rng *rng, struct arena *arena)
{
	struct wire_header h = { 0 };
	struct sealing s = { .ike = ike, .core = core, .header = &h, .rng = rng };
	struct wr chain = wr_of(arena_alloc(arena, sealed.n), sealed.n);
	struct bytes one = header_cut(&sealed);
	struct wire_sk sk = { 0 };

	for (; one.n; one = header_cut(&sealed)) {
		if (!reopen(&s, one, &h, &chain, &sk, arena))
			return (struct bytes){ 0 };
		if (sk.fragment <= 1)
			s.first = sk.inner;
	}
	s.chain = wr_done(&chain);
	make_room(&s, FRAGMENTS_MAX, arena);
	return seal_fragments(&s, limit, sk.total + 1u > 2 ? sk.total + 1u : 2);
}
