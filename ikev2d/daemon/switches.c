/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted, and what is closed. */
#include "daemon/switches.h"

#include "daemon/line.h"

#include <stdlib.h>

struct kill_switch_of {
	struct node of_all;
	uint32_t id;
	const struct child_conf *conf; /* holds a reference to its peer */
	bool closed;
	bool stale; /* of an earlier configuration */
};

static void say(enum log_level level, const struct kill_switch_of *k, const char *text)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "conn", k->conf->peer->name);
	line_add(&line, "child", k->conf->name);
	line_add(&line, "msg", text);
	log_say(level, "kill-switch", "%s", text_str(&line));
	arena_free(&arena);
}

/* The address of the peer, where it is written; of no version otherwise. */
static struct ip peer_of(const struct child_conf *c)
{
	const struct peer *p = c->peer;

	for (unsigned i = 0; i < p->n_remote_addrs; i++)
		if (addr_pattern_single(&p->remote_addrs[i]))
			return p->remote_addrs[i].lo;
	return (struct ip){ 0 };
}

/* What C must not send in the clear. Empty: nobody knows. */
static struct tss barred(const struct child_conf *c, struct arena *arena)
{
	struct ip peer = peer_of(c);
	struct tss all = tss_resolve(c->remote, &peer, arena);
	struct ts *v = ARENA_ARRAY(arena, (size_t)all.n + 2, struct ts);
	unsigned n = 0;

	if (c->kill_switch == KILL_ALL) {
		v[n++] = ts_every(4);
		v[n++] = ts_every(6);
	}
	for (unsigned i = 0; i < all.n && c->kill_switch == KILL_YES; i++)
		if (all.v[i].lo.v)
			v[n++] = all.v[i];
	return (struct tss){ v, n };
}

static bool is_wanted(const struct child_conf *c)
{
	return c->start_action != ACTION_NONE || c->keep;
}

static const char *name_of(const struct child_conf *c, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", c->peer->name, c->name);
}

/* Whether a person has closed the child that is called as C, whatever was said of it then; maybe before a
 * crash. */
static bool is_noted(const struct switches *s, const struct child_conf *c)
{
	struct arena scratch = { 0 };
	bool noted = route_closed(s->route, name_of(c, &scratch));

	arena_free(&scratch);
	return noted;
}

/* What the configuration wants closed will be again. */
static enum err close_and_note(struct switches *s, struct kill_switch_of *k, struct tss to, struct text *why)
{
	struct arena scratch = { 0 };
	const char *name = name_of(k->conf, &scratch);
	enum err e = is_wanted(k->conf) ? ERR_OK : route_closed_note(s->route, name, why);

	if (!e && (e = route_bar_add(s->route, k->id, s->user, to, why)) && !is_wanted(k->conf))
		route_closed_forget(s->route, name);
	arena_free(&scratch);
	return e;
}

static enum err shut(struct switches *s, struct kill_switch_of *k, struct text *why)
{
	struct arena scratch = { 0 };
	struct tss to = barred(k->conf, &scratch);
	enum err e = ERR_OK;

	if (!to.n) {
		text_add(why,
			"%s: kill_switch cannot be had, since remote_ts is dynamic and the peer's address is "
			"not "
			"written: name networks in remote_ts, or write kill_switch = all",
			source_print(&k->conf->at, "kill_switch", &scratch));
		e = ERR_RANGE;
	} else {
		e = close_and_note(s, k, to, why);
	}
	k->closed = !e;
	if (!e)
		say(LOG_NOTICE, k,
			arena_printf(&scratch,
				"closed: %s would leave in the clear is dropped, until \"ipsec down %s\" or "
				"an orderly stop",
				k->conf->kill_switch == KILL_ALL ? "whatever" : "what for its remote_ts",
				k->conf->peer->name));
	arena_free(&scratch);
	return e;
}

static void unshut(struct switches *s, struct kill_switch_of *k)
{
	struct arena scratch = { 0 };

	if (!k->closed)
		return;
	route_bar_del(s->route, k->id);
	if (!is_wanted(k->conf))
		route_closed_forget(s->route, name_of(k->conf, &scratch));
	arena_free(&scratch);
	k->closed = false;
	say(LOG_NOTICE, k, "open: packets may leave in the clear");
}

static void forget(struct kill_switch_of *k)
{
	list_remove(&k->of_all);
	peer_unref(k->conf->peer);
	free(k);
}

static bool is_for(const struct kill_switch_of *k, const char *ike, const char *child)
{
	return (!ike || !strcmp(k->conf->peer->name, ike)) &&
	       (!child || !strcmp(k->conf->name, child) || !strcmp(k->conf->group, child));
}

static bool same(const struct child_conf *a, const struct child_conf *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->peer->name, b->peer->name) &&
	       a->kill_switch == b->kill_switch && is_wanted(a) == is_wanted(b) &&
	       tss_eq(a->remote, b->remote);
}

/* The one that says the same as C lives on; else there is a new one. */
static void follow(struct switches *s, const struct child_conf *c)
{
	struct kill_switch_of *k;

	list_each (i, &s->all) {
		k = node_owner(i, struct kill_switch_of, of_all);
		if (!same(k->conf, c) || !k->stale)
			continue;
		peer_ref(c->peer);
		peer_unref(k->conf->peer);
		k->conf = c;
		k->stale = false;
		return;
	}
	k = calloc(1, sizeof *k);
	if (!k)
		abort();
	k->id = ++s->last_id;
	k->conf = c;
	peer_ref(c->peer);
	list_append(&s->all, &k->of_all);
}

/* One that should have been closed, and is not, is said; packets go in the clear. */
static void close_wanted(struct switches *s, struct kill_switch_of *k)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (shut(s, k, &why))
		say(LOG_ERROR, k, arena_printf(&scratch, "NOT closed: %s", text_str(&why)));
	arena_free(&scratch);
}

void switches_follow(struct switches *s, const char *only, struct peer *const *peers, unsigned n)
{
	uint32_t before = s->last_id;

	list_each (i, &s->all) {
		struct kill_switch_of *k = node_owner(i, struct kill_switch_of, of_all);

		k->stale = !only || !strcmp(k->conf->peer->name, only);
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < peers[i]->n_children; c++)
			if (peers[i]->children[c].kill_switch != KILL_NO)
				follow(s, &peers[i]->children[c]);
	list_each (i, &s->all) {
		struct kill_switch_of *k = node_owner(i, struct kill_switch_of, of_all);

		if (k->id > before && (is_wanted(k->conf) || is_noted(s, k->conf)))
			close_wanted(s, k);
	}
	list_each_safe (i, &s->all) {
		struct kill_switch_of *k = node_owner(i, struct kill_switch_of, of_all);

		if (!k->stale)
			continue;
		unshut(s, k);
		forget(k);
	}
}

enum err switches_close(struct switches *s, const char *ike, const char *child, struct text *why)
{
	enum err e = ERR_OK;

	list_each (i, &s->all) {
		struct kill_switch_of *k = node_owner(i, struct kill_switch_of, of_all);

		if (!e && !k->closed && is_for(k, ike, child))
			e = shut(s, k, why);
	}
	return e;
}

bool switches_open(struct switches *s, const char *ike, const char *child)
{
	bool any = false;

	list_each (i, &s->all) {
		struct kill_switch_of *k = node_owner(i, struct kill_switch_of, of_all);

		if (!is_for(k, ike, child))
			continue;
		any |= k->closed;
		unshut(s, k);
	}
	return any;
}

void switches_each(const struct switches *s, switches_fn *each, void *ctx)
{
	list_each (i, (struct node *)&s->all) {
		const struct kill_switch_of *k = node_owner(i, struct kill_switch_of, of_all);

		if (k->closed)
			each(ctx, k->conf);
	}
}

void switches_start(struct switches *s, struct route *route, uint32_t user)
{
	*s = (struct switches){ .route = route, .user = user };
	list_init(&s->all);
}

void switches_stop(struct switches *s)
{
	list_each_safe (i, &s->all)
		forget(node_owner(i, struct kill_switch_of, of_all));
}
