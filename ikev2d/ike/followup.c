/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_FOLLOWUP_KE (RFC 9370, 2.2.4).
 *
 *   who asks                                      who answers
 *   HDR, SK {SA, Ni, KEi, …}            -->
 *                                       <--       HDR, SK {SA, Nr, KEr, …,
 *                                                 N(ADDITIONAL_KEY_EXCHANGE)(link1)}
 *   HDR, SK {KEi(1), N(ADDITIONAL_KEY_EXCHANGE)(link1)} -->
 *                                       <--       HDR, SK {KEr(1),
 *                                                 N(ADDITIONAL_KEY_EXCHANGE)(link2)}
 *   HDR, SK {KEi(2), N(ADDITIONAL_KEY_EXCHANGE)(link2)} -->
 *                                       <--       HDR, SK {KEr(2)}
 *
 * Who answers may forget it in between, and says STATE_NOT_FOUND then: who asked begins anew. */
#include "ike/followup.h"

#include "ike/child.h"
#include "ike/collide.h"
#include "ike/crash.h"
#include "ike/create.h"
#include "ike/negotiate.h"
#include "ike/rekey.h"

void followup_keep(struct negotiation *x, struct bytes shared, struct arena *keep)
{
	size_t n = x->more.n + shared.n;
	struct wr w;

	if (!x->shared.n) {
		x->shared = arena_bytes(keep, shared);
		return;
	}
	w = wr_of(arena_alloc(keep, n), n);
	wr_bytes(&w, x->more);
	wr_bytes(&w, shared);
	x->more = wr_done(&w);
	x->done++;
}

bool followup_next(struct negotiation *x)
{
	const struct transform *next = suite_more(&x->suite, x->done);

	if (next)
		x->ke = next;
	return next;
}

struct message followup_message(const struct negotiation *x)
{
	struct message m = { 0 };

	create_put_ke(x, &m);
	return m;
}

static void add_link(struct draft *d, const struct negotiation *x, struct message *m)
{
	message_add_notify(m, d->step->scratch, ADDITIONAL_KEY_EXCHANGE, x->link);
}

/* -------------------------------------------------------------------- ours */

bool followup_linked(struct draft *d)
{
	struct negotiation *x = &d->ours;
	const struct wire_notify *n = message_notify(d->message, ADDITIONAL_KEY_EXCHANGE);
	unsigned over = x->done + (d->message->header.exchange == IKE_FOLLOWUP_KE);

	if (!suite_more(&x->suite, over))
		return true;
	if (n)
		x->link = arena_bytes(&d->keep_ours, n->data);
	else
		d->why.what =
			"the peer agreed on additional key exchanges, and did not say how they are to follow "
			"(ADDITIONAL_KEY_EXCHANGE)";
	return n;
}

enum verdict followup_send(struct draft *d)
{
	struct negotiation *x = &d->ours;
	struct message m = followup_message(x);

	add_link(d, x, &m);
	x->state = N_SENT;
	x->ask = 0;
	draft_request(d, IKE_FOLLOWUP_KE, d->sa->window.next, &m);
	return DRAFT_COMMIT;
}

bool followup_lost(const struct negotiation *x)
{
	return suite_more(&x->suite, 0) && x->rival_nonce.n && contest_lost(x);
}

enum verdict followup_yield(struct draft *d)
{
	d->theirs.yielded = d->theirs.kind == N_REKEY_CHILD && d->theirs.old == d->ours.old;
	draft_forget(&d->ours);
	d->task_end = TASK_OVER;
	return DRAFT_COMMIT;
}

void followup_won(struct draft *d)
{
	if (d->theirs.state == N_AWAIT)
		draft_forget(&d->theirs);
}

static enum verdict failed(struct draft *d)
{
	return d->ours.kind == N_REKEY_IKE ? rekey_failed(d) : create_failed(d);
}

enum verdict followup_response(struct draft *d)
{
	struct negotiation *x = &d->ours;
	struct ike_question *q;

	if (!x->kind || x->state != N_SENT || !x->shared.n)
		return draft_drop(d, DROP_STATE);
	if (d->message->ke.group != x->ke->id) {
		d->why.what = "the peer answered with another additional key exchange than was sent";
		return failed(d);
	}
	if (!followup_linked(d))
		return failed(d);
	x->token = arena_bytes(&d->keep_ours, crash_token(d->message));
	q = draft_ask_for(d, x, ASK_AGREE, N_AGREE);
	q->secret = x->secret;
	q->peer_public = d->message->ke.data;
	return DRAFT_COMMIT;
}

enum verdict followup_refusal(struct draft *d)
{
	struct negotiation *x = &d->ours;
	const struct wire_notify *n = message_error(d->message);
	bool soon = n->type == STATE_NOT_FOUND || n->type == TEMPORARY_FAILURE;
	uint64_t delay = soon ? BUSY_TIME : REFUSED_TIME;

	if (!x->kind || x->state != N_SENT || !x->shared.n)
		return draft_drop(d, DROP_STATE);
	if (!soon) {
		d->why.what = arena_printf(d->step->scratch,
			"the peer refused the additional key exchange %s with %s", x->ke->word,
			notify_name(n->type));
		d->why.notify = notify_name(n->type);
		tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	}
	return x->kind == N_REKEY_IKE ? rekey_give_up(d, delay) : create_again(d, delay);
}

/* ------------------------------------------------------------------ theirs */

enum verdict followup_await(struct draft *d)
{
	struct negotiation *x = &d->theirs;
	uint8_t *link = arena_alloc(&d->keep_theirs, LINK_OCTETS);
	struct message m = { .has = PAYLOAD_BIT(PAYLOAD_NONCE), .nonce = x->nonce_r };

	rng_fill(d->step->rng, link, LINK_OCTETS);
	x->link = bytes_of(link, LINK_OCTETS);
	if (x->exchange == IKE_FOLLOWUP_KE)
		m = followup_message(x);
	else if (x->kind == N_REKEY_IKE)
		m = rekey_answer(d);
	else {
		create_put_ke(x, &m);
		negotiate_answer(d, x, &m);
	}
	add_link(d, x, &m);
	draft_respond(d, x->exchange, &m);
	x->ke = suite_more(&x->suite, x->done);
	x->state = N_AWAIT;
	x->ask_deadline = d->step->now + FOLLOWUP_TIME;
	return DRAFT_COMMIT;
}

void followup_missed(struct draft *d)
{
	tell_log(d, "IKE", "the peer began to agree on keys and did not go on: that is forgotten");
	create_withdraw(d);
}

enum verdict followup_request(struct draft *d)
{
	const struct message *m = d->message;
	const struct wire_notify *n = message_notify(m, ADDITIONAL_KEY_EXCHANGE);
	struct negotiation *x = &d->theirs;

	if (!x->kind || x->state != N_AWAIT || !n || !bytes_eq(n->data, x->link))
		return draft_refuse(d, STATE_NOT_FOUND, (struct bytes){ 0 });
	if (m->ke.group != x->ke->id) {
		d->why.what = "the peer sent another additional key exchange than was agreed on";
		d->why.notify = notify_name(INVALID_SYNTAX);
		return draft_end(d, INVALID_SYNTAX);
	}
	x->exchange = IKE_FOLLOWUP_KE;
	draft_ask_for(d, x, ASK_RESPOND, N_RESPOND)->peer_public = m->ke.data;
	return DRAFT_COMMIT;
}
