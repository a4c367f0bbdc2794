/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/exchange.h"

#include "crypto/kex.h"
#include "ike/keys.h"

/* Most private values are usable at the first draw. */
enum { DRAWS_MAX = 64 };

static enum err draw_pair(struct rng *rng, const struct transform *ke, struct answer *out)
{
	uint8_t *secret = arena_alloc(&out->arena, ke->key), *public = arena_alloc(&out->arena, ke->out);
	enum err e = ERR_RANGE;

	for (unsigned i = 0; i < DRAWS_MAX && e == ERR_RANGE; i++) {
		rng_fill(rng, secret, ke->key);
		e = kex_public(ke, secret, public);
	}
	out->a.secret = bytes_of(secret, ke->key);
	out->a.public = bytes_of(public, ke->out);
	return e;
}

static enum err respond(
	struct rng *rng, const struct transform *ke, struct bytes peer_public, struct answer *out)
{
	uint8_t *secret = arena_alloc(&out->arena, ke->key);
	uint8_t *public = arena_alloc(&out->arena, kex_answer_size(ke));
	uint8_t *shared = arena_alloc(&out->arena, ke->shared);
	enum err e = ERR_RANGE;

	for (unsigned i = 0; i < DRAWS_MAX && e == ERR_RANGE; i++) {
		rng_fill(rng, secret, ke->key);
		e = kex_answer(ke, secret, peer_public, public, shared);
	}
	out->a.public = bytes_of(public, kex_answer_size(ke));
	out->a.shared = bytes_of(shared, ke->shared);
	return e;
}

static enum err agree(
	const struct transform *ke, struct bytes secret, struct bytes peer_public, struct answer *out)
{
	uint8_t *shared = arena_alloc(&out->arena, ke->shared);

	out->a.shared = bytes_of(shared, ke->shared);
	return secret.n == ke->key ? kex_shared(ke, secret.p, peer_public, shared) : ERR_RANGE;
}

static const char *explain_kex(const struct transform *ke, enum err e, struct arena *arena)
{
	switch (e) {
	case ERR_SHORT:
	case ERR_AUTH:
		return arena_printf(arena, "the peer's public value is not one of %s (%s)", ke->name,
			ke->kind == KIND_KEM ? "FIPS 203" : "RFC 6989");
	case ERR_UNSUPPORTED:
		return arena_printf(
			arena, "the OpenSSL library here has no %s: leave it out of the proposals", ke->name);
	default: return arena_printf(arena, "the key exchange %s failed: %s", ke->name, err_name(e));
	}
}

static void answer_kex(struct rng *rng, const struct ike_question *q, struct answer *answer)
{
	enum err e = q->kind == ASK_KEY_PAIR  ? draw_pair(rng, q->ke, answer)
		     : q->kind == ASK_RESPOND ? respond(rng, q->ke, q->peer_public, answer)
					      : agree(q->ke, q->secret, q->peer_public, answer);

	answer->a.result = e;
	if (e)
		answer->a.why.what = explain_kex(q->ke, e, &answer->arena);
}

/* AUTH by the key of EAP (RFC 7296, 2.16). */
static void answer_eap_proof(const struct ike_question *q, struct answer *answer)
{
	uint8_t *right = arena_alloc(&answer->arena, q->prf->out);
	struct bytes proof = bytes_of(right, q->prf->out);
	struct ike_answer *a = &answer->a;

	a->result = keys_psk_auth(q->prf, q->secret, q->octets, right);
	if (q->kind == ASK_PROOF) {
		a->method = AUTH_METHOD_PSK;
		a->proof = proof;
	} else if (!a->result && (q->method != AUTH_METHOD_PSK || !bytes_eq_secret(proof, q->proof))) {
		a->result = ERR_AUTH;
	}
	if (a->result)
		a->why.what = "the peer's AUTH is not made with the key of EAP: somebody is between";
}

bool exchange_answer(struct rng *rng, const struct ike_question *q, struct answer *answer)
{
	switch (q->kind) {
	case ASK_KEY_PAIR:
	case ASK_RESPOND:
	case ASK_AGREE: answer_kex(rng, q, answer); return true;
	case ASK_PROOF:
	case ASK_CHECK:
		if (q->secret.n)
			answer_eap_proof(q, answer);
		return q->secret.n;
	default: return false;
	}
}
