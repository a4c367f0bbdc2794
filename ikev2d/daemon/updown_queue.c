/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list of turns, and those that are being taken. */
#include "daemon/updown_queue.h"

#include "daemon/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct updown *of_turn(const struct node *n)
{
	return node_owner(n, struct updown, turn);
}

void updown_queue_start(struct updown_queue *q, struct event_base *base, updown_say *say, void *ctx)
{
	*q = (struct updown_queue){ .base = base, .say = say, .ctx = ctx };
	list_init(&q->all);
	list_init(&q->waiting);
	list_init(&q->running);
}

struct updown *updown_new(void)
{
	struct updown *u = calloc(1, sizeof *u);

	if (!u)
		abort();
	list_init(&u->of_all);
	list_init(&u->turn);
	return u;
}

static void forget(struct updown *u)
{
	list_remove(&u->of_all);
	list_remove(&u->turn);
	if (u->script)
		script_kill(u->script);
	arena_free(&u->arena);
	free(u);
}

void updown_queue_stop(struct updown_queue *q)
{
	struct node *const lists[] = { &q->all, &q->waiting, &q->running };

	list_each_safe (n, lists[0])
		forget(node_owner(n, struct updown, of_all));
	for (unsigned i = 1; i < sizeof lists / sizeof *lists; i++)
		list_each_safe (n, lists[i])
			forget(of_turn(n));
	map_free(&q->by_child);
}

unsigned updown_queue_busy(const struct updown_queue *q)
{
	unsigned n = q->n_running;

	for (const struct node *i = q->waiting.next; i != &q->waiting; i = i->next)
		n++;
	return n;
}

/* -------------------------------------------------------------------- turns */

static bool same_tunnel(const struct updown *a, const struct updown *b)
{
	return !strcmp(a->conn, b->conn) && !strcmp(a->child, b->child) && !strcmp(a->peer, b->peer);
}

/* Whether something of U's tunnel comes first. */
static bool must_wait(const struct updown_queue *q, const struct updown *u)
{
	for (const struct node *n = q->running.next; n != &q->running; n = n->next)
		if (same_tunnel(of_turn(n), u))
			return true;
	for (const struct node *n = q->waiting.next; n != &u->turn; n = n->next)
		if (same_tunnel(of_turn(n), u))
			return true;
	return false;
}

static struct updown *next_turn(const struct updown_queue *q)
{
	if (q->n_running < UPDOWN_AT_ONCE)
		list_each (n, (struct node *)&q->waiting)
			if (!must_wait(q, of_turn(n)))
				return of_turn(n);
	return NULL;
}

static void on_line(void *ctx, const char *line)
{
	struct updown *u = ctx;

	u->queue->say(u->queue->ctx, LOG_NOTICE, u, line);
}

static void on_ended(void *ctx, const struct script_end *end);

static const char *verb(const struct updown *u)
{
	const struct updown_run *r = &u->runs[u->next];

	return strchr(u->going ? r->down : r->up, '=') + 1;
}

/* Starts the next run that can be started; false when there is none. */
static bool run(struct updown *u)
{
	struct updown_queue *q = u->queue;
	struct script_spec spec = {
		.command = u->command, .limit_ms = u->limit_ms, .ctx = u, .line = on_line, .ended = on_ended
	};

	for (; u->next < u->n_runs; u->next++) {
		struct updown_run *r = &u->runs[u->next];
		struct arena arena = { 0 };

		r->env[0] = u->going ? r->down : r->up;
		spec.env = r->env;
		u->script = script_start(q->base, &spec);
		if (u->script)
			return true;
		q->say(q->ctx, LOG_WARN, u,
			arena_printf(&arena, "the script \"%s\" cannot be started (%s): %s", u->command,
				verb(u), strerror(errno)));
		arena_free(&arena);
	}
	return false;
}

/* U waits for its turn to go, BEFORE a turn. */
static void go(struct updown *u, struct node *before)
{
	u->going = true;
	u->next = 0;
	list_append(before, &u->turn);
}

/* All of U's runs are over. What of its tunnel waits has come later than U went. */
static void turn_over(struct updown *u)
{
	struct updown_queue *q = u->queue;

	list_remove(&u->turn);
	q->n_running--;
	if (u->going)
		forget(u);
	else if (u->over)
		go(u, q->waiting.next);
}

static void take_turns(struct updown_queue *q)
{
	struct updown *u;

	while ((u = next_turn(q))) {
		list_remove(&u->turn);
		list_append(&q->running, &u->turn);
		q->n_running++;
		if (!run(u))
			turn_over(u);
	}
}

/* What there is to say of an end; NULL: nothing. */
static const char *end_sentence(const struct updown *u, const struct script_end *end, struct arena *arena)
{
	switch (end->fate) {
	case SCRIPT_TOO_LONG:
		return arena_printf(arena,
			"the script \"%s\" was stopped (%s): it had not ended after %g s; see to it that it "
			"ends, or raise daemon.updown_timeout",
			u->command, verb(u), (double)u->limit_ms / 1000);
	case SCRIPT_KILLED:
		return arena_printf(arena, "the script \"%s\" was killed by signal %d, %s (%s)", u->command,
			end->number, strsignal(end->number), verb(u));
	case SCRIPT_EXITED: break;
	}
	return end->number ? arena_printf(arena, "the script \"%s\" failed with exit code %d (%s)",
				     u->command, end->number, verb(u))
			   : NULL;
}

static void on_ended(void *ctx, const struct script_end *end)
{
	struct updown *u = ctx;
	struct updown_queue *q = u->queue;
	struct arena arena = { 0 };
	const char *sentence = end_sentence(u, end, &arena);

	u->script = NULL;
	if (end->left_out)
		q->say(q->ctx, LOG_NOTICE, u,
			arena_printf(&arena, "%u lines more of the script were left out", end->left_out));
	if (sentence)
		q->say(q->ctx, LOG_WARN, u, sentence);
	arena_free(&arena);
	u->next++;
	if (!run(u))
		turn_over(u);
	take_turns(q);
}

/* -------------------------------------------------------------- what happens */

static void know_as(struct updown *u, uint32_t child)
{
	struct map *by_child = &u->queue->by_child;

	u->newest = (u->newest + 1) % UPDOWN_GENERATIONS;
	map_take(by_child, u->ids[u->newest]);
	u->ids[u->newest] = child;
	map_put(by_child, child, u);
}

void updown_queue_up(struct updown_queue *q, struct updown *u)
{
	u->queue = q;
	list_append(&q->all, &u->of_all);
	list_append(&q->waiting, &u->turn);
	know_as(u, u->id);
	take_turns(q);
}

void updown_queue_rekeyed(struct updown_queue *q, uint32_t child, uint32_t old)
{
	struct updown *u = map_get(&q->by_child, old);

	if (u)
		know_as(u, child);
}

static void down(struct updown *u)
{
	struct updown_queue *q = u->queue;

	for (unsigned i = 0; i < UPDOWN_GENERATIONS; i++)
		map_take(&q->by_child, u->ids[i]);
	list_remove(&u->of_all);
	if (list_empty(&u->turn))
		go(u, &q->waiting);
	else if (u->script)
		u->over = true;
	else
		forget(u);
}

void updown_queue_down(struct updown_queue *q, uint32_t child)
{
	struct updown *u = map_get(&q->by_child, child);

	if (u)
		down(u);
	take_turns(q);
}

void updown_queue_down_all(struct updown_queue *q)
{
	list_each_safe (n, &q->all)
		down(node_owner(n, struct updown, of_all));
	take_turns(q);
}
