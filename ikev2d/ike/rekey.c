/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rekeying of IKE_SAs.
 *
 *   who asks                                      who answers
 *   HDR, SK {SA, Ni, KEi}               -->
 *                                       <--       HDR, SK {SA, Nr, KEr}
 *
 * Who asked deletes the old IKE_SA. When both ask at once, each makes two new ones; the one with the lowest
 * of the four nonces is deleted by whoever asked for it, and the children stay with the old one until it is
 * clear which that is. */
#include "ike/rekey.h"

#include "ike/collide.h"
#include "ike/conf.h"
#include "ike/crash.h"
#include "ike/create.h"
#include "ike/followup.h"
#include "ike/keys.h"
#include "ike/ticket.h"

enum { IKE_SPI = 8 };

static struct bytes ike_spi_bytes(struct arena *arena, uint64_t spi)
{
	struct wr w = wr_of(arena_alloc(arena, IKE_SPI), IKE_SPI);

	wr_u64(&w, spi);
	return wr_done(&w);
}

static uint64_t ike_spi_value(struct bytes b)
{
	struct rd r = rd_of(b);

	return b.n == IKE_SPI ? rd_u64(&r) : 0;
}

/* A whole copy: the configuration may be another one when the answer comes. */
static struct proposals with_spi(struct proposals p, uint64_t spi, struct arena *arena)
{
	struct proposal *v = ARENA_ARRAY(arena, p.n, struct proposal);

	for (unsigned i = 0; i < p.n; i++) {
		v[i] = p.v[i];
		v[i].v = (const struct xform *)arena_bytes(
			arena, bytes_of(p.v[i].v, p.v[i].n * sizeof *p.v[i].v))
				 .p;
		v[i].spi = ike_spi_bytes(arena, spi);
	}
	return (struct proposals){ v, p.n };
}

/* The IKE_SA that X has agreed on. False when its keys cannot be made. */
static bool heir_new(struct draft *d, const struct negotiation *x, bool initiator)
{
	const struct secrets secrets = { x->shared, x->more };
	const struct sa_core *old = &d->core;
	struct heir *h = ARENA_NEW(d->step->scratch, struct heir);

	h->core = (struct sa_core){
		.state = S_UP,
		.initiator = initiator,
		.began = old->began,
		.login = old->login,
		.idle = old->idle,
		.spi_i = initiator ? x->ike_spi : x->ike_spi_peer,
		.spi_r = initiator ? x->ike_spi_peer : x->ike_spi,
		.path = old->path,
		.hosts = old->hosts,
		.peer = peer_now(d->step->ike, old->peer),
		.suite = x->suite,
		.nat_local = old->nat_local,
		.nat_remote = old->nat_remote,
		.nat_fake = old->nat_fake,
		.encap = old->encap,
		.ppk = old->ppk,
		.ppk_int = old->ppk_int,
		.post_quantum = old->post_quantum || suite_post_quantum(&x->suite),
		.strongswan = old->strongswan,
		.fragments = old->fragments,
		.fragment_size = old->fragment_size,
		.fragment_until = old->fragment_until,
		.mobike = old->mobike,
		.redirectable = old->redirectable,
		.last_in = d->step->now,
		.predecessor = d->sa->spi,
		.if_id_in = old->if_id_in,
		.if_id_out = old->if_id_out,
	};
	h->core.mobike.ask = 0;
	d->heir = h;
	return !keys_rekey(&h->core, old, &secrets, x->nonce_i, x->nonce_r);
}

/* The peer deletes the old IKE_SA; we do if it does not. */
static void await_delete(struct draft *d)
{
	d->core.state = S_REKEYED;
	d->core.deadline = d->step->now + REKEYED_TIME;
	/* When it is to be authenticated anew is for who adopts its children. */
	d->core.rekey_due = d->core.life_end = d->core.dpd_due = 0;
}

/* -------------------------------------------------------------------- ours */

/* The method in use, if it is still configured: the peer is known to have it. */
static const struct transform *ke_of(const struct sa_core *core, struct proposals p)
{
	const struct transform *first = NULL;

	for (unsigned i = 0; i < p.n; i++)
		for (unsigned k = 0; k < p.v[i].n; k++) {
			const struct xform *t = &p.v[i].v[k];

			if (t->type != TRANSFORM_KE)
				continue;
			if (t->id == core->suite.ke->id)
				return core->suite.ke;
			first = first ? first : transform_find(TRANSFORM_KE, t->id, 0);
		}
	return first;
}

void rekey_begin(struct draft *d)
{
	struct negotiation *x = &d->ours;
	const struct peer *p = peer_now(d->step->ike, d->core.peer);

	x->kind = N_REKEY_IKE;
	x->ike_spi = spi_new(d);
	x->offered = with_spi(p->ike, x->ike_spi, &d->keep_ours);
	x->ke = ke_of(&d->core, p->ike);
	x->nonce_i = nonce_new(d, &d->keep_ours);
	tell_log(d, "IKE", "rekeying IKE_SA %s", p->name);
	create_ask_key_pair(d);
}

enum verdict rekey_send(struct draft *d)
{
	struct negotiation *x = &d->ours;
	struct message m = {
		.has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_NONCE) | PAYLOAD_BIT(PAYLOAD_KE),
		.sa = x->offered,
		.nonce = x->nonce_i,
		.ke = { x->ke->id, x->public },
	};

	x->state = N_SENT;
	x->ask = 0;
	x->rounds++;
	draft_request(d, CREATE_CHILD_SA, d->sa->window.next, &m);
	return DRAFT_COMMIT;
}

/* What they make in place of the same IKE_SA: nothing, or nobody knows it any more; it lives; it was deleted
 * again.
 */
enum rival { RIVAL_NONE, RIVAL_LIVES, RIVAL_DELETED };

static enum rival rival_of(const struct draft *d)
{
	uint64_t spi = d->ours.rival_spi;
	const struct sa *made = map_get(&d->step->ike->sas, spi);

	if (d->theirs.kind == N_REKEY_IKE && d->theirs.ike_spi == spi)
		return RIVAL_LIVES;
	if (!made)
		return RIVAL_NONE;
	return made->core.state == S_UP ? RIVAL_LIVES : RIVAL_DELETED;
}

enum verdict rekey_give_up(struct draft *d, uint64_t delay)
{
	uint64_t rival = d->ours.rival_spi;

	if (rival_of(d) != RIVAL_LIVES)
		return create_again(d, delay);
	draft_forget(&d->ours);
	d->task_end = TASK_OVER;
	d->adopter = rival;
	await_delete(d);
	return DRAFT_COMMIT;
}

/* The peer has made one that we cannot have: without its keys we cannot even have it deleted, and the peer
 * moves the children there. RFC 7296 leaves it at that; they would go when the peer notices, minutes later.
 * So the one we have is closed as if the peer were dead, and what is configured for that brings the tunnel
 * back now: our INITIAL_CONTACT clears what the peer has made. */
enum verdict rekey_failed(struct draft *d)
{
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	if (rival_of(d) == RIVAL_LIVES)
		return rekey_give_up(d, REFUSED_TIME);
	draft_forget(&d->ours);
	d->task_end = TASK_FAILED;
	d->core.ending = END_BY_DEATH;
	d->delete_ike = true;
	return DRAFT_COMMIT;
}

static enum verdict refuse_choice(struct draft *d)
{
	d->why.what = "the peer chose an IKE proposal that was not offered";
	d->why.alert = "proposal-mismatch-ike";
	d->why.offered = proposals_print(d->message->sa, d->step->scratch);
	d->why.configured = proposals_print(d->ours.offered, d->step->scratch);
	return rekey_failed(d);
}

enum verdict rekey_response(struct draft *d)
{
	const struct message *m = d->message;
	struct negotiation *x = &d->ours;
	struct ike_question *q;

	if (m->sa.n != 1 || m->has & PAYLOAD_BIT(PAYLOAD_TSI) ||
		proposal_accept(&m->sa.v[0], x->offered, KE_WANTED, &x->suite) ||
		!(x->ike_spi_peer = ike_spi_value(m->sa.v[0].spi)) || x->suite.ke != x->ke ||
		m->ke.group != x->ke->id)
		return refuse_choice(d);
	x->nonce_r = arena_bytes(&d->keep_ours, m->nonce);
	x->token = arena_bytes(&d->keep_ours, crash_token(m));
	if (followup_lost(x) && rival_of(d) == RIVAL_LIVES)
		return rekey_give_up(d, REFUSED_TIME);
	if (!followup_linked(d))
		return rekey_failed(d);
	q = draft_ask_for(d, x, ASK_AGREE, N_AGREE);
	q->secret = x->secret;
	q->peer_public = m->ke.data;
	return DRAFT_COMMIT;
}

enum verdict rekey_agreed(struct draft *d)
{
	struct negotiation *x = &d->ours;
	enum rival rival = rival_of(d);
	bool lost = rival != RIVAL_NONE && contest_lost(x);

	if (!heir_new(d, x, true)) {
		d->heir = NULL;
		d->why.what = "the keys of the new IKE_SA could not be made";
		return rekey_failed(d);
	}
	crash_token_keep(&d->heir->core, x->token);
	d->heir->redundant = lost;
	if (lost && rival == RIVAL_LIVES) {
		d->adopter = x->rival_spi;
		await_delete(d);
	} else {
		d->adopter = lost ? 0 : x->ike_spi;
		d->delete_ike = true;
		followup_won(d);
	}
	/* The peer had moved the children to the one that has won, and has deleted it with them. */
	if (lost && rival == RIVAL_DELETED)
		d->core.ending = END_BY_PEER;
	draft_forget(x);
	d->task_end = TASK_OVER;
	return DRAFT_COMMIT;
}

enum verdict rekey_refusal(struct draft *d)
{
	const struct wire_notify *n = message_error(d->message);

	if (n->type == INVALID_KE_PAYLOAD && create_other_group(d, n, d->ours.offered))
		return DRAFT_COMMIT;
	if (n->type == TEMPORARY_FAILURE)
		return rekey_give_up(d, BUSY_TIME);
	d->why = (struct why){
		.what = arena_printf(d->step->scratch, "the peer refused to rekey the IKE_SA of %s with %s",
			d->core.peer->name, notify_name(n->type)),
		.configured = proposals_print(d->ours.offered, d->step->scratch),
		.where = source_print(&d->core.peer->at, "proposals", d->step->scratch),
		.notify = notify_name(n->type),
		.alert = n->type == NO_PROPOSAL_CHOSEN ? "proposal-mismatch-ike" : NULL,
	};
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	/* Some peers make a new one from the start only (1.3); who began this one can have that. */
	if (n->type == NO_ADDITIONAL_SAS && d->core.began && rival_of(d) != RIVAL_LIVES) {
		d->wish = WISH_REAUTH;
		draft_forget(&d->ours);
		d->task_end = TASK_OVER;
		return DRAFT_COMMIT;
	}
	return rekey_give_up(d, REFUSED_TIME);
}

/* ------------------------------------------------------------------ theirs */

static void explain_proposal(struct draft *d, const struct peer *p)
{
	struct arena *a = d->step->scratch;
	struct proposal_why w = proposal_explain(d->message->sa, p->ike, KE_WANTED, a);

	d->why = (struct why){
		.what = arena_printf(
			a, "no IKE proposal of the peer for a rekeying is allowed by connection %s", p->name),
		.offered = proposals_print(d->message->sa, a),
		.configured = proposals_print(p->ike, a),
		.differs = w.differs,
		.where = source_print(&p->at, "proposals", a),
		.instead = w.instead ? arena_printf(a, "proposals = %s", w.instead) : NULL,
		.notify = "NO_PROPOSAL_CHOSEN",
		.alert = "proposal-mismatch-ike",
	};
}

enum verdict rekey_request(struct draft *d)
{
	const struct message *m = d->message;
	const struct peer *p = peer_now(d->step->ike, d->core.peer);
	enum rule rule = collide(d, THEIRS_REKEY_IKE, NULL);
	struct negotiation *x = &d->theirs;
	const struct proposal *chosen;

	x->kind = N_REKEY_IKE;
	if (rule == RULE_BUSY)
		return draft_refuse(d, TEMPORARY_FAILURE, (struct bytes){ 0 });
	if (rule == RULE_GIVE_WAY)
		create_again(d, BUSY_TIME);
	if (proposal_select(m->sa, p->ike, KE_WANTED, false, &x->suite, &chosen) ||
		!(x->ike_spi_peer = ike_spi_value(chosen->spi))) {
		explain_proposal(d, p);
		return draft_refuse(d, NO_PROPOSAL_CHOSEN, (struct bytes){ 0 });
	}
	x->proposal = chosen->num;
	x->ke = x->suite.ke;
	x->ike_spi = spi_new(d);
	x->nonce_i = arena_bytes(&d->keep_theirs, m->nonce);
	x->nonce_r = nonce_new(d, &d->keep_theirs);
	x->ticket_asked = message_notify(m, TICKET_REQUEST);
	if (rule == RULE_CONTEST) {
		contest_note(d, x);
		d->ours.rival_spi = x->ike_spi;
	}
	return create_ask_respond(d);
}

struct message rekey_answer(const struct draft *d)
{
	struct arena *a = d->step->scratch;
	const struct negotiation *x = &d->theirs;

	return (struct message){
		.has = PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_NONCE) | PAYLOAD_BIT(PAYLOAD_KE),
		.sa = { proposal_of(&x->suite, PROTO_IKE, x->proposal, ike_spi_bytes(a, x->ike_spi), a), 1 },
		.nonce = x->nonce_r,
		.ke = { x->ke->id, x->public },
	};
}

enum verdict rekey_responded(struct draft *d)
{
	struct negotiation *x = &d->theirs;
	struct message m = x->exchange == IKE_FOLLOWUP_KE ? followup_message(x) : rekey_answer(d);

	if (!heir_new(d, x, false)) {
		d->heir = NULL;
		return create_refuse_later(d, TEMPORARY_FAILURE);
	}
	crash_token_put(d->step, &d->heir->core, &m);
	if (x->ticket_asked)
		ticket_grant(d, &d->heir->core, &m, &d->heir->ticket);
	draft_respond(d, x->exchange, &m);
	/* While ours is under way nobody knows yet which of the two stays. */
	if (d->ours.kind != N_REKEY_IKE) {
		d->adopter = x->ike_spi;
		await_delete(d);
	}
	draft_forget(x);
	return DRAFT_COMMIT;
}
