/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of our own exchanges. */
#include "ike/task.h"

#include "base/heap.h"
#include "ike/conf.h"
#include "ike/crash.h"
#include "ike/create.h"
#include "ike/life.h"
#include "ike/mobike.h"
#include "ike/negotiate.h"
#include "ike/redirect.h"
#include "ike/rekey.h"
#include "ike/ticket.h"
#include "ike/twin.h"
#include "ike/want.h"

#include <stdlib.h>

/* ------------------------------------------------------------------- the queue */

static struct task *task_new(struct sa *sa, enum task_kind kind)
{
	struct task *t = calloc(1, sizeof *t);

	if (!t)
		abort();
	t->kind = kind;
	list_init(&t->waits);
	list_append(&sa->tasks, &t->of_sa);
	return t;
}

/* Whether there is no room for another one like this. */
static bool superfluous(const struct sa *sa, enum task_kind kind, uint32_t child, uint32_t spi)
{
	unsigned n = 0;

	list_each (p, (struct node *)&sa->tasks) {
		const struct task *t = node_owner(p, struct task, of_sa);

		if ((t->kind == kind && t->child == child && t->spi == spi) || ++n == TASKS_MAX)
			return true;
	}
	return false;
}

/* A delete of the IKE_SA that was to come later. */
static void hasten_delete(struct sa *sa)
{
	list_each (p, &sa->tasks) {
		struct task *t = node_owner(p, struct task, of_sa);

		if (t->kind == TASK_DELETE_IKE)
			t->not_before = t->patience = 0;
	}
}

void task_add(struct sa *sa, enum task_kind kind, const struct child *child)
{
	uint32_t id = child ? child->id : 0, spi = child ? child->spi_in : 0;
	struct task *t;

	if (kind == TASK_DELETE_IKE)
		hasten_delete(sa);
	if (superfluous(sa, kind, id, spi) || (sa->task && sa->task->kind == kind && sa->task->child == id))
		return;
	t = task_new(sa, kind);
	t->child = id;
	t->spi = spi;
	t->protocol = child ? child->suite.protocol : 0;
}

void task_delete_ike_later(struct sa *sa, uint64_t at, uint64_t last)
{
	struct task *t;

	if (superfluous(sa, TASK_DELETE_IKE, 0, 0))
		return;
	t = task_new(sa, TASK_DELETE_IKE);
	t->not_before = at;
	t->patience = last;
}

void task_delete_spi(struct sa *sa, uint8_t protocol, uint32_t spi)
{
	struct task *t;

	if (superfluous(sa, TASK_DELETE_CHILD, 0, spi))
		return;
	t = task_new(sa, TASK_DELETE_CHILD);
	t->protocol = protocol;
	t->spi = spi;
}

void task_redirect(struct sa *sa, const char *gateway)
{
	struct task *t;

	if (superfluous(sa, TASK_REDIRECT, 0, 0))
		return;
	t = task_new(sa, TASK_REDIRECT);
	t->gateway = arena_str(&t->arena, gateway);
}

void task_unknown_spi(struct sa *sa, uint32_t spi)
{
	if (!superfluous(sa, TASK_UNKNOWN_SPI, 0, spi))
		task_new(sa, TASK_UNKNOWN_SPI)->spi = spi;
}

bool task_waits(const struct sa *sa, enum task_kind kind)
{
	list_each (p, (struct node *)&sa->tasks)
		if (node_owner(p, struct task, of_sa)->kind == kind)
			return true;
	return false;
}

void task_first(struct sa *sa, enum task_kind kind)
{
	struct node *front = sa->tasks.next;
	struct task *t;

	if (task_waits(sa, kind))
		return;
	t = task_new(sa, kind);
	list_remove(&t->of_sa);
	list_append(front, &t->of_sa);
}

static bool creates(const struct task *t, const struct child_conf *conf, uint32_t resource)
{
	return t->kind == TASK_CREATE_CHILD && t->resource == resource && child_conf_same(t->conf, conf);
}

struct task *task_creating(const struct sa *sa, const struct child_conf *conf, uint32_t resource)
{
	if (sa->task && !sa->task->unwanted && creates(sa->task, conf, resource))
		return sa->task;
	list_each (p, (struct node *)&sa->tasks)
		if (creates(node_owner(p, struct task, of_sa), conf, resource))
			return node_owner(p, struct task, of_sa);
	return NULL;
}

static struct task *create(struct sa *sa, const struct child_conf *conf)
{
	struct task *t = task_new(sa, TASK_CREATE_CHILD);

	t->conf = conf;
	peer_ref(conf->peer);
	return t;
}

struct node *task_create(
	struct sa *sa, const struct child_conf *conf, const struct ts *local, const struct ts *remote)
{
	struct task *t = task_creating(sa, conf, 0);

	if (t)
		return &t->waits;
	t = create(sa, conf);
	if (local && remote) {
		t->packet_local = tss_copy(&t->arena, (struct tss){ local, 1 });
		t->packet_remote = tss_copy(&t->arena, (struct tss){ remote, 1 });
	}
	return &t->waits;
}

struct node *task_create_anew(struct sa *sa, const struct child_conf *conf)
{
	struct task *t = task_creating(sa, conf, 0);

	t = t ? t : create(sa, conf);
	t->anew = true;
	return &t->waits;
}

void task_create_for(struct sa *sa, const struct child_conf *conf, uint32_t resource)
{
	if (!task_creating(sa, conf, resource) && !superfluous(sa, TASK_CREATE_CHILD, UINT32_MAX, 0))
		create(sa, conf)->resource = resource;
}

void tasks_move(struct sa *from, struct sa *into)
{
	list_each_safe (p, &from->tasks) {
		list_remove(p);
		list_append(&into->tasks, p);
	}
}

static void release(struct ike *ike, struct task *t)
{
	list_remove(&t->of_sa);
	waits_free(&t->waits);
	if (t->conf)
		peer_part(ike, t->conf->peer);
	arena_free(&t->arena);
	free(t);
}

void task_free(struct step *s, struct task *t, const struct why *why)
{
	if (t->kind == TASK_CREATE_CHILD && !t->resource)
		want_lost(s, t->conf);
	waits_gone(s, &t->waits, why);
	release(s->ike, t);
}

void tasks_free(struct step *s, struct ike *ike, struct sa *sa, const struct why *why)
{
	if (sa->task) {
		list_append(&sa->tasks, &sa->task->of_sa);
		sa->task = NULL;
	}
	list_each_safe (p, &sa->tasks) {
		struct task *t = node_owner(p, struct task, of_sa);

		if (s)
			task_free(s, t, why);
		else
			release(ike, t);
	}
}

/* ---------------------------------------------------------------------- begin */

static void inform(struct draft *d, const struct task *t)
{
	struct message m = { 0 };

	if (t->kind == TASK_DELETE_CHILD)
		message_add_delete(&m, d->step->scratch, t->protocol, &t->spi, 1);
	if (t->kind == TASK_UNKNOWN_SPI)
		message_add_notify(&m, d->step->scratch, INVALID_SPI, spi_bytes(d->step->scratch, t->spi));
	if (t->kind == TASK_CRASH_TOKEN)
		crash_token_put(d->step, &d->core, &m);
	if (t->kind == TASK_REDIRECT)
		redirect_put(d, t->gateway, &m);
	if (t->kind == TASK_LIMIT)
		life_remind(d, &m);
	if (t->kind == TASK_TICKET)
		ticket_ask(d, &m);
	if (t->kind == TASK_DELETE_IKE) {
		message_add_delete(&m, d->step->scratch, PROTO_IKE, NULL, 0);
		d->core.state = S_DELETING;
		ticket_drop(d->step->ike, d->sa);
	}
	mobike_request(d, t->kind, &m);
	draft_request(d, INFORMATIONAL, d->sa->window.next, &m);
}

/* Begins T. False: there is nothing to do any more. */
static bool begin(struct draft *d, const struct task *t)
{
	switch (t->kind) {
	case TASK_CREATE_CHILD:
	case TASK_REKEY_CHILD: return create_begin(d, t);
	case TASK_REKEY_IKE: rekey_begin(d); return true;
	default: inform(d, t); return true;
	}
}

/* Whether the peer's exchange is just making the child that T is for: then it may not be needed. */
static bool makes_it(const struct negotiation *theirs, const struct task *t)
{
	return theirs->kind == N_CREATE && theirs->state != N_AWAIT && theirs->resource == t->resource &&
	       child_conf_same(theirs->child, t->conf);
}

/* Whether T may begin, as far as the peer's exchange under way allows (RFC 7296, 2.25). */
static bool may_begin(const struct sa *sa, const struct task *t)
{
	const struct negotiation *theirs = sa->theirs;

	switch (t->kind) {
	case TASK_REKEY_CHILD:
		/* The peer is just doing that: one begun now would not know whom it contests with. */
		if (theirs->kind == N_REKEY_CHILD && theirs->old == t->child)
			return false;
		return theirs->kind != N_REKEY_IKE;
	case TASK_DELETE_CHILD:
		/* The peer has not heard of it yet: its answer is being made. */
		if (t->child && theirs->made == t->child)
			return false;
		return theirs->kind != N_REKEY_IKE;
	case TASK_CREATE_CHILD: return theirs->kind != N_REKEY_IKE && !makes_it(theirs, t);
	case TASK_REKEY_IKE: return !theirs->kind;
	default: return true;
	}
}

static bool idle(const struct sa *sa)
{
	return !sa->task && !sa->window.request &&
	       (sa->core.state == S_UP || (sa->core.state == S_REKEYED && !sa->theirs->kind));
}

static struct task *first(const struct sa *sa, uint64_t now)
{
	list_each (p, (struct node *)&sa->tasks) {
		struct task *t = node_owner(p, struct task, of_sa);

		if (t->not_before <= now && may_begin(sa, t))
			return t;
	}
	return NULL;
}

/* A child that the peer has not brought over to the newer IKE_SA yet would be lost: T waits. */
static bool waits_for_twins(const struct step *s, const struct sa *sa, struct task *t)
{
	uint64_t again = s->now + BUSY_TIME;

	if (t->patience <= s->now || !twin_missing(s->ike, sa))
		return false;
	t->not_before = again < t->patience ? again : t->patience;
	return true;
}

void task_next(struct step *s, struct sa *sa)
{
	struct draft d;
	struct task *t;

	while (idle(sa) && (t = first(sa, s->now))) {
		if (waits_for_twins(s, sa, t))
			continue;
		list_remove(&t->of_sa);
		draft_open(&d, s, sa);
		if (!begin(&d, t)) {
			draft_close(&d, DRAFT_DROP);
			task_free(s, t, NULL);
			continue;
		}
		sa->task = t;
		draft_close(&d, DRAFT_COMMIT);
		return;
	}
}

uint64_t task_due(const struct sa *sa)
{
	uint64_t due = HEAP_NEVER;

	if (!idle(sa))
		return HEAP_NEVER;
	list_each (p, (struct node *)&sa->tasks) {
		const struct task *t = node_owner(p, struct task, of_sa);

		if (may_begin(sa, t) && t->not_before < due)
			due = t->not_before;
	}
	return due;
}

/* ------------------------------------------------------------------------ end */

/* Whether the peer says that it is busy, and has for minutes: what it knows of the IKE_SA is not what we
 * know, and that is closed, as if the peer were dead (2.25). */
static bool out_of_step(struct draft *d, struct sa *sa, struct task *t)
{
	const struct wire_notify *n = d->answered ? message_error(d->message) : NULL;

	if (!n || n->type != TEMPORARY_FAILURE) {
		t->busy_since = 0;
		return false;
	}
	t->busy_since = t->busy_since ? t->busy_since : d->step->now;
	if (d->step->now - t->busy_since < PUT_OFF_TIME)
		return false;
	d->why.what = arena_printf(d->step->scratch,
		"the peer was busy for minutes, whatever it was asked: IKE_SA %s is closed",
		sa->core.peer->name);
	d->why.notify = notify_name(TEMPORARY_FAILURE);
	tell_refused(d->step, sa->core.peer->name, sa, &d->why);
	sa->core.ending = END_BY_DEATH;
	d->delete_ike = true;
	return true;
}

/* Whether T, which is to be put off, has been too often; then D says why it fails. */
static bool put_off_for_too_long(struct draft *d, struct task *t)
{
	if (!t->put_off)
		t->put_off = d->step->now;
	if (t->kind != TASK_CREATE_CHILD || d->step->now - t->put_off < PUT_OFF_TIME)
		return false;
	if (!d->why.what) {
		d->why.what = arena_printf(
			d->step->scratch, "CHILD_SA %s could not be asked for, for minutes", t->conf->name);
	}
	tell_refused(d->step, t->conf->peer->name, d->sa, &d->why);
	return true;
}

void task_end(struct draft *d, struct sa *sa)
{
	struct task *t = sa->task;

	if (!t || d->task_end == TASK_GOES_ON)
		return;
	sa->task = NULL;
	if (d->task_end == TASK_AGAIN && !t->unwanted && !out_of_step(d, sa, t) &&
		!put_off_for_too_long(d, t)) {
		t->not_before = d->step->now + d->task_delay;
		list_append(&sa->tasks, &t->of_sa);
		return;
	}
	if (d->task_end == TASK_MET)
		waits_up(d->step, &t->waits, true, NULL);
	task_free(d->step, t, d->task_end != TASK_OVER && d->why.what ? &d->why : NULL);
}

/* A peer that has still to be let in, which waits for our answer, or whose next request is under way, hears
 * that it comes to nothing, and has not to find out by silence (RFC 7296, 2.21.2). */
static enum verdict turn_away(struct draft *d)
{
	bool waits = !d->sa->window.response;

	tell_log(d, "IKE",
		"IKE_SA %s is closed before the peer was let in: its request is answered with "
		"AUTHENTICATION_FAILED",
		d->core.peer->name);
	d->core.turned_away = !waits;
	return draft_end(d, waits ? AUTHENTICATION_FAILED : 0);
}

void sa_vanish(struct step *s, struct sa *sa)
{
	struct draft d;

	draft_open(&d, s, sa);
	d.core.state = S_DEAD;
	draft_close(&d, DRAFT_COMMIT);
}

void sa_abandon(struct step *s, struct sa *sa)
{
	struct task t = { .kind = TASK_DELETE_IKE };
	struct draft d;

	if (sa_half_open(&sa->core) && sa->core.keyed) {
		draft_open(&d, s, sa);
		draft_close(&d, turn_away(&d));
		return;
	}

	if (sa->core.state == S_UP || sa->core.state == S_REKEYED) {
		draft_open(&d, s, sa);
		inform(&d, &t);
		draft_close(&d, DRAFT_COMMIT);
	}
	sa_vanish(s, sa);
}
