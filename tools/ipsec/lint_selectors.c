/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lints about selectors: two children that carry the same packets. */
#include "lint.h"

enum { CHILDREN_MAX = 4096 /* that are compared, each with each */ };

struct all {
	const struct child_conf **v;
	unsigned n;
};

static struct all gather(struct lint_run *l)
{
	const struct conf *conf = l->in->conf;
	struct all a = { .v = ARENA_ARRAY(l->arena, CHILDREN_MAX, const struct child_conf *) };

	for (unsigned i = 0; i < conf->n_peers; i++)
		for (unsigned k = 0; k < conf->peers[i]->n_children && a.n < CHILDREN_MAX; k++)
			a.v[a.n++] = &conf->peers[i]->children[k];
	return a;
}

static bool mark_eq(const struct mark *a, const struct mark *b)
{
	return a->drawn == b->drawn && a->value == b->value && a->mask == b->mask;
}

static bool same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

/* Whether something else than selectors tells their packets apart: what is drawn is so for each SA. */
static bool told_apart(const struct child_conf *a, const struct child_conf *b)
{
	return a->if_id_out.drawn || b->if_id_out.drawn || a->mark_out.drawn || b->mark_out.drawn ||
	       a->if_id_out.value != b->if_id_out.value || !mark_eq(&a->mark_out, &b->mark_out) ||
	       a->priority != b->priority || !same_text(a->interface, b->interface) ||
	       !same_text(a->label, b->label) || !a->policies || !b->policies;
}

/* A pair of selectors: what a policy has. */
struct pair {
	const struct ts *local, *remote;
};

/* Whether each packet of B is one of A. The narrower policy wins, as the narrower route does. */
static bool pair_contains(struct pair a, struct pair b)
{
	return ts_contains(a.local, b.local) && ts_contains(a.remote, b.remote);
}

static bool collide(struct pair a, struct pair b, struct ts *local, struct ts *remote)
{
	bool equal = ts_eq(a.local, b.local) && ts_eq(a.remote, b.remote);

	if (a.local->dynamic || b.local->dynamic || a.remote->dynamic || b.remote->dynamic)
		return false;
	if (!ts_intersect(a.local, b.local, local) || !ts_intersect(a.remote, b.remote, remote))
		return false;
	return equal || (!pair_contains(a, b) && !pair_contains(b, a));
}

/* The first packets that both carry. */
static bool overlap(
	const struct child_conf *a, const struct child_conf *b, struct ts *local, struct ts *remote)
{
	for (unsigned i = 0; i < a->local.n * a->remote.n; i++)
		for (unsigned k = 0; k < b->local.n * b->remote.n; k++) {
			struct pair one = { &a->local.v[i % a->local.n], &a->remote.v[i / a->local.n] };
			struct pair two = { &b->local.v[k % b->local.n], &b->remote.v[k / b->local.n] };

			if (collide(one, two, local, remote))
				return true;
		}
	return false;
}

static void say(struct lint_run *l, const struct child_conf *a, const struct child_conf *b,
	const struct ts *local, const struct ts *remote)
{
	char l_text[TS_TEXT], r_text[TS_TEXT];

	lint_say(l, &b->at, source_has(&b->at, "remote_ts") ? "remote_ts" : "local_ts",
		arena_printf(l->arena,
			"%s/%s and %s/%s both carry %s === %s: of two that are up, the one that came last "
			"sends",
			a->peer->name, a->name, b->peer->name, b->name, ts_print(local, l_text),
			ts_print(remote, r_text)),
		"selectors that have nothing in common, or an if_id or a mark for each");
}

void lint_overlap(struct lint_run *l)
{
	struct all all = gather(l);
	struct ts local, remote;

	for (unsigned i = 1; i < all.n; i++)
		for (unsigned k = 0; k < i; k++)
			if (!told_apart(all.v[k], all.v[i]) && overlap(all.v[k], all.v[i], &local, &remote)) {
				say(l, all.v[k], all.v[i], &local, &remote);
				break;
			}
}
