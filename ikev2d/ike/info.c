/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INFORMATIONAL, and how SAs end. */
#include "ike/info.h"

#include "ike/child.h"
#include "ike/collide.h"
#include "ike/crash.h"
#include "ike/life.h"
#include "ike/mobike.h"
#include "ike/proof.h"
#include "ike/redirect.h"
#include "ike/silence.h"
#include "ike/task.h"
#include "ike/ticket.h"

static void note_gone(struct negotiation *ours, uint32_t spi)
{
	if (ours->kind)
		ours->gone[ours->n_gone++ % ARRAY_SIZE(ours->gone)] = spi;
}

/* Our SPIs for those of the peer's that it deletes; a child that we are deleting too is not answered (1.4.1).
 */
static void delete_children(struct draft *d, const struct wire_delete *del, struct message *answer)
{
	uint32_t *ours = ARENA_ARRAY(d->step->scratch, del->n, uint32_t);
	unsigned n = 0;

	for (unsigned i = 0; i < del->n; i++) {
		struct child *c = child_by_spi(d->sa, del->spis[i], false);

		if (c && c->suite.protocol != del->protocol)
			continue;
		if (!c)
			note_gone(&d->ours, del->spis[i]);
		if (!c || draft_removes(d, c))
			continue;
		if (collide(d, THEIRS_DELETE_CHILD, c) != RULE_SILENT)
			ours[n++] = c->spi_in;
		tell_log(d, "CHD", "peer closes CHILD_SA %s", c->conf->name);
		if (d->ours.kind && d->ours.made == c->id) {
			draft_forget(&d->ours);
			d->task_end = TASK_OVER;
		}
		/* Their rival of ours has come to nothing. */
		if (d->ours.kind == N_REKEY_CHILD && c->replaces == d->ours.old && !c->successor)
			d->ours.rival_nonce = (struct bytes){ 0 };
		draft_edit(d, CHILD_REMOVED, c, c->state)->by_peer = c->state != CHILD_DELETING;
	}
	if (n)
		message_add_delete(answer, d->step->scratch, del->protocol, ours, n);
}

/* The peer says that it has no SA for what we send on a child. That is asked for in a rekeying, and if it is
 * so a new one is made (1.5, 2.25). */
static void check_child(struct draft *d, const struct wire_notify *n)
{
	struct rd r = rd_of(n->data);
	const struct child *c = child_by_spi(d->sa, rd_u32(&r), false);

	if (rd_done(&r) && c && c->state == CHILD_INSTALLED && !c->successor && !c->redundant)
		task_add(d->sa, TASK_REKEY_CHILD, c);
}

/* FAILED: with the notify that says that we are not who we say. */
static void explain_delete(struct draft *d, bool failed)
{
	if (!failed) {
		tell_log(d, "IKE", "peer deletes the IKE_SA");
		return;
	}
	d->why = (struct why){
		.what = "the peer could not authenticate us and deletes the IKE_SA",
		.notify = notify_name(AUTHENTICATION_FAILED),
	};
	proof_doubted(d, &d->sa->local_id);
}

enum verdict info_request(struct draft *d)
{
	const struct message *m = d->message;
	const struct wire_notify *failed = message_notify(m, AUTHENTICATION_FAILED);
	struct message answer = { 0 };
	bool end = failed;

	for (unsigned i = 0; i < m->n_deletes; i++) {
		if (m->deletes[i].protocol == PROTO_IKE)
			end = true;
		else
			delete_children(d, &m->deletes[i], &answer);
	}
	if (message_notify(m, AUTH_LIFETIME) && d->core.state == S_UP)
		life_authenticated(d, message_notify(m, AUTH_LIFETIME)->data);
	crash_token_keep(&d->core, crash_token(m));
	if (!end && message_notify(m, REDIRECT))
		redirect_at_will(d, message_notify(m, REDIRECT)->data);
	if (!end && message_notify(m, INVALID_SPI))
		check_child(d, message_notify(m, INVALID_SPI));
	if (!end) {
		if (message_notify(m, TICKET_REQUEST))
			ticket_grant(d, &d->core, &answer, &d->ticket);
		mobike_answer(d, &answer);
		draft_respond(d, INFORMATIONAL, &answer);
		return DRAFT_COMMIT;
	}
	answer = (struct message){ 0 };
	ticket_drop(d->step->ike, d->sa);
	draft_respond(d, INFORMATIONAL, &answer);
	explain_delete(d, failed);
	if (d->core.state == S_UP)
		d->core.ending = END_BY_PEER;
	return draft_end(d, 0);
}

enum verdict info_response(struct draft *d)
{
	const struct task *t = d->sa->task;
	struct child *c = t && t->kind == TASK_DELETE_CHILD ? child_find(d->step->ike, t->child) : NULL;

	if (c && c->sa == d->sa)
		draft_edit(d, CHILD_REMOVED, c, c->state);
	if (t && t->kind == TASK_REDIRECT)
		redirect_taken(d);
	if (t && t->kind == TASK_TICKET)
		ticket_renewed(d, d->message);
	d->task_end = TASK_OVER;
	return t ? mobike_answered(d, t) : DRAFT_COMMIT;
}

enum verdict info_deleted(struct draft *d)
{
	return draft_end(d, 0);
}

enum verdict end_unanswered(struct draft *d)
{
	if (d->core.state == S_UP)
		d->core.ending = END_BY_DEATH;
	silence_explain(d->sa, d->step->scratch, &d->why);
	return draft_end(d, 0);
}

enum verdict end_half_open(struct draft *d)
{
	/* Or it waits for what we have to ask somebody else for. */
	if (d->core.keyed && !d->sa->window.response) {
		d->why = (struct why){
			.what = "the peer could not be let in in time: the answer that takes did not come",
			.notify = "AUTHENTICATION_FAILED",
			.alert = "half-open-timeout",
		};
		return draft_end(d, AUTHENTICATION_FAILED);
	}
	tell_log(d, "IKE", "the peer did not go on after IKE_SA_INIT: half-open IKE_SA dropped")->alert =
		"half-open-timeout";
	return draft_end(d, 0);
}

/* The peer had time enough to delete the IKE_SA that was replaced. */
enum verdict end_rekeyed(struct draft *d)
{
	d->core.state = S_UP;
	d->core.deadline = 0;
	d->delete_ike = true;
	return DRAFT_COMMIT;
}

enum verdict end_lingering(struct draft *d)
{
	d->core.state = S_DEAD;
	return DRAFT_COMMIT;
}

enum verdict end_failed(struct draft *d)
{
	d->why = d->answer->why;
	d->why.alert = d->core.state == S_I_ROUTE   ? "peer-addr-failed"
		       : d->core.state == S_I_PROOF ? "local-auth-failed"
						    : NULL;
	if (!d->why.what)
		d->why.what = arena_printf(d->step->scratch, "connection %s: %s", d->core.peer->name,
			d->answer->result == ERR_BUSY
				? "a part of the daemon did not answer in time; see its log"
				: "the peer's key exchange value is not valid");
	return draft_end(d, 0);
}
