/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who answers which question. */
#include "daemon/answers.h"

#include "daemon/accounts.h"

#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/lease.h"
#include "daemon/parley.h"
#include "daemon/reach.h"
#include "daemon/secrets.h"
#include "daemon/signer.h"

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
		vault_ppk(w->vault, s, q, answer);
	else
		answer->a.result = ERR_MISSING;
	return !s;
}

/* By who keeps the key: keeper, or tokens. */
static bool answer_signature(struct world *w, const struct ike_question *q, struct answer *answer)
{
	struct ike_answer *a = &answer->a;
	struct signing by;

	a->result = signer_choose(&w->config.creds, q, clock_wall(), &answer->arena, &by, a, &answer->shown);
	if (a->result)
		return true;
	answer->connection = trust_wants_ocsp(q) ? arena_str(&answer->arena, q->peer->name) : NULL;
	vault_sign(by.key, by.scheme, q, answer);
	return false;
}

static bool answer_proof(struct world *w, const struct ike_question *q, struct answer *answer)
{
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
	for (unsigned i = 0; i < answer->a.ips.n; i++)
		engine_note_lease(w, &answer->a.ips.v[i]);
}

void answers_ask(struct world *w, uint32_t ticket, const struct ike_question *q)
{
	struct answer *answer = answer_new(ticket);

	switch (q->kind) {
	case ASK_ROUTE:
		portal_look(w);
		reach_ask(w, q, answer);
		return;
	case ASK_PATHS: reach_paths(q, answer); break;
	case ASK_KEY_PAIR:
	case ASK_RESPOND:
	case ASK_AGREE: break; /* answered where they are asked (exchange.h) */
	case ASK_PROOF:
	case ASK_CHECK:
		if (!answer_proof(w, q, answer))
			return;
		break;
	case ASK_EAP: parley_ask(w, q, answer); return;
	case ASK_PPK:
	case ASK_PPK_CONFIRM:
		if (!answer_ppk(w, q, answer))
			return;
		break;
	case ASK_USAGE: answer_usage(w, q, answer); break;
	case ASK_LEASE: answer_lease(w, q, answer); break;
	}
	engine_answer(w, answer);
}
