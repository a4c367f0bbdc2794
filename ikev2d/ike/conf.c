/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration, and how a new one takes the place of the old. */
#include "ike/conf.h"

#include "ike/addressed.h"
#include "ike/begin.h"
#include "ike/task.h"
#include "ike/ticket.h"
#include "ike/trap.h"
#include "ike/want.h"

#include <stdlib.h>

/* ------------------------------------------------------------- connections */

struct conn *conn_find(const struct ike *ike, const char *name)
{
	return dict_get(&ike->by_name, name);
}

struct conn *conn_get(struct ike *ike, const char *name)
{
	struct conn *c = conn_find(ike, name);
	size_t n = strlen(name) + 1;

	if (c)
		return c;
	c = calloc(1, sizeof *c + n);
	if (!c)
		abort();
	memcpy(c->name, name, n);
	list_init(&c->of_ike);
	list_init(&c->sas);
	list_init(&c->traps);
	list_init(&c->wants);
	dict_put(&ike->by_name, c->name, c);
	return c;
}

void conn_tidy(struct ike *ike, struct conn *c)
{
	if (!list_empty(&c->of_ike) || !list_empty(&c->sas))
		return;
	dict_take(&ike->by_name, c->name);
	ticket_free(c->ticket);
	free(c);
}

void conn_of_sa(struct ike *ike, struct sa *sa, const struct peer *peer)
{
	struct conn *before = sa->conn;

	if (peer)
		peer_ref(peer);
	list_remove(&sa->of_conn);
	sa->conn = peer ? conn_get(ike, peer->name) : NULL;
	if (sa->conn)
		list_append(&sa->conn->sas, &sa->of_conn);
	peer_part(ike, sa->peer);
	sa->peer = peer;
	if (before)
		conn_tidy(ike, before);
}

bool child_conf_same(const struct child_conf *a, const struct child_conf *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->peer->name, b->peer->name);
}

const struct peer *peer_now(const struct ike *ike, const struct peer *peer)
{
	const struct conn *c = conn_find(ike, peer->name);

	return c && c->peer ? c->peer : peer;
}

const struct child_conf *child_conf_in_force(const struct ike *ike, const struct child_conf *conf)
{
	const struct conn *c = conn_find(ike, conf->peer->name);

	return c && c->peer ? peer_child(c->peer, conf->name) : NULL;
}

const struct child_conf *child_conf_now(const struct ike *ike, const struct child_conf *conf)
{
	const struct child_conf *now = child_conf_in_force(ike, conf);

	return now ? now : conf;
}

/* ------------------------------------------------------------------ change */

/* The child of P that says the same as C, or NULL. */
static const struct child_conf *unchanged(const struct peer *p, const struct child_conf *c)
{
	const struct child_conf *same = p ? peer_child(p, c->name) : NULL;

	return same && child_conf_equal(same, c) ? same : NULL;
}

static bool starts(const struct child_conf *c)
{
	return c->start_action & ACTION_START || c->keep;
}

/* The old version C of a child ends; NOW is what is configured in its place, or NULL. */
static void undo(struct step *s, struct conn *conn, const struct child_conf *c, const struct child_conf *now)
{
	trap_retire(s, c, now);
	if (now && !starts(c))
		want_follow(s->ike, now);
	else
		want_stop(s->ike, c);
	if (starts(c))
		child_undo(s, conn, c);
}

/* C would be started, and cannot be: that is said once. */
static void say_never(struct step *s, const struct child_conf *c)
{
	const char *never = starts(c) ? begin_never(c->peer) : NULL;
	struct why why;

	if (!never)
		return;
	why = begin_refusal(c->peer, never, s->scratch);
	why.instead = "start_action = none, and no keep: the peer begins";
	tell_refused(s, c->peer->name, NULL, &why);
}

static void run(struct step *s, const struct child_conf *c)
{
	say_never(s, c);
	if (c->start_action & ACTION_TRAP)
		trap_add(s, c);
	if (c->start_action & ACTION_START)
		want_add(s, c, WANT_ONCE);
	if (c->keep)
		want_add(s, c, WANT_KEPT);
}

/* CONN is configured no more: nobody is let in by it. Who has not said yet who it is may still turn out to be
 * of another connection (candidate.c). */
static void turn_away(struct step *s, struct conn *conn)
{
	list_each_safe (n, &conn->sas) {
		struct sa *sa = node_owner(n, struct sa, of_conn);

		if (sa_half_open(&sa->core) && sa->handshake->id_i.n)
			sa_abandon(s, sa);
	}
}

/* NOW is in force; NULL: nothing is. */
static void change(struct step *s, struct conn *conn, const struct peer *now)
{
	const struct peer *before = conn->peer;

	conn->peer = now ? peer_ref(now) : NULL;
	s->ike->n_conns += !!now - !!before;
	for (unsigned i = 0; before && i < before->n_children; i++) {
		const struct child_conf *c = &before->children[i], *same = unchanged(now, c);

		if (!same) {
			undo(s, conn, c, now ? peer_child(now, c->name) : NULL);
			continue;
		}
		trap_follow(s->ike, same);
		want_follow(s->ike, same);
	}
	for (unsigned i = 0; now && i < now->n_children; i++)
		if (!unchanged(before, &now->children[i]))
			run(s, &now->children[i]);
	if (before && !now)
		turn_away(s, conn);
	peer_part(s->ike, before);
	if (!now)
		list_remove(&conn->of_ike);
	conn_tidy(s->ike, conn);
}

static void change_one(struct step *s, const char *name, const struct peer *now)
{
	struct conn *conn = conn_get(s->ike, name);

	if (now && !conn->peer)
		list_append(&s->ike->conns, &conn->of_ike);
	change(s, conn, now);
}

/* In the new order; those that are left over are gone. */
static void change_all(struct step *s, struct peer *const *peers, unsigned n)
{
	struct node before;

	list_init(&before);
	list_join(&before, &s->ike->conns);
	for (unsigned i = 0; i < n; i++) {
		struct conn *conn = conn_get(s->ike, peers[i]->name);

		list_remove(&conn->of_ike);
		list_append(&s->ike->conns, &conn->of_ike);
		change(s, conn, peers[i]);
	}
	list_each_safe (c, &before)
		change(s, node_owner(c, struct conn, of_ike), NULL);
}

void conf_change(struct step *s, struct peer *const *peers, unsigned n, const char *only,
	const struct settings *settings)
{
	s->ike->settings = *settings;
	addressed_forget(s->ike);
	if (only)
		change_one(s, only, n ? peers[0] : NULL);
	else
		change_all(s, peers, n);
}

void conns_free(struct ike *ike)
{
	list_each_safe (n, &ike->conns) {
		struct conn *c = node_owner(n, struct conn, of_ike);

		list_each_safe (t, &c->traps)
			trap_free(ike, node_owner(t, struct trap, of_conn));
		wants_free(ike, c);
		peer_part(ike, c->peer);
		c->peer = NULL;
		list_remove(&c->of_ike);
		conn_tidy(ike, c);
	}
	dict_free(&ike->by_name);
	addressed_forget(ike);
}
