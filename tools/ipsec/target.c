/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user's NAME means. */
#include "snapshot.h"

#include "base/names.h"

/* Everything that has a name: each connection, then its children; nothing twice. */
struct named {
	struct arena *arena;
	struct target *v;
	unsigned n, cap;
};

static bool same(struct target a, struct target b)
{
	return !strcmp(a.conn, b.conn) && !a.child == !b.child && (!a.child || !strcmp(a.child, b.child));
}

static void add(struct named *all, const char *conn, const char *child)
{
	struct target t = { conn, child };

	for (unsigned i = 0; i < all->n; i++)
		if (same(all->v[i], t))
			return;
	if (all->n == all->cap) {
		struct target *v;

		all->cap = all->cap ? 2 * all->cap : 64;
		v = ARENA_ARRAY(all->arena, all->cap, struct target);
		if (all->n)
			memcpy(v, all->v, all->n * sizeof *v);
		all->v = v;
	}
	all->v[all->n++] = t;
}

static void add_children(struct named *all, const struct vici_node *section, const char *list, bool by_key)
{
	const struct vici_node *children = vici_find(section, list);

	add(all, section->name, NULL);
	for (const struct vici_node *n = children ? children->first : NULL; n; n = n->next) {
		const char *name = by_key ? vici_str(n, "name") : n->name;

		if (name)
			add(all, section->name, name);
	}
}

static struct named collect(struct ipsec *x, const struct snapshot *s)
{
	struct named all = { .arena = &x->arena };

	for (unsigned i = 0; i < s->n_conns; i++)
		add_children(&all, s->conns[i], "children", false);
	for (unsigned i = 0; i < s->n_sas; i++)
		add_children(&all, s->sas[i], "child-sas", true);
	return all;
}

const char *target_print(struct target t, struct arena *arena)
{
	return t.child ? arena_printf(arena, "%s/%s", t.conn, t.child) : t.conn;
}

/* How a candidate is typed so that nothing else can be meant. */
static const char *unambiguous(struct target t, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", t.conn, t.child ? t.child : "");
}

static int ambiguous(struct ipsec *x, const char *name, const struct target *v, unsigned n)
{
	struct text list = text_in(&x->arena);

	for (unsigned i = 0; i < n; i++)
		text_add(&list, "%s%s", i ? ", " : "", unambiguous(v[i], &x->arena));
	return ipsec_fail(x, FAILED, "%s is ambiguous; it may be one of: %s", name, text_str(&list));
}

struct cursor {
	const struct named *all;
	unsigned i;
};

static const char *next_name(void *ctx)
{
	struct cursor *c = ctx;
	const struct target *t = &c->all->v[c->i];

	if (c->i == c->all->n)
		return NULL;
	c->i++;
	return t->child ? t->child : t->conn;
}

static int unknown(struct ipsec *x, const char *name, const struct named *all)
{
	struct cursor cursor = { all, 0 };
	const char *near = name_nearest(name, next_name, &cursor);

	if (!all->n)
		return ipsec_fail(
			x, FAILED, "%s: ikev2d has no connections; what does the configuration say?", name);
	if (near)
		return ipsec_fail(
			x, FAILED, "there is no connection or child %s: did you mean %s?", name, near);
	return ipsec_fail(x, FAILED, "there is no connection or child %s: ipsec list conns shows them", name);
}

int target_find(struct ipsec *x, const struct snapshot *s, const char *name, struct target *out)
{
	struct named all = collect(x, s);
	struct target *found = ARENA_ARRAY(&x->arena, all.n, struct target);
	unsigned n = 0;

	for (unsigned i = 0; i < all.n; i++) {
		struct target t = all.v[i];
		bool plain = !strcmp(t.child ? t.child : t.conn, name);

		if (!strcmp(unambiguous(t, &x->arena), name)) {
			*out = t;
			return DONE;
		}
		/* The connection of the same name came before. */
		if (plain && !(t.child && n && !found[n - 1].child && !strcmp(found[n - 1].conn, t.conn)))
			found[n++] = t;
	}
	if (n > 1)
		return ambiguous(x, name, found, n);
	if (!n)
		return unknown(x, name, &all);
	*out = found[0];
	return DONE;
}
