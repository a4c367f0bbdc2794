/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that are wanted up, and when they are tried again. */
#include "ike/want.h"

#include "ike/begin.h"
#include "ike/conf.h"
#include "ike/trap.h"

#include <stdlib.h>

struct want {
	struct node of_conn;
	struct heap_node timer;
	const struct child_conf *conf; /* holds a reference to its peer */
	enum want_kind kind;
	unsigned tries; /* since it was last up */
};

static struct want *find(const struct ike *ike, const struct child_conf *conf)
{
	struct conn *c = conn_find(ike, conf->peer->name);

	for (struct node *n = c ? c->wants.next : NULL; n && n != &c->wants; n = n->next) {
		struct want *w = node_owner(n, struct want, of_conn);

		if (child_conf_same(w->conf, conf))
			return w;
	}
	return NULL;
}

static void forget(struct ike *ike, struct want *w)
{
	heap_set(&ike->want_timers, &w->timer, HEAP_NEVER);
	list_remove(&w->of_conn);
	peer_part(ike, w->conf->peer);
	free(w);
}

void want_add(struct step *s, const struct child_conf *conf, enum want_kind kind)
{
	struct want *w = find(s->ike, conf);

	if (begin_never(conf->peer))
		return;
	if (!w) {
		w = calloc(1, sizeof *w);
		if (!w)
			abort();
		w->conf = conf;
		peer_ref(conf->peer);
		list_append(&conn_get(s->ike, conf->peer->name)->wants, &w->of_conn);
		heap_set(&s->ike->want_timers, &w->timer, s->now);
	}
	w->kind = kind > w->kind ? kind : w->kind;
}

void want_up(struct ike *ike, const struct child_conf *conf)
{
	struct want *w = find(ike, conf);

	if (!w)
		return;
	w->tries = 0;
	if (w->kind == WANT_ONCE)
		forget(ike, w);
	else
		heap_set(&ike->want_timers, &w->timer, HEAP_NEVER);
}

/* Less a random share: many that have lost one peer do not come back as one. */
uint64_t want_pause(struct step *s, unsigned tries, uint64_t first, uint64_t longest)
{
	uint64_t most = first;

	for (unsigned i = 1; i < tries && most < longest; i++)
		most *= 2;
	most = most < longest ? most : longest;
	return most / 2 + rng_below(s->rng, (uint32_t)(most / 2) + 1);
}

void want_lost(struct step *s, const struct child_conf *conf)
{
	struct want *w = find(s->ike, conf);

	trap_lost(s, conf);
	if (!w || w->timer.place)
		return;
	if (w->kind == WANT_ONCE && w->conf->peer->keyingtries && w->tries >= w->conf->peer->keyingtries) {
		forget(s->ike, w);
		return;
	}
	heap_set(&s->ike->want_timers, &w->timer, s->now + want_pause(s, w->tries, WANT_FIRST, WANT_LONGEST));
}

void want_now(struct step *s, const struct child_conf *conf)
{
	struct want *w = find(s->ike, conf);

	trap_lost(s, conf);
	if (w)
		heap_set(&s->ike->want_timers, &w->timer, s->now);
}

void want_stop(struct ike *ike, const struct child_conf *conf)
{
	struct want *w = find(ike, conf);

	if (w)
		forget(ike, w);
}

void want_action(struct step *s, const struct child_conf *conf, enum child_action action)
{
	if (action & ACTION_TRAP && !trap_exists(s->ike, conf))
		trap_add(s, conf);
	if (action & ACTION_START)
		want_add(s, conf, WANT_ONCE);
}

void want_follow(struct ike *ike, const struct child_conf *conf)
{
	struct want *w = find(ike, conf);

	if (!w)
		return;
	peer_ref(conf->peer);
	peer_part(ike, w->conf->peer);
	w->conf = conf;
}

static void attempt(struct step *s, struct want *w)
{
	heap_set(&s->ike->want_timers, &w->timer, HEAP_NEVER);
	w->tries++;
	if (child_absent(s->ike, w->conf))
		(void)child_start(s, w->conf, NULL, NULL);
	else if (child_stands(s->ike, w->conf))
		want_up(s->ike, w->conf);
}

void wants_hasten(struct step *s)
{
	list_each (c, &s->ike->conns)
		list_each (n, &node_owner(c, struct conn, of_ike)->wants) {
			struct want *w = node_owner(n, struct want, of_conn);

			if (w->timer.place)
				heap_set(&s->ike->want_timers, &w->timer, s->now);
		}
}

void wants_due(struct step *s)
{
	struct heap_node *n;

	while ((n = heap_first(&s->ike->want_timers)) && n->due <= s->now)
		attempt(s, node_owner(n, struct want, timer));
}

uint64_t ike_next_try(const struct ike *ike, const char *name)
{
	struct conn *c = conn_find(ike, name);
	uint64_t first = HEAP_NEVER;

	for (struct node *n = c ? c->wants.next : NULL; n && n != &c->wants; n = n->next) {
		const struct want *w = node_owner(n, struct want, of_conn);

		if (w->timer.place && w->timer.due < first)
			first = w->timer.due;
	}
	return first;
}

const struct child_conf *wants_missing(struct ike *ike)
{
	list_each (c, &ike->conns)
		list_each (n, &node_owner(c, struct conn, of_ike)->wants) {
			const struct want *w = node_owner(n, struct want, of_conn);

			if (w->kind == WANT_KEPT && !child_stands(ike, w->conf))
				return w->conf;
		}
	return NULL;
}

void wants_free(struct ike *ike, struct conn *conn)
{
	list_each_safe (n, &conn->wants)
		forget(ike, node_owner(n, struct want, of_conn));
}
