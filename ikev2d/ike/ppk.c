/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Post-quantum preshared keys (RFC 8784).
 *
 *   initiator                                     responder
 *   HDR, SAi1, KEi, Ni, N(USE_PPK)      -->
 *                                       <--       HDR, SAr1, KEr, Nr, N(USE_PPK)
 *   HDR, SK {IDi, AUTH, …, N(PPK_IDENTITY), [N(NO_PPK_AUTH)]} -->
 *                                       <--       HDR, SK {IDr, AUTH, …, [N(PPK_IDENTITY)]}
 *
 * A responder without that key takes NO_PPK_AUTH for AUTH, if it is there and it may, and leaves PPK_IDENTITY
 * out.
 */
#include "ike/ppk.h"

#include "ike/proof.h"

enum { PPK_ID_FIXED = 2 };

static bool has_ppk(const struct peer *p)
{
	return p->ppk_id.type != ID_ANY || p->ppk_required;
}

bool ppk_serves(const struct peer *p, const struct id *id)
{
	return p->ppk_id.type != ID_ANY && id_matches(&p->ppk_id, id);
}

/* Who begins says which key: a pattern names none. */
static bool names_ppk(const struct peer *p)
{
	return p->ppk_id.type != ID_ANY && !id_is_pattern(&p->ppk_id) &&
	       !memchr(p->ppk_id.data.p, '*', p->ppk_id.data.n);
}

struct id ppk_identity(struct bytes data, struct arena *arena)
{
	if (data.n < 2 || data.p[0] != PPK_ID_FIXED)
		return (struct id){ 0 };
	return id_of_octets(bytes_of(data.p + 1, data.n - 1), arena);
}

struct bytes ppk_identity_put(const struct draft *d, const struct id *id)
{
	struct wr w = wr_of(arena_alloc(d->step->scratch, 1 + id->data.n), 1 + id->data.n);

	wr_u8(&w, PPK_ID_FIXED);
	wr_bytes(&w, id->data);
	return wr_done(&w);
}

/* Whether the exchange in which P mixes such a key may be IKE_INTERMEDIATE (RFC 9867), or IKE_AUTH (RFC
 * 8784). */
static bool may_be_early(const struct peer *p)
{
	return p->ppk_exchange != PPK_IN_AUTH;
}

static bool may_be_late(const struct peer *p)
{
	return p->ppk_exchange != PPK_IN_INTERMEDIATE;
}

bool ppk_offers_early(const struct peer *p)
{
	return names_ppk(p) && may_be_early(p);
}

void ppk_offer(const struct draft *d, const struct peer *p, struct message *m)
{
	if (ppk_offers_early(p))
		message_add_notify(m, d->step->scratch, USE_PPK_INT, (struct bytes){ 0 });
	if (names_ppk(p) && may_be_late(p))
		message_add_notify(m, d->step->scratch, USE_PPK, (struct bytes){ 0 });
}

void ppk_explain_for(
	struct draft *d, const struct peer *p, const char *what, const char *key, const char *instead)
{
	struct arena *a = d->step->scratch;

	d->why = (struct why){
		.what = what,
		.configured = p->ppk_required ? "ppk_required = yes" : NULL,
		.where = source_print(&p->at, key, a),
		.instead = instead,
		.alert = "peer-auth-failed",
	};
}

void ppk_explain(struct draft *d, const char *what, const char *key, const char *instead)
{
	ppk_explain_for(d, d->core.peer, what, key, instead);
}

/* M says that the other side can have one in IKE_INTERMEDIATE. */
static bool is_early(const struct message *m)
{
	return message_notify(m, USE_PPK_INT) && message_notify(m, INTERMEDIATE_EXCHANGE_SUPPORTED);
}

static void explain_disagreement(struct draft *d, const struct peer *p)
{
	if (!names_ppk(p))
		ppk_explain(d, "a post-quantum preshared key is demanded, and ppk_id does not name one",
			"ppk_required", "ppk_id = its name");
	else if (!may_be_late(p))
		ppk_explain(d,
			"the peer does not mix a post-quantum preshared key in IKE_INTERMEDIATE (it did not "
			"answer "
			"USE_PPK_INT)",
			"ppk_exchange", "ppk_exchange = any");
	else
		ppk_explain(d, "the peer has no post-quantum preshared key (it did not answer USE_PPK)",
			"ppk_required", "ppk_required = no, or a PPK at the peer");
}

bool ppk_agree(struct draft *d, const struct peer *p, const struct message *m)
{
	d->hs.early.agreed = ppk_offers_early(p) && is_early(m);
	d->hs.ppk = !d->hs.early.agreed && names_ppk(p) && may_be_late(p) && message_notify(m, USE_PPK);
	if (d->hs.ppk || d->hs.early.agreed || !p->ppk_required)
		return true;
	explain_disagreement(d, p);
	return false;
}

/* Whether a candidate has a key, and MAY. */
static bool wanted(const struct draft *d, bool (*may)(const struct peer *p))
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		const struct candidate *c = &d->hs.candidates[i];

		if (!c->excluded && has_ppk(c->peer) && may(c->peer))
			return true;
	}
	return false;
}

void ppk_choose(struct draft *d, const struct message *m)
{
	d->hs.early.agreed = is_early(m) && wanted(d, may_be_early);
	d->hs.ppk = !d->hs.early.agreed && message_notify(m, USE_PPK) && wanted(d, may_be_late);
}

void ppk_answer(const struct draft *d, struct message *m)
{
	if (d->hs.early.agreed)
		message_add_notify(m, d->step->scratch, USE_PPK_INT, (struct bytes){ 0 });
	else if (d->hs.ppk)
		message_add_notify(m, d->step->scratch, USE_PPK, (struct bytes){ 0 });
}

enum ppk_choice ppk_choose_ours(const struct draft *d)
{
	return d->hs.ppk ? PPK_MIX : PPK_NONE;
}

void ppk_explain_other(struct draft *d, const struct id *id)
{
	struct arena *a = d->step->scratch;
	const char *name = id_print(id, a);

	ppk_explain(d,
		arena_printf(a,
			"the peer uses the post-quantum preshared key %s, and this connection does not",
			name),
		"ppk_id", arena_printf(a, "ppk_id = %s", name));
}

/* Without the key, if the peer can do without and so can we. */
static enum ppk_choice without(struct draft *d, const struct message *m)
{
	if (d->core.peer->ppk_required)
		return PPK_REFUSED;
	if (message_notify(m, NO_PPK_AUTH))
		return PPK_PLAIN;
	if (d->hs.ppk && message_notify(m, PPK_IDENTITY))
		return PPK_REFUSED; /* its AUTH was made with the key */
	return PPK_NONE;
}

enum ppk_choice ppk_choose_theirs(struct draft *d, const struct message *m)
{
	const struct peer *p = d->core.peer;
	const struct wire_notify *n = message_notify(m, PPK_IDENTITY);
	struct id id = ppk_identity(n ? n->data : (struct bytes){ 0 }, d->step->scratch);

	if (d->hs.early.agreed)
		return PPK_NONE;
	if (d->hs.ppk && id.type != ID_ANY && ppk_serves(p, &id))
		return PPK_MIX;
	if (id.type == ID_ANY)
		ppk_explain(d, "the peer uses no post-quantum preshared key", "ppk_required",
			"ppk_required = no");
	else
		ppk_explain_other(d, &id);
	return without(d, m);
}

enum ppk_choice ppk_missing(struct draft *d, const struct message *m)
{
	d->why = d->answer->why;
	if (!d->why.what)
		d->why.what = "the post-quantum preshared key could not be used";
	d->why.alert = "peer-auth-failed";
	return without(d, m);
}

enum verdict ppk_ask(struct draft *d, const struct id *id, enum sa_state state)
{
	const struct sa_keys *k = &d->core.keys;
	size_t n = d->core.suite.prf->out;
	struct wr w = wr_of(arena_alloc(&d->keep, 3 * n), 3 * n);
	struct ike_question *q = draft_ask(d, ASK_PPK, state);

	wr_bytes(&w, bytes_of(k->d, n));
	wr_bytes(&w, bytes_of(k->pi, n));
	wr_bytes(&w, bytes_of(k->pr, n));
	d->hs.unmixed = wr_done(&w);
	q->prf = d->core.suite.prf;
	q->remote = id_copy(&d->keep, id);
	q->octets = d->hs.unmixed;
	return DRAFT_COMMIT;
}

/* SK_d | SK_pi | SK_pr. */
static void put_keys(struct sa_core *core, struct bytes from)
{
	size_t n = core->suite.prf->out;

	memcpy(core->keys.d, from.p, n);
	memcpy(core->keys.pi, from.p + n, n);
	memcpy(core->keys.pr, from.p + 2 * n, n);
}

bool ppk_mix(struct draft *d)
{
	if (d->answer->shared.n != 3u * d->core.suite.prf->out)
		return false;
	put_keys(&d->core, d->answer->shared);
	d->core.ppk = d->core.post_quantum = true;
	return true;
}

/* Keys that were mixed before are none that can be had back. */
static bool mixed_in_auth(const struct draft *d)
{
	return d->core.ppk && d->hs.unmixed.n;
}

void ppk_undo(struct draft *d)
{
	if (!mixed_in_auth(d))
		return;
	put_keys(&d->core, d->hs.unmixed);
	d->core.ppk = false;
	d->core.post_quantum = suite_post_quantum(&d->core.suite);
}

bool ppk_go_without(struct draft *d)
{
	d->why = d->answer->why;
	d->why.alert = "local-auth-failed";
	if (d->core.peer->ppk_required)
		return false;
	tell_log(d, "IKE", "%s: the keys are not mixed with it",
		d->why.what ? d->why.what : "the post-quantum preshared key could not be used");
	d->why = (struct why){ 0 };
	return true;
}

bool ppk_optional(const struct draft *d)
{
	return mixed_in_auth(d) && !d->core.peer->ppk_required;
}

void ppk_core_before(const struct draft *d, struct sa_core *out)
{
	*out = d->core;
	if (mixed_in_auth(d))
		put_keys(out, d->hs.unmixed);
}

void ppk_name(const struct draft *d, struct message *m)
{
	struct arena *a = d->step->scratch;

	if (!mixed_in_auth(d))
		return;
	if (!d->core.initiator) {
		message_add_notify(m, a, PPK_IDENTITY, (struct bytes){ 0 });
		return;
	}
	message_add_notify(m, a, PPK_IDENTITY, ppk_identity_put(d, &d->core.peer->ppk_id));
	if (d->hs.proof_plain.n)
		message_add_notify(m, a, NO_PPK_AUTH, d->hs.proof_plain);
}

bool ppk_answered(struct draft *d, const struct message *m)
{
	if (!mixed_in_auth(d) || message_notify(m, PPK_IDENTITY))
		return true;
	ppk_undo(d);
	if (!d->core.peer->ppk_required)
		return true;
	ppk_explain(d,
		arena_printf(d->step->scratch, "the peer does not have the post-quantum preshared key %s",
			id_print(&d->core.peer->ppk_id, d->step->scratch)),
		"ppk_required", "ppk_required = no, or that PPK at the peer");
	return false;
}
