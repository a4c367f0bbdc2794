/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CREATE_CHILD_SA (RFC 7296, 1.3.1, 1.3.3).
 *
 *   who asks                                      who answers
 *   HDR, SK {[N(REKEY_SA),] SA, Ni,
 *            [KEi,] TSi, TSr}           -->
 *                                       <--       HDR, SK {SA, Nr, [KEr,] TSi, TSr}
 *                                       <--  or   HDR, SK {N(error)}
 *
 * The child's key exchange, if it has one, is asked for before and after; its installation before we answer.
 */
#include "ike/create.h"

#include "ike/child.h"
#include "ike/collide.h"
#include "ike/conf.h"
#include "ike/followup.h"
#include "ike/negotiate.h"
#include "ike/rekey.h"
#include "ike/resource.h"
#include "ike/task.h"

/* ------------------------------------------------------------------ shared */

enum verdict create_ask_key_pair(struct draft *d)
{
	draft_ask_for(d, &d->ours, ASK_KEY_PAIR, N_KEY_PAIR);
	return DRAFT_COMMIT;
}

bool create_other_group(struct draft *d, const struct wire_notify *n, struct proposals offered)
{
	struct negotiation *x = &d->ours;
	uint16_t group = n->data.n == 2 ? (uint16_t)(n->data.p[0] << 8 | n->data.p[1]) : 0;

	if (!x->ke || group == x->ke->id || !proposals_have(offered, TRANSFORM_KE, group) ||
		x->rounds >= INIT_ROUNDS_MAX)
		return false;
	x->ke = transform_find(TRANSFORM_KE, group, 0);
	tell_log(d, "IKE", "peer wants key exchange %s: asking again with it", x->ke->name);
	create_ask_key_pair(d);
	return true;
}

enum verdict create_ask_respond(struct draft *d)
{
	const struct message *m = d->message;
	struct negotiation *x = &d->theirs;
	uint8_t *group;

	if (m->has & PAYLOAD_BIT(PAYLOAD_KE) && m->ke.group == x->ke->id) {
		draft_ask_for(d, x, ASK_RESPOND, N_RESPOND)->peer_public = m->ke.data;
		return DRAFT_COMMIT;
	}
	group = arena_alloc(d->step->scratch, 2);
	group[0] = (uint8_t)(x->ke->id >> 8);
	group[1] = (uint8_t)x->ke->id;
	return draft_refuse(d, INVALID_KE_PAYLOAD, bytes_of(group, 2));
}

void create_put_ke(const struct negotiation *x, struct message *m)
{
	if (!x->ke)
		return;
	m->has |= PAYLOAD_BIT(PAYLOAD_KE);
	m->ke = (struct wire_ke){ x->ke->id, x->public };
}

enum verdict create_again(struct draft *d, uint64_t delay)
{
	draft_forget(&d->ours);
	d->task_end = TASK_AGAIN;
	d->task_delay = delay + rng_below(d->step->rng, (uint32_t)delay);
	return DRAFT_COMMIT;
}

/* What they began contests nothing any more. */
void create_withdraw(struct draft *d)
{
	struct negotiation *x = &d->theirs;
	struct child *old = x->kind == N_REKEY_CHILD && x->yielded ? child_find(d->step->ike, x->old) : NULL;

	if (x->kind == N_REKEY_IKE || d->ours.old == x->old) {
		d->ours.rival_nonce = (struct bytes){ 0 };
		d->ours.rival_spi = 0;
	}
	if (old && old->sa == d->sa)
		draft_edit(d, CHILD_OUTDATED, old, old->state);
	if (x->kind == N_REKEY_IKE && d->core.state == S_REKEYED) {
		d->core.state = S_UP;
		d->core.deadline = 0;
		d->core.rekey_due = d->step->now + REFUSED_TIME;
	}
	draft_forget(x);
}

enum verdict create_refuse_later(struct draft *d, uint16_t notify)
{
	struct message m = { 0 };

	uint8_t exchange = d->theirs.exchange;

	create_withdraw(d);
	message_add_notify(&m, d->step->scratch, notify, (struct bytes){ 0 });
	draft_respond(d, exchange, &m);
	return DRAFT_COMMIT;
}

/* -------------------------------------------------------------------- ours */

static const struct child *old_child(const struct draft *d, const struct negotiation *x)
{
	return child_find(d->step->ike, x->old);
}

static bool still_there(const struct child *c, const struct sa *sa)
{
	return c && c->sa == sa && c->state == CHILD_INSTALLED;
}

/* Whether there is a child already that does what X, which nobody has seen yet, is for: the peer has just
 * made it. */
static bool is_met(const struct draft *d, const struct negotiation *x)
{
	if (x->kind != N_CREATE || x->rounds)
		return false;
	list_each (n, &d->sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (still_there(c, d->sa) && !c->redundant && c->resource == x->resource &&
			child_conf_same(c->conf, x->child) && tss_contain(c->local_ts, x->packet_local) &&
			tss_contain(c->remote_ts, x->packet_remote))
			return true;
	}
	return false;
}

static enum verdict give_up_met(struct draft *d)
{
	tell_log(d, "CHD", "the peer has established CHILD_SA %s meanwhile", d->ours.child->name);
	draft_forget(&d->ours);
	d->task_end = TASK_MET;
	return DRAFT_COMMIT;
}

static enum verdict send_request(struct draft *d)
{
	struct negotiation *x = &d->ours;
	struct message m = { .has = PAYLOAD_BIT(PAYLOAD_NONCE), .nonce = x->nonce_i };
	const struct child *old = old_child(d, x);
	struct wire_notify *n;

	if ((x->kind == N_REKEY_CHILD && !old) || (x->resource && !resource_general(d->sa, x->child))) {
		draft_forget(x);
		d->task_end = TASK_OVER;
		return DRAFT_COMMIT;
	}
	if (is_met(d, x))
		return give_up_met(d);
	negotiate_offer(d, x, &d->keep_ours, &m);
	create_put_ke(x, &m);
	if (old) {
		n = message_add_notify(&m, d->step->scratch, REKEY_SA, (struct bytes){ 0 });
		n->protocol = old->suite.protocol;
		n->spi = spi_bytes(d->step->scratch, old->spi_in);
	}
	x->state = N_SENT;
	x->ask = 0;
	x->rounds++;
	draft_request(d, CREATE_CHILD_SA, d->sa->window.next, &m);
	return DRAFT_COMMIT;
}

/* Whether a child still wants to be rekeyed. */
static bool wants_rekey(const struct child *c, const struct sa *sa)
{
	return c && c->sa == sa && c->state == CHILD_INSTALLED && !c->successor;
}

bool create_begin(struct draft *d, const struct task *t)
{
	struct negotiation *x = &d->ours;
	const struct child *old = child_find(d->step->ike, t->child);

	if (t->kind == TASK_REKEY_CHILD && !wants_rekey(old, d->sa))
		return false;
	if (t->resource && !resource_wanted(d->step->ike, d->sa, t->conf, t->resource))
		return false;
	x->resource = t->resource;
	x->kind = t->kind == TASK_REKEY_CHILD ? N_REKEY_CHILD : N_CREATE;
	x->old = t->child;
	x->child = child_conf_now(d->step->ike, x->kind == N_REKEY_CHILD ? old->conf : t->conf);
	x->packet_local = tss_copy(&d->keep_ours, t->packet_local);
	x->packet_remote = tss_copy(&d->keep_ours, t->packet_remote);
	x->ke = proposals_ke(x->child->offers);
	x->nonce_i = nonce_new(d, &d->keep_ours);
	tell_log(d, "CHD", "%s CHILD_SA %s", x->kind == N_REKEY_CHILD ? "rekeying" : "establishing",
		x->child->name);
	if (x->ke)
		create_ask_key_pair(d);
	else
		send_request(d);
	return true;
}

/* Where the choice itself is not to be understood, the first that was offered. */
static uint8_t chosen_protocol(const struct negotiation *x)
{
	return x->suite.protocol ? x->suite.protocol : x->offered.v[0].protocol;
}

/* The peer has made a child that we do not take: it is told to forget it. A rekeying is tried again. */
enum verdict create_failed(struct draft *d)
{
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	d->delete_spi = d->ours.spi;
	d->delete_protocol = chosen_protocol(&d->ours);
	if (d->ours.kind == N_REKEY_CHILD)
		return create_again(d, REFUSED_TIME);
	draft_forget(&d->ours);
	d->task_end = TASK_FAILED;
	return DRAFT_COMMIT;
}

static bool is_gone(const struct negotiation *x)
{
	for (unsigned i = 0; i < ARRAY_SIZE(x->gone); i++)
		if (x->gone[i] && x->gone[i] == x->spi_out)
			return true;
	return false;
}

/* The peer made the child, and deleted it before we heard of it: its answer was late. */
static enum verdict gone_already(struct draft *d)
{
	d->why.what = "the peer deleted it at once";
	if (d->ours.kind == N_REKEY_CHILD)
		return create_again(d, BUSY_TIME);
	draft_forget(&d->ours);
	d->task_end = TASK_FAILED;
	return DRAFT_COMMIT;
}

static enum verdict make(struct draft *d)
{
	struct negotiation *x = &d->ours;
	struct child *c;

	if (is_gone(x))
		return gone_already(d);
	x->ask = 0;
	x->state = N_INSTALL;
	c = child_make(d, x, true);
	if (c) {
		c->anew = d->sa->task && d->sa->task->anew;
		return DRAFT_COMMIT;
	}
	d->why.what = "the keys of the CHILD_SA could not be made";
	return create_failed(d);
}

enum verdict create_made(struct draft *d, struct child *c, bool success)
{
	struct negotiation *x = &d->ours;
	struct child_edit *e;

	if (!success) {
		draft_edit(d, CHILD_REMOVED, c, c->state);
		return create_failed(d);
	}
	if (d->sa->task && d->sa->task->unwanted)
		child_close(d->sa, c);
	e = draft_edit(d, CHILD_STATE, c, child_settled(c));
	e->redundant = x->rival_nonce.n && contest_lost(x);
	if (x->rival_nonce.n && !e->redundant)
		followup_won(d);
	draft_forget(x);
	d->task_end = TASK_OVER;
	return DRAFT_COMMIT;
}

enum verdict create_response(struct draft *d)
{
	const struct message *m = d->message;
	struct negotiation *x = &d->ours;
	struct ike_question *q;

	if (x->state != N_SENT || !x->kind)
		return draft_drop(d, DROP_STATE);
	if (x->kind == N_REKEY_IKE)
		return rekey_response(d);
	if (!negotiate_accept(d, x, &d->keep_ours, m))
		return create_failed(d);
	x->nonce_r = arena_bytes(&d->keep_ours, m->nonce);
	if (!x->suite.ke)
		return make(d);
	if (x->suite.ke != x->ke || !(m->has & PAYLOAD_BIT(PAYLOAD_KE)) || m->ke.group != x->ke->id) {
		d->why.what = "the peer answered with another key exchange method than was sent";
		return create_failed(d);
	}
	if (followup_lost(x))
		return followup_yield(d);
	if (!followup_linked(d))
		return create_failed(d);
	q = draft_ask_for(d, x, ASK_AGREE, N_AGREE);
	q->secret = x->secret;
	q->peer_public = m->ke.data;
	return DRAFT_COMMIT;
}

/* Ours is gone at the peer: so it is here, and a new one is asked for, since it was to live on (2.25); unless
 * the peer never got it up, and what it was to replace is still there. */
static enum verdict not_found(struct draft *d)
{
	struct child *old = child_find(d->step->ike, d->ours.old);

	if (old && old->sa == d->sa && !old->successor) {
		bool before = still_there(child_find(d->step->ike, old->replaces), d->sa);

		tell_log(d, "CHD", "the peer has no CHILD_SA %s any more: %s", old->conf->name,
			before          ? "the one before it goes on"
			: old->resource ? "the general one goes on"
					: "a new one is made");
		d->wish = before || old->resource ? WISH_NOTHING : WISH_CHILD;
		d->wished = d->ours.child;
		draft_edit(d, CHILD_REMOVED, old, old->state);
	}
	draft_forget(&d->ours);
	d->task_end = TASK_OVER;
	return DRAFT_COMMIT;
}

/* It can be replaced with its IKE_SA only, and that is the business of who began it. */
static void explain_peer_only(struct draft *d)
{
	d->why.what = arena_printf(d->step->scratch,
		"%s: it can be replaced only with its IKE_SA, which the peer has begun and must authenticate "
		"anew; until then, or to the end of its life_time, it is asked again",
		d->why.what);
	d->why.where = source_print(&d->core.peer->at, "reauth_time", d->step->scratch);
	d->why.instead = "reauth_time shorter than the rekey_time of its children, here or at the peer";
}

/* Windows has its own reasons: behind a NAT it lets nobody else replace its CHILD_SAs, and no key exchange is
 * made for them unless it was told so. It replaces them itself, so it is not asked again. */
static enum verdict refused_by_windows(struct draft *d, struct negotiation *x, const struct wire_notify *n)
{
	enum { NO_KEY_EXCHANGE = 13816 };
	struct rd r = rd_of(n->data);
	uint32_t error = rd_u32(&r);
	struct arena *a = d->step->scratch;

	d->why = (struct why){
		.what = arena_printf(a,
			"Windows does not let us replace its CHILD_SA %s (error %u): it is left to replace "
			"it "
			"itself",
			x->child->name, error),
		.notify = notify_name(MS_STATUS),
	};
	if (error == NO_KEY_EXCHANGE) {
		d->why.where = source_print(&x->child->at, "esp_proposals", a);
		d->why.instead =
			"esp_proposals without a key exchange, or Set-VpnConnectionIPsecConfiguration "
			"with -PfsGroup there";
	}
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	draft_forget(x);
	d->task_end = TASK_OVER;
	return DRAFT_COMMIT;
}

enum verdict create_refusal(struct draft *d)
{
	const struct wire_notify *n = message_error(d->message);
	struct negotiation *x = &d->ours;
	bool elsewhere;

	if (x->state != N_SENT || !x->kind)
		return draft_drop(d, DROP_STATE);
	if (x->kind == N_REKEY_IKE)
		return rekey_refusal(d);
	if (n->type == INVALID_KE_PAYLOAD && create_other_group(d, n, x->offered))
		return DRAFT_COMMIT;
	if (n->type == TEMPORARY_FAILURE)
		return create_again(d, BUSY_TIME);
	if (n->type == CHILD_SA_NOT_FOUND && x->kind == N_REKEY_CHILD)
		return not_found(d);
	if (n->type == MS_STATUS && x->kind == N_REKEY_CHILD)
		return refused_by_windows(d, x, n);
	if (x->resource)
		return resource_refused(d, x, n);
	negotiate_refused(d, x, n);
	elsewhere = n->type == NO_ADDITIONAL_SAS && (x->kind == N_CREATE || d->core.began);
	if (n->type == NO_ADDITIONAL_SAS && !elsewhere)
		explain_peer_only(d);
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	if (elsewhere) {
		/* This peer can do it in another IKE_SA only (1.3.1). */
		d->wish = x->kind == N_CREATE ? WISH_IKE_SA : WISH_REAUTH;
		d->wished = x->child;
		draft_forget(x);
		d->task_end = TASK_OVER;
		return DRAFT_COMMIT;
	}
	if (x->kind == N_REKEY_CHILD)
		return create_again(d, REFUSED_TIME);
	draft_forget(x);
	d->task_end = TASK_FAILED;
	return DRAFT_COMMIT;
}

/* ------------------------------------------------------------------ theirs */

static uint32_t spi_of(const struct wire_notify *n)
{
	struct rd r = rd_of(n->spi);

	return n->spi.n == 4 ? rd_u32(&r) : 0;
}

/* Chooses, and begins what must be done before the answer. */
static enum verdict take(struct draft *d, const struct child *old, enum rule rule)
{
	const struct ike *ike = d->step->ike;
	const struct peer *p = peer_now(ike, d->core.peer);
	const struct child_conf *conf = old ? child_conf_now(ike, old->conf) : p->children;
	struct negotiation *x = &d->theirs;
	uint16_t notify;

	x->old = old ? old->id : 0;
	notify = negotiate_choose(d, x, &d->keep_theirs, d->message, conf, old ? 1 : p->n_children);
	if (notify)
		return draft_refuse(d, notify, (struct bytes){ 0 });
	x->nonce_i = arena_bytes(&d->keep_theirs, d->message->nonce);
	x->nonce_r = nonce_new(d, &d->keep_theirs);
	if (rule == RULE_CONTEST)
		contest_note(d, x);
	if (x->ke)
		return create_ask_respond(d);
	x->state = N_INSTALL;
	return child_make(d, x, false) ? DRAFT_COMMIT
				       : draft_refuse(d, TEMPORARY_FAILURE, (struct bytes){ 0 });
}

/* How many rekeyings of C within REKEYINGS_TIME are nothing strange. */
static unsigned rekeyings_of(const struct child *c)
{
	const struct child_conf *conf = c->conf;
	bool by_volume = conf->rekey_bytes || conf->life_bytes || conf->rekey_packets || conf->life_packets;

	return by_volume ? REKEYINGS_BY_VOLUME : REKEYINGS_OF_EACH;
}

/* Whether the peer of D begins rekeyings faster than anybody who means it (RFC 8019, 5). They are counted,
 * whatever becomes of them; an IKE_SA that takes the place of this one goes on counting (sa_adopt). */
static bool rekeys_too_often(struct draft *d)
{
	struct sa *sa = d->sa;
	unsigned most = REKEYINGS_MOST;

	list_each (n, &sa->children)
		most += rekeyings_of(node_owner(n, struct child, of_sa));
	if (sa->rekeyings_until <= d->step->now) {
		sa->rekeyings_until = d->step->now + REKEYINGS_TIME;
		sa->rekeyings = 0;
	}
	if (++sa->rekeyings <= most)
		return false;
	if (sa->rekeyings == most + 1)
		d->why = (struct why){
			.what = arena_printf(d->step->scratch,
				"the peer of %s rekeys all the time, %u times within %u s: it is put off",
				d->core.peer->name, sa->rekeyings, REKEYINGS_TIME / 1000),
			.notify = "TEMPORARY_FAILURE",
		};
	return true;
}

enum verdict create_request(struct draft *d)
{
	const struct message *m = d->message;
	const struct wire_notify *n = message_notify(m, REKEY_SA);
	const struct child *old = n ? child_by_spi(d->sa, spi_of(n), false) : NULL;
	struct negotiation *x = &d->theirs;
	enum rule rule;

	if (x->state == N_AWAIT)
		create_withdraw(d);
	x->exchange = CREATE_CHILD_SA;
	if ((n || !(m->has & PAYLOAD_BIT(PAYLOAD_TSI))) && rekeys_too_often(d))
		return draft_refuse(d, TEMPORARY_FAILURE, (struct bytes){ 0 });
	if (!(m->has & PAYLOAD_BIT(PAYLOAD_TSI)))
		return rekey_request(d);
	if (n && !old) {
		/* It may be what our exchange under way has made: then their answer is late. */
		d->notify_spi = spi_of(n);
		d->notify_protocol = n->protocol;
		return draft_refuse(
			d, d->ours.kind ? TEMPORARY_FAILURE : CHILD_SA_NOT_FOUND, (struct bytes){ 0 });
	}
	x->kind = n ? N_REKEY_CHILD : N_CREATE;
	rule = collide(d, n ? THEIRS_REKEY_CHILD : THEIRS_CREATE, old);
	if (rule == RULE_BUSY || (old && old->state == CHILD_INSTALLING))
		return draft_refuse(d, TEMPORARY_FAILURE, (struct bytes){ 0 });
	if (rule == RULE_GIVE_WAY)
		create_again(d, BUSY_TIME);
	return take(d, old, rule);
}

enum verdict create_late(struct draft *d)
{
	return draft_refuse(d, TEMPORARY_FAILURE, (struct bytes){ 0 });
}

enum verdict create_answer(struct draft *d, struct child *c, bool success)
{
	struct negotiation *x = &d->theirs;
	struct message m = { .has = PAYLOAD_BIT(PAYLOAD_NONCE), .nonce = x->nonce_r };

	if (!success) {
		tell_refused(d->step, c->conf->peer->name, d->sa, &d->why);
		draft_edit(d, CHILD_REMOVED, c, CHILD_INSTALLING);
		return create_refuse_later(d, d->refusal ? d->refusal : TEMPORARY_FAILURE);
	}
	if (x->exchange == IKE_FOLLOWUP_KE) {
		m = followup_message(x);
	} else {
		create_put_ke(x, &m);
		negotiate_answer(d, x, &m);
	}
	draft_respond(d, x->exchange, &m);
	draft_edit(d, CHILD_STATE, c, child_settled(c));
	draft_forget(x);
	return DRAFT_COMMIT;
}

/* ----------------------------------------------------------------- answers */

/* A public value that no honest peer sends: the IKE_SA is dropped (RFC 6989, 2.5). */
static bool is_bad_value(struct draft *d)
{
	if (d->answer->result != ERR_AUTH && d->answer->result != ERR_SHORT)
		return false;
	d->why = d->answer->why;
	if (!d->why.what)
		d->why.what = "the peer's key exchange value is not valid";
	d->why.notify = notify_name(INVALID_SYNTAX);
	return true;
}

static enum verdict drop_ours(struct draft *d)
{
	tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
	draft_forget(&d->ours);
	d->task_end = TASK_FAILED;
	d->delete_ike = true;
	return DRAFT_COMMIT;
}

static enum verdict drop_theirs(struct draft *d)
{
	struct message m = { 0 };

	message_add_notify(&m, d->step->scratch, INVALID_SYNTAX, (struct bytes){ 0 });
	draft_respond(d, d->theirs.exchange, &m);
	return draft_end(d, 0);
}

static enum verdict ours_answered(struct draft *d)
{
	struct negotiation *x = &d->ours;
	const struct ike_answer *a = d->answer;

	if (x->state == N_AGREE && is_bad_value(d))
		return drop_ours(d);
	if (a->result) {
		d->why = a->why;
		d->why.what = d->why.what ? d->why.what
					  : "a key exchange could not be computed: a part of the daemon did "
					    "not answer";
		if (x->state == N_AGREE)
			return x->kind == N_REKEY_IKE ? rekey_failed(d) : create_failed(d);
		tell_refused(d->step, d->core.peer->name, d->sa, &d->why);
		return create_again(d, REFUSED_TIME);
	}
	if (x->state == N_AGREE) {
		followup_keep(x, a->shared, &d->keep_ours);
		if (followup_next(x))
			return create_ask_key_pair(d);
		return x->kind == N_REKEY_IKE ? rekey_agreed(d) : make(d);
	}
	x->secret = arena_bytes(&d->keep_ours, a->secret);
	x->public = arena_bytes(&d->keep_ours, a->public);
	if (x->shared.n)
		return followup_send(d);
	return x->kind == N_REKEY_IKE ? rekey_send(d) : send_request(d);
}

static enum verdict theirs_answered(struct draft *d)
{
	struct negotiation *x = &d->theirs;
	const struct ike_answer *a = d->answer;

	if (x->state == N_AWAIT) {
		followup_missed(d);
		return DRAFT_COMMIT;
	}
	x->ask = 0;
	if (is_bad_value(d))
		return drop_theirs(d);
	if (a->result)
		return create_refuse_later(d, TEMPORARY_FAILURE);
	/* The IKE_SA has begun to end meanwhile, or the child has. */
	if ((d->core.state != S_UP && !(d->core.state == S_REKEYED && x->kind == N_REKEY_IKE)) ||
		(x->kind == N_REKEY_CHILD && !still_there(old_child(d, x), d->sa)))
		return create_refuse_later(d, TEMPORARY_FAILURE);
	x->public = arena_bytes(&d->keep_theirs, a->public);
	followup_keep(x, a->shared, &d->keep_theirs);
	if (suite_more(&x->suite, x->done))
		return followup_await(d);
	if (x->kind == N_REKEY_IKE)
		return rekey_responded(d);
	x->state = N_INSTALL;
	return child_make(d, x, false) ? DRAFT_COMMIT : create_refuse_later(d, TEMPORARY_FAILURE);
}

enum verdict create_answered(struct draft *d, struct negotiation *x)
{
	return x == &d->ours ? ours_answered(d) : theirs_answered(d);
}
