/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Post-quantum preshared keys in IKE_INTERMEDIATE.
 *
 *   initiator                                     responder
 *   HDR, SAi1, KEi, Ni, N(USE_PPK_INT)  -->
 *                                       <--       HDR, SAr1, KEr, Nr, N(USE_PPK_INT)
 *   HDR, SK {[KEi(n),]
 *            N(PPK_IDENTITY_KEY), …}    -->
 *                                       <--       HDR, SK {[KEr(n),] [N(PPK_IDENTITY)]}
 *
 * Each PPK_IDENTITY_KEY has the name of a key and octets that only who has the key can make. A responder
 * without any of them leaves PPK_IDENTITY out.
 */
#include "ike/ppk_int.h"

#include "ike/keys.h"
#include "ike/ppk.h"

bool ppk_int_due(const struct draft *d)
{
	const struct early_ppk *e = &d->hs.early;

	return e->agreed && !e->over && !suite_more(&d->core.suite, d->hs.x.done + 1);
}

/* Asks for the octets that show that one has the key ID: of prf(PPK, Ni | Nr | SPIi | SPIr). */
static void ask_confirmation(
	struct draft *d, const struct id *id, const struct peer *user, enum sa_state state)
{
	size_t n = d->hs.x.nonce_i.n + d->hs.x.nonce_r.n + 16;
	struct wr w = wr_of(arena_alloc(d->step->scratch, n), n);
	struct ike_question *q = draft_ask(d, ASK_PPK_CONFIRM, state);

	wr_bytes(&w, d->hs.x.nonce_i);
	wr_bytes(&w, d->hs.x.nonce_r);
	wr_u64(&w, d->core.spi_i);
	wr_u64(&w, d->core.spi_r);
	q->peer = user;
	q->prf = d->core.suite.prf;
	q->remote = id_copy(d->step->scratch, id);
	q->octets = wr_done(&w);
}

static const char *name_of(const struct draft *d, const struct id *id)
{
	return id_print(id, d->step->scratch);
}

/* -------------------------------------------------------------------- initiator */

enum verdict ppk_int_prepare(struct draft *d)
{
	ask_confirmation(d, &d->core.peer->ppk_id, d->core.peer, S_I_PPK_CONFIRM);
	return DRAFT_COMMIT;
}

void ppk_int_prepared(struct draft *d)
{
	d->hs.early.confirmation = arena_bytes(&d->keep, d->answer->shared);
}

bool ppk_int_lacking(struct draft *d)
{
	d->hs.early.agreed = false;
	return ppk_go_without(d);
}

void ppk_int_name(struct draft *d, struct message *m)
{
	struct bytes confirmation = d->hs.early.confirmation, id = ppk_identity_put(d, &d->core.peer->ppk_id);
	size_t n = id.n + confirmation.n;
	struct wr w = wr_of(arena_alloc(d->step->scratch, n), n);

	wr_bytes(&w, id);
	wr_bytes(&w, confirmation);
	message_add_notify(m, d->step->scratch, PPK_IDENTITY_KEY, wr_done(&w));
}

bool ppk_int_answered(struct draft *d, const struct message *m)
{
	const struct wire_notify *n = message_notify(m, PPK_IDENTITY);
	const struct peer *p = d->core.peer;
	struct id id = ppk_identity(n ? n->data : (struct bytes){ 0 }, d->step->scratch);
	const char *lacks = arena_printf(d->step->scratch,
		"the peer does not have the post-quantum preshared key %s, or has another secret for it",
		name_of(d, &p->ppk_id));

	d->hs.early.over = true;
	if (n && !id_matches(&p->ppk_id, &id)) {
		ppk_explain(
			d, "the peer chose a post-quantum preshared key that was not named", "ppk_id", NULL);
		return false;
	}
	if (n) {
		d->hs.early.id = p->ppk_id;
		d->hs.early.user = p;
		return true;
	}
	if (!p->ppk_required) {
		tell_log(d, "IKE", "%s: the keys are not mixed with it", lacks);
		return true;
	}
	ppk_explain(d, lacks, "ppk_required", "ppk_required = no, or that PPK at the peer");
	return false;
}

/* -------------------------------------------------------------------- responder */

/* The first of the candidates that may use the key ID, or NULL. */
static const struct peer *user_of(const struct draft *d, const struct id *id)
{
	for (unsigned i = 0; i < d->hs.n_candidates; i++)
		if (!d->hs.candidates[i].excluded && ppk_serves(d->hs.candidates[i].peer, id))
			return d->hs.candidates[i].peer;
	return NULL;
}

static void missing(struct draft *d, const struct id *id, const char *how)
{
	d->hs.early.missing = arena_printf(
		&d->keep, "the peer uses the post-quantum preshared key %s, and %s", name_of(d, id), how);
}

static void read_offer(struct draft *d, struct bytes data)
{
	struct early_ppk *e = &d->hs.early;
	size_t n = data.n > PPK_CONFIRMATION ? data.n - PPK_CONFIRMATION : 0;
	struct id id = ppk_identity(bytes_of(data.p, n), &d->keep);
	const struct peer *user = user_of(d, &id);

	if (id.type == ID_ANY)
		return;
	if (user)
		e->offers[e->n_offers++] = (struct ppk_offer){
			.id = id,
			.user = user,
			.confirmation = arena_bytes(&d->keep, bytes_of(data.p + n, PPK_CONFIRMATION)),
		};
	else
		missing(d, &id, "no connection for it does");
}

void ppk_int_read(struct draft *d, const struct message *m)
{
	struct early_ppk *e = &d->hs.early;

	e->over = true;
	e->offers = ARENA_ARRAY(&d->keep, PPK_OFFERS_MAX, struct ppk_offer);
	for (unsigned i = 0, n = 0; i < m->n_notifies && n < PPK_OFFERS_MAX; i++)
		if (m->notifies[i].type == PPK_IDENTITY_KEY) {
			read_offer(d, m->notifies[i].data);
			n++;
		}
}

bool ppk_int_try(struct draft *d)
{
	struct early_ppk *e = &d->hs.early;
	const struct ppk_offer *o;

	if (e->at == e->n_offers)
		return false;
	o = &e->offers[e->at++];
	ask_confirmation(d, &o->id, o->user, S_R_PPK_CONFIRM);
	return true;
}

bool ppk_int_fits(struct draft *d)
{
	struct early_ppk *e = &d->hs.early;
	const struct ppk_offer *o = &e->offers[e->at - 1];

	if (d->answer->result)
		missing(d, &o->id, d->answer->why.what ? d->answer->why.what : "it could not be used");
	else if (!bytes_eq_secret(d->answer->shared, o->confirmation))
		missing(d, &o->id, "the secret of that name is another one here");
	else {
		e->id = o->id;
		e->user = o->user;
	}
	return e->id.type != ID_ANY;
}

static const char *why_missing(const struct draft *d)
{
	const char *missing = d->hs.early.missing;

	if (missing)
		return missing;
	return d->hs.early.agreed ? "the peer uses no post-quantum preshared key"
				  : "the peer does not mix a post-quantum preshared key in IKE_INTERMEDIATE "
				    "(it did not offer USE_PPK_INT)";
}

static void explain_missing(struct draft *d, const struct peer *p)
{
	ppk_explain_for(d, p, why_missing(d), "ppk_required", "ppk_required = no, or that PPK at both ends");
}

bool ppk_int_refused(struct draft *d)
{
	const struct peer *first = NULL;

	if (d->hs.early.id.type != ID_ANY)
		return false;
	for (unsigned i = 0; i < d->hs.n_candidates; i++) {
		const struct candidate *c = &d->hs.candidates[i];

		if (!c->excluded && !c->peer->ppk_required)
			return false;
		if (!c->excluded && !first)
			first = c->peer;
	}
	explain_missing(d, first);
	return true;
}

void ppk_int_choose(struct draft *d, struct message *m)
{
	const struct early_ppk *e = &d->hs.early;

	if (e->id.type != ID_ANY)
		message_add_notify(m, d->step->scratch, PPK_IDENTITY, ppk_identity_put(d, &e->id));
	else if (e->over)
		tell_log(d, "IKE", "%s: the keys are not mixed with one", why_missing(d));
}

bool ppk_int_suffices(const struct draft *d, const struct peer *p)
{
	const struct early_ppk *e = &d->hs.early;
	bool later = !e->agreed && p->ppk_exchange != PPK_IN_INTERMEDIATE;

	return !p->ppk_required || later || (d->core.ppk && ppk_serves(p, &e->id));
}

bool ppk_int_serves(struct draft *d)
{
	const struct peer *p = d->core.peer;

	if (ppk_int_suffices(d, p))
		return true;
	if (d->core.ppk)
		ppk_explain_other(d, &d->hs.early.id);
	else
		explain_missing(d, p);
	return false;
}

/* ------------------------------------------------------------------------- both */

bool ppk_int_found(const struct draft *d)
{
	return d->hs.early.id.type != ID_ANY && !d->core.ppk;
}

enum verdict ppk_int_ask(struct draft *d, const struct sa_keys *keys, enum sa_state state)
{
	struct ike_question *q = draft_ask(d, ASK_PPK, state);

	q->peer = d->hs.early.user;
	q->prf = d->core.suite.prf;
	q->remote = id_copy(d->step->scratch, &d->hs.early.id);
	q->octets = arena_bytes(d->step->scratch, bytes_of(keys->d, q->prf->out));
	return DRAFT_COMMIT;
}

bool ppk_int_mix(struct draft *d, struct sa_core *core)
{
	struct bytes seed = d->answer->shared;

	if (seed.n != core->suite.prf->out || keys_mixed(core, seed, d->hs.x.nonce_i, d->hs.x.nonce_r))
		return false;
	d->core.ppk = d->core.ppk_int = d->core.post_quantum = true;
	tell_log(d, "IKE", "the keys are mixed with the post-quantum preshared key %s before IKE_AUTH",
		name_of(d, &d->hs.early.id));
	return true;
}
