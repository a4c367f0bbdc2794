/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drafts: opening, changing and committing one. Nothing of an SA changes anywhere else, but for its timers.
 */
#include "ike/admit.h"
#include "ike/cfg.h"
#include "ike/child.h"
#include "ike/conf.h"
#include "ike/count.h"
#include "ike/ends.h"
#include "ike/fragment.h"
#include "ike/move.h"
#include "ike/negotiate.h"
#include "ike/offers.h"
#include "ike/proof.h"
#include "ike/revive.h"
#include "ike/seal.h"
#include "ike/step.h"
#include "ike/task.h"
#include "ike/ticket.h"
#include "ike/twin.h"
#include "ike/unique.h"
#include "ike/want.h"

#include <stdlib.h>

/* A quiet SA takes what these take: a change that makes them much larger should be noticed. */
_Static_assert(sizeof(struct sa) <= 1792, "there are tens of thousands");
_Static_assert(sizeof(struct sa_core) <= 1024, "the fixed part of an SA is copied at every step");
_Static_assert(sizeof(struct handshake) + 2 * sizeof(struct negotiation) <= 2048, "so are these");

void draft_open(struct draft *d, struct step *step, struct sa *sa)
{
	*d = (struct draft){ .step = step, .sa = sa };
	d->tail = &d->actions;
	d->edits_tail = &d->edits;
	if (sa) {
		d->core = sa->core;
		d->hs = *sa->handshake;
		d->ours = *sa->ours;
		d->theirs = *sa->theirs;
	}
}

enum verdict draft_drop(struct draft *d, enum drop_reason reason)
{
	d->dropped = reason;
	return DRAFT_DROP;
}

enum verdict draft_refuse(struct draft *d, uint16_t notify, struct bytes data)
{
	d->notify = notify;
	d->notify_data = data;
	return DRAFT_REFUSE;
}

enum verdict draft_end(struct draft *d, uint16_t notify)
{
	d->notify = notify;
	return DRAFT_CLOSE;
}

struct ike_action *draft_action(struct draft *d, enum ike_action_kind kind)
{
	struct ike_action *a = ARENA_NEW(d->step->scratch, struct ike_action);

	a->kind = kind;
	*d->tail = a;
	d->tail = &a->next;
	return a;
}

struct ike_question *draft_ask(struct draft *d, enum ike_ask_kind kind, enum sa_state state)
{
	struct ike_action *a = draft_action(d, ACTION_ASK);

	a->ticket = d->core.ask = step_id(d->step->ike);
	a->ask.kind = kind;
	a->ask.peer = d->core.peer;
	d->core.ask_deadline = d->step->now + ASK_TIMEOUT;
	d->core.state = state;
	return &a->ask;
}

struct ike_question *draft_ask_for(
	struct draft *d, struct negotiation *x, enum ike_ask_kind kind, enum negotiation_state state)
{
	struct ike_action *a = draft_action(d, ACTION_ASK);

	a->ticket = x->ask = step_id(d->step->ike);
	a->ask.kind = kind;
	a->ask.peer = d->core.peer;
	a->ask.ke = x->ke;
	x->ask_deadline = d->step->now + ASK_TIMEOUT;
	x->state = state;
	return &a->ask;
}

void draft_forget(struct negotiation *x)
{
	WIPE(*x);
}

struct child_edit *draft_edit(
	struct draft *d, enum child_change change, struct child *child, enum child_state state)
{
	struct child_edit *e = ARENA_NEW(d->step->scratch, struct child_edit);

	*e = (struct child_edit){ .change = change, .child = child, .state = state };
	*d->edits_tail = e;
	d->edits_tail = &e->next;
	return e;
}

bool draft_removes(const struct draft *d, const struct child *child)
{
	for (const struct child_edit *e = d->edits; e; e = e->next)
		if (e->child == child && e->change == CHILD_REMOVED)
			return true;
	return false;
}

/* ---------------------------------------------------------------- messages */

static struct bytes unsealed(struct draft *d, const struct wire_header *h, const struct message *m)
{
	struct wr w = wr_of(arena_alloc(d->step->scratch, MESSAGE_ROOM), MESSAGE_ROOM);

	message_put_clear(h, m, &w);
	return wr_done(&w);
}

struct wire_header draft_header(const struct draft *d, uint8_t exchange, uint32_t mid, bool response)
{
	return (struct wire_header){
		.spi_i = d->core.spi_i,
		.spi_r = d->core.spi_r,
		.version = IKE_VERSION,
		.exchange = exchange,
		.flags = (uint8_t)((d->core.initiator ? FLAG_INITIATOR : 0) | (response ? FLAG_RESPONSE : 0)),
		.mid = mid,
	};
}

static struct bytes build(
	struct draft *d, uint8_t exchange, uint32_t mid, bool response, const struct message *m)
{
	struct wire_header h = draft_header(d, exchange, mid, response);

	if (!shape_sealed(exchange))
		return unsealed(d, &h, m);
	return seal_put(d->step->ike, &d->core, &h, m, fragment_limit(d->step, &d->core), d->step->rng,
		d->step->scratch);
}

void draft_request(struct draft *d, uint8_t exchange, uint32_t mid, const struct message *m)
{
	d->request = build(d, exchange, mid, false, m);
	d->request_mid = mid;
	d->request_exchange = exchange;
}

/* Either the request at hand, or one that was taken in an earlier step and had to wait for an answer. */
uint32_t draft_response_mid(const struct draft *d)
{
	return d->message ? d->message->header.mid : d->sa->window.expected - 1;
}

void draft_respond(struct draft *d, uint8_t exchange, const struct message *m)
{
	d->response = build(d, exchange, draft_response_mid(d), true, m);
}

/* The exchange of a request of who is to be let in that had to wait for its answer. */
static uint8_t waiting_exchange(enum sa_state state)
{
	return state >= S_R_PPK_CONFIRM && state <= S_R_PPK_SEED ? IKE_INTERMEDIATE : IKE_AUTH;
}

static void respond_notify(struct draft *d)
{
	struct message m = { 0 };
	struct wire_notify *n = message_add_notify(&m, d->step->scratch, d->notify, d->notify_data);

	if (d->notify_spi) {
		n->protocol = d->notify_protocol;
		n->spi = spi_bytes(d->step->scratch, d->notify_spi);
	}
	draft_respond(d, d->message ? d->message->header.exchange : waiting_exchange(d->core.state), &m);
}

static void send(struct draft *d, const struct path *path, struct bytes message)
{
	struct bytes all = message, first = header_cut(&all);
	struct wire_header h;

	if (!d->recut && !header_get(first, &h))
		count_message(d->step->ike, d->core.peer, false, &h);
	step_send(d->step, path, message);
}

/* ------------------------------------------------------------------ commit */

static uint8_t *kept(struct bytes b)
{
	uint8_t *p = malloc(b.n ? b.n : 1);

	if (!p)
		abort();
	if (b.n)
		memcpy(p, b.p, b.n);
	return p;
}

static void commit_request(struct draft *d, struct sa *sa)
{
	struct window *w = &sa->window;

	if (!d->request.n)
		return;
	free(w->request);
	w->request = kept(d->request);
	w->request_n = d->request.n;
	w->request_path = sa->core.path;
	if (d->recut) {
		send(d, &w->request_path, d->request);
		return;
	}
	w->exchange = d->request_exchange;
	w->next = d->request_mid + 1;
	if (w->next >= UINT32_MAX - MESSAGE_IDS_LEFT && sa->core.state == S_UP)
		task_add(sa, TASK_REKEY_IKE, NULL);
	w->disowned = false;
	w->told_by = w->elsewhere = (struct ip){ 0 };
	step_await(d->step, sa);
	send(d, &w->request_path, d->request);
}

/* The message at hand was the peer's next request: it is answered now, or by a later step. */
static void commit_response(struct draft *d, struct sa *sa)
{
	struct window *w = &sa->window;
	const struct message *m = d->message;
	bool taken = m && !(m->header.flags & FLAG_RESPONSE) && m->header.mid == w->expected;

	if (taken) {
		free(w->response);
		w->response = NULL;
		w->repeated = 0;
		w->response_path = *d->path;
		w->expected++;
		fragments_forget(d->step->ike, sa, false);
	}
	if (!d->response.n)
		return;
	free(w->response);
	w->response = kept(d->response);
	w->response_n = d->response.n;
	if (d->recut)
		w->response_path = *d->path;
	send(d, &w->response_path, d->response);
}

static void child_add(struct draft *d, struct sa *sa, struct child *child)
{
	struct ike *ike = d->step->ike;

	child->sa = sa;
	list_append(&sa->children, &child->of_sa);
	waits_move_up(&sa->waits, &child->waits);
	if (sa->task && sa->task->kind == TASK_CREATE_CHILD && sa->task->resource == child->resource &&
		child_conf_same(sa->task->conf, child->conf))
		waits_move_up(&sa->task->waits, &child->waits);
	map_put(&ike->children, child->id, child);
	map_put(&ike->spis, child->spi_in, sa);
	for (unsigned i = 0; i < ARRAY_SIZE(child->tickets); i++)
		if (child->tickets[i])
			map_put(&ike->installs, child->tickets[i], child);
}

/* The peer deletes the one it has first: it need not wonder why there are two. */
static void child_anew(struct draft *d, struct sa *sa, struct child *c)
{
	task_delete_spi(sa, c->suite.protocol, c->spi_in);
	waits_move_up(&c->waits, task_create_anew(sa, c->conf));
	child_end(d->step, c, END_BY_US, NULL);
}

static void commit_children(struct draft *d, struct sa *sa)
{
	for (struct child_edit *e = d->edits; e; e = e->next) {
		if (e->change == CHILD_ADDED)
			child_add(d, sa, e->child);
		else if (e->change == CHILD_STATE)
			child_set(d->step, e->child, e->state, e->redundant);
		else if (e->change == CHILD_OUTDATED)
			child_outdated(d->step, e->child);
		else if (e->change == CHILD_SATED)
			e->child->sated = true;
		else if (e->change == CHILD_ANEW)
			child_anew(d, sa, e->child);
		else
			child_end(d->step, e->child, e->by_peer ? END_BY_PEER : END_BY_US,
				d->why.what ? &d->why : NULL);
	}
}

static void commit_established(struct draft *d, struct sa *sa)
{
	enum unique_end others = sa->handshake->others;
	uint64_t resumed = sa->core.initiator ? 0 : sa->handshake->ticket_number;

	sa_name(d->step->ike, sa, &d->local_id, &d->remote_id, &d->eap_id);
	sa->certs = proof_certs_copy(&sa->arena, &d->certs);
	sa->dns = cfg_ips_copy(&sa->arena, d->dns);
	sa->domains = cfg_domains_copy(&sa->arena, d->domains);
	sa->up = true;
	ticket_proven(d, sa);
	/* The SA stands, and the child that it was set up for does not. */
	if (sa->core.initiator && !d->edits && d->wish != WISH_CHILD && d->wish != WISH_GATEWAY &&
		sa->handshake->x.child)
		want_lost(d->step, sa->handshake->x.child);
	sa_forget_handshake(d->step->ike, sa);
	tell_sa(d->step, TELL_SA_UP, sa, NULL);
	if (resumed)
		unique_resumed(d->step, sa, resumed);
	unique_settle(d->step, sa, others);
}

/* The references that SA holds follow what was committed. */
static void commit_peers(struct draft *d, struct sa *sa)
{
	if (sa->core.peer != sa->peer)
		conn_of_sa(d->step->ike, sa, sa->core.peer);
	for (unsigned i = 0; !d->sa && i < sa->handshake->n_candidates; i++)
		peer_ref(sa->handshake->candidates[i].peer);
}

static void commit_ask(struct ike *ike, struct sa *sa, uint32_t before, uint32_t after)
{
	if (before == after)
		return;
	map_take(&ike->asks, before);
	if (after)
		map_put(&ike->asks, after, sa);
}

/* One of the two exchanges becomes what the draft made of it: AFTER, with KEEP. */
static void commit_negotiation(struct draft *d, struct sa *sa, const struct negotiation **kept,
	const struct negotiation *after, struct arena *arena, struct arena *keep)
{
	struct ike *ike = d->step->ike;
	const struct negotiation *x = *kept;
	const struct child_conf *before = x->kind ? x->child : NULL, *now = after->kind ? after->child : NULL;

	commit_ask(ike, sa, x->ask, after->ask);
	if (now)
		peer_ref(now->peer);
	if (before)
		peer_part(ike, before->peer);
	offers_follow(ike, sa, x, after);
	sa_keep_negotiation(kept, after);
	arena_join(arena, keep);
	if (!after->kind)
		arena_part(ike, arena);
}

/* Hands the draft's actions on to the step, behind those that are there. */
static void commit_actions(struct draft *d)
{
	*d->step->tail = d->actions;
	if (d->actions)
		d->step->tail = d->tail;
	d->actions = NULL;
	d->tail = &d->actions;
}

static bool ended(const struct sa *sa)
{
	return sa->core.state == S_LINGER || sa->core.state == S_DEAD;
}

static void commit_answered(struct draft *d, struct sa *sa)
{
	if (!d->answered)
		return;
	free(sa->window.request);
	sa->window.request = NULL;
	fragments_forget(d->step->ike, sa, true);
}

/* The heir stands as soon as the old SA's last message is made; who adopts the children may be another one.
 */
static void commit_heir(struct draft *d, struct sa *sa)
{
	struct ike *ike = d->step->ike;
	struct sa *into;

	if (d->heir)
		heir_make(d->step, sa, d->heir);
	into = d->adopter ? map_get(&ike->sas, d->adopter) : NULL;
	if (into && !ended(into))
		sa_adopt(d->step, sa, into);
}

/* Who waits for the child waits for its own IKE_SA now. */
static void own_ike_sa(struct draft *d, struct sa *sa)
{
	struct sa *own = init_start(d->step, d->wished, NULL, NULL, &sa->core.hosts);

	if (own && sa->task)
		waits_move_up(&sa->task->waits, &own->waits);
}

/* Who waits for the SA waits for the other gateway now. */
static void other_gateway(struct draft *d, struct sa *sa)
{
	struct sa *other = init_redirected(d->step, d->wished, sa, &d->gateway);

	if (other)
		waits_move_up(&sa->waits, &other->waits);
}

static void commit_wish(struct draft *d, struct sa *sa)
{
	if (sa->task && sa->task->unwanted)
		return;
	switch (d->wish) {
	case WISH_NOTHING: break;
	/* After a childless IKE_AUTH: who waits for the SA waits for the child. */
	case WISH_CHILD: waits_move_up(&sa->waits, task_create(sa, d->wished, NULL, NULL)); break;
	case WISH_IKE_SA: own_ike_sa(d, sa); break;
	case WISH_REAUTH: sa->core.reauth_due = d->step->now; break;
	case WISH_GATEWAY: other_gateway(d, sa); break;
	case WISH_MOVE: revive_moved(d->step, sa, &d->gateway); break;
	}
}

/* Nobody goes on with the conversation that there was BEFORE: it has ended, or the SA has. */
static void commit_conversation(struct draft *d, const struct sa *sa, uint32_t before)
{
	if (before && (ended(sa) || sa->handshake->eap.conversation != before))
		step_action(d->step, ACTION_EAP_END)->eap_end.conversation = before;
}

static struct sa *commit(struct draft *d)
{
	struct ike *ike = d->step->ike;
	struct sa *sa = d->sa ? d->sa : sa_new(ike, &d->core);
	uint32_t ask = d->sa ? d->sa->core.ask : 0, eap = d->sa ? d->sa->handshake->eap.conversation : 0;

	sa->core = d->core;
	admit_count(ike, sa);
	if (ends_follow(ike, sa))
		twin_follow(ike, sa);
	offers_follow(ike, sa, &sa->handshake->x, &d->hs.x);
	sa_keep_handshake(sa, &d->hs);
	arena_join(&sa->handshake_arena, &d->keep);
	commit_negotiation(d, sa, &sa->ours, &d->ours, &sa->ours_arena, &d->keep_ours);
	commit_negotiation(d, sa, &sa->theirs, &d->theirs, &sa->theirs_arena, &d->keep_theirs);
	if (d->init_hash) {
		sa->init_hash = d->init_hash;
		map_put(&ike->inits, d->init_hash, sa);
	}
	commit_peers(d, sa);
	commit_ask(ike, sa, ask, sa->core.ask);
	commit_answered(d, sa);
	commit_actions(d);
	commit_conversation(d, sa, eap);
	if (d->ticket)
		ticket_given(sa, d->ticket);
	if (d->established)
		commit_established(d, sa);
	/* Before the peer hears of it: what it sends then is answered. */
	commit_children(d, sa);
	move_commit(d, sa);
	commit_request(d, sa);
	commit_response(d, sa);
	commit_wish(d, sa);
	task_end(d, sa);
	commit_heir(d, sa);
	if (d->delete_spi)
		task_delete_spi(sa, d->delete_protocol, d->delete_spi);
	if (d->delete_ike)
		task_add(sa, TASK_DELETE_IKE, NULL);
	/* A commit with a reason has given up what was wanted up. */
	if (d->why.what)
		waits_up(d->step, &sa->waits, false, &d->why);
	if (ended(sa))
		sa_down(d->step, sa, d->why.what ? &d->why : NULL);
	if (sa->core.state == S_DEAD) {
		sa_free(ike, sa);
		return NULL;
	}
	revive_check(d->step, sa);
	task_next(d->step, sa);
	sa_rearm(ike, sa);
	return sa;
}

static const char *draft_name(const struct draft *d)
{
	return d->core.peer ? d->core.peer->name : NULL;
}

/* Ends the SA: it lingers where an answer may have to be repeated. */
static void close_sa(struct draft *d)
{
	d->core.ask = 0;
	d->core.keepalive_due = d->core.dpd_due = 0;
	map_take(&d->step->ike->asks, d->core.usage_ask);
	d->core.usage_ask = 0;
	map_take(&d->step->ike->asks, d->core.mobike.ask);
	d->core.mobike.ask = 0;
	/* An IKE_SA that the peer has made in its place meanwhile lives on with the children. */
	d->adopter = d->ours.rival_spi;
	draft_forget(&d->ours);
	draft_forget(&d->theirs);
	/* When it is to be authenticated anew is for who adopts its children. */
	d->core.rekey_due = d->core.life_end = 0;
	d->core.state = d->response.n || d->core.turned_away ? S_LINGER : S_DEAD;
	d->core.deadline = d->step->now + LINGER_TIME;
}

static void refuse_without_sa(struct draft *d)
{
	const struct wire_header *h = &d->message->header;

	d->core.spi_i = h->spi_i;
	respond_notify(d);
	commit_actions(d);
	send(d, d->path, d->response);
}

/* An answered request changes the window and nothing else: what the handler drafted is forgotten, but for the
 * answer. */
static void refuse(struct draft *d)
{
	struct draft answer;

	draft_open(&answer, d->step, d->sa);
	answer.message = d->message;
	answer.path = d->path;
	answer.notify = d->notify;
	answer.notify_data = d->notify_data;
	answer.notify_spi = d->notify_spi;
	answer.notify_protocol = d->notify_protocol;
	respond_notify(&answer);
	commit(&answer);
	WIPE(answer);
}

/* What the handler drafted is dropped. */
static void forget(struct draft *d)
{
	for (struct child_edit *e = d->edits; e; e = e->next)
		if (e->change == CHILD_ADDED)
			child_free(d->step->ike, e->child);
	d->edits = NULL;
	d->edits_tail = &d->edits;
	d->hs = d->sa ? *d->sa->handshake : (struct handshake){ 0 };
	d->ours = d->sa ? *d->sa->ours : (struct negotiation){ 0 };
	d->theirs = d->sa ? *d->sa->theirs : (struct negotiation){ 0 };
	arena_free(&d->keep);
	arena_free(&d->keep_ours);
	arena_free(&d->keep_theirs);
}

struct sa *draft_close(struct draft *d, enum verdict verdict)
{
	struct sa *sa = d->sa;

	if (d->why.what && !d->why.stage)
		d->why.stage = tell_stage(d->step, sa);
	switch (verdict) {
	case DRAFT_COMMIT: sa = commit(d); break;
	case DRAFT_DROP:
		if (d->path)
			tell_dropped(d->step, d->dropped, d->path, d->core.peer);
		forget(d);
		break;
	case DRAFT_REFUSE:
		if (d->why.what)
			tell_refused(d->step, draft_name(d), d->sa, &d->why);
		forget(d);
		if (d->sa)
			refuse(d);
		else
			refuse_without_sa(d);
		break;
	case DRAFT_CLOSE:
		if (d->why.what)
			tell_refused(d->step, draft_name(d), d->sa, &d->why);
		forget(d);
		if (d->notify)
			respond_notify(d);
		close_sa(d);
		sa = commit(d);
		break;
	}
	WIPE(*d);
	return sa;
}
