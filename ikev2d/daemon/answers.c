/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who answers which question. */
#include "daemon/answers.h"

#include "daemon/accounts.h"

#include "crypto/kex.h"
#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/lease.h"
#include "daemon/parley.h"
#include "daemon/reach.h"
#include "daemon/secrets.h"
#include "daemon/signer.h"
#include "ike/keys.h"
#include "pki/sign.h"

/* Most private values are usable at the first draw. */
enum { DRAWS_MAX = 64 };

static enum err draw_pair(struct world *w, const struct transform *ke, struct answer *out)
{
	uint8_t *secret = arena_alloc(&out->arena, ke->key), *public = arena_alloc(&out->arena, ke->out);
	enum err e = ERR_RANGE;

	for (unsigned i = 0; i < DRAWS_MAX && e == ERR_RANGE; i++) {
		rng_fill(&w->entropy.rng, secret, ke->key);
		e = kex_public(ke, secret, public);
	}
	out->a.secret = bytes_of(secret, ke->key);
	out->a.public = bytes_of(public, ke->out);
	return e;
}

static enum err respond(
	struct world *w, const struct transform *ke, struct bytes peer_public, struct answer *out)
{
	uint8_t *secret = arena_alloc(&out->arena, ke->key);
	uint8_t *public = arena_alloc(&out->arena, kex_answer_size(ke));
	uint8_t *shared = arena_alloc(&out->arena, ke->shared);
	enum err e = ERR_RANGE;

	for (unsigned i = 0; i < DRAWS_MAX && e == ERR_RANGE; i++) {
		rng_fill(&w->entropy.rng, secret, ke->key);
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

static void answer_kex(struct world *w, const struct ike_question *q, struct answer *answer)
{
	enum err e = q->kind == ASK_KEY_PAIR  ? draw_pair(w, q->ke, answer)
		     : q->kind == ASK_RESPOND ? respond(w, q->ke, q->peer_public, answer)
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

/* Proofs: false where the answer comes later. */

static bool answer_psk(struct world *w, const struct ike_question *q, struct answer *answer)
{
	const struct secret *s =
		secrets_for(config_now(&w->config), w->config.path, q, &answer->arena, &answer->a.why);
	struct why wrong;

	if (!s) {
		answer->a.result = ERR_MISSING;
		return true;
	}
	if (q->kind == ASK_PROOF) {
		answer->a.method = AUTH_METHOD_PSK;
		vault_prove(w->vault, s, q, answer);
	} else {
		wrong = secrets_differ(s, q, &answer->arena);
		vault_check(w->vault, s, q, &wrong, answer);
	}
	return false;
}

static bool answer_ppk(struct world *w, const struct ike_question *q, struct answer *answer)
{
	const struct secret *s = secrets_ppk(
		config_now(&w->config), w->config.path, &q->remote, &answer->arena, &answer->a.why);

	if (s)
		vault_mix(w->vault, s, q, answer);
	else
		answer->a.result = ERR_MISSING;
	return !s;
}

/* A key of a token signs here: it is not ours to keep. */
static bool answer_signature(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct ike_answer *a = &answer->a;
	struct signing by;

	a->result = signer_choose(&w->config.creds, q, clock_wall(), &answer->arena, &by, a, &answer->shown);
	if (a->result)
		return true;
	answer->connection = trust_wants_ocsp(q) ? arena_str(&answer->arena, q->peer->name) : NULL;
	if (by.key->kept) {
		vault_sign(w->vault, by.key, by.scheme, q, answer);
		return false;
	}
	a->result = sign_octets(by.key, by.scheme, q->octets, &answer->arena, &a->proof, &a->why);
	trust_complete(w, answer);
	return false;
}

static bool answer_proof(struct world *w, const struct ike_question *q, struct answer *answer)
{
	if (q->secret.n) {
		answer_eap_proof(q, answer);
		return true;
	}
	if (q->kind == ASK_PROOF)
		return q->auth->way.method == AUTH_PSK ? answer_psk(w, q, answer)
						       : answer_signature(w, q, answer);
	if (q->method == AUTH_METHOD_PSK)
		return answer_psk(w, q, answer);
	trust_check(w, q, answer);
	return false;
}

static void answer_usage(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct ike_usage *v = ARENA_ARRAY(&answer->arena, q->n_children, struct ike_usage);
	struct sa_usage u;

	for (unsigned i = 0; i < q->n_children; i++) {
		v[i].child = q->children[i];
		if (w->backend->usage(w->xfrm, v[i].child, true, &u))
			v[i].last_in = u.last_ms;
		if (w->backend->usage(w->xfrm, v[i].child, false, &u))
			v[i].last_out = u.last_ms;
	}
	answer->a.usage = (struct ike_usages){ v, q->n_children };
}

struct leases *answers_leases(struct world *w)
{
	const struct conf *conf = config_now(&w->config);

	if (w->leases_for != w->config.changes)
		leases_configure(&w->leases, conf->pools, conf->n_pools);
	w->leases_for = w->config.changes;
	return &w->leases;
}

static void answer_lease(struct world *w, const struct ike_question *q, struct answer *answer)
{
	const struct lease_grant *grant = accounts_grant(w, q->eap.conversation);

	lease_answer(answers_leases(w), config_now(&w->config), q, grant, &answer->arena, &answer->a);
}

void answers_ask(struct world *w, uint32_t ticket, const struct ike_question *q)
{
	struct answer *answer = answer_new(ticket);

	switch (q->kind) {
	case ASK_ROUTE: reach_ask(w, q, answer); return;
	case ASK_PATHS: reach_paths(q, answer); break;
	case ASK_KEY_PAIR:
	case ASK_RESPOND:
	case ASK_AGREE: answer_kex(w, q, answer); break;
	case ASK_PROOF:
	case ASK_CHECK:
		if (!answer_proof(w, q, answer))
			return;
		break;
	case ASK_EAP: parley_ask(w, q, answer); return;
	case ASK_PPK:
		if (!answer_ppk(w, q, answer))
			return;
		break;
	case ASK_USAGE: answer_usage(w, q, answer); break;
	case ASK_LEASE: answer_lease(w, q, answer); break;
	}
	engine_answer(w, answer);
}
