/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools by their names, and what is in them. */
#include "daemon/lease.h"

/* What one answer is made of. */
struct asked {
	struct leases *leases;
	const struct ike_question *q;
	struct arena *arena;
	const struct vip_pool **pools; /* of the connection, in its order */
	unsigned n_pools;
	const char *lost; /* the first that there is not; NULL: all are there */
};

static const struct vip_pool *pool_find(const struct conf *conf, const char *name)
{
	for (unsigned i = 0; i < conf->n_pools; i++)
		if (!strcmp(conf->pools[i].name, name))
			return &conf->pools[i];
	return NULL;
}

static void find_pools(struct asked *x, const struct conf *conf)
{
	const struct strings *names = &x->q->peer->pools;

	x->pools = ARENA_ARRAY(x->arena, names->n, const struct vip_pool *);
	for (unsigned i = 0; i < names->n; i++) {
		const struct vip_pool *p = pool_find(conf, names->v[i]);

		if (p)
			x->pools[x->n_pools++] = p;
		else if (!x->lost)
			x->lost = names->v[i];
	}
}

/* An address of the family of WANTED. */
static enum err get(const struct asked *x, const struct ip *wanted, struct ip *given, unsigned *n)
{
	const struct vip_pool **pools = ARENA_ARRAY(x->arena, x->n_pools, const struct vip_pool *);
	struct lease_request r = {
		.pools = pools,
		.id = &x->q->remote,
		.remote = x->q->hosts.remote,
		.wanted = *wanted,
		.replaces = x->q->replaces,
		.given = given,
		.n_given = *n,
	};
	enum err e;

	for (unsigned i = 0; i < x->n_pools; i++)
		if (x->pools[i]->lo.v == wanted->v)
			pools[r.n_pools++] = x->pools[i];
	e = leases_get(x->leases, &r, &given[*n]);
	*n += !e;
	return e;
}

static bool same_attribute(const struct pool_attr *a, const struct pool_attr *b)
{
	return a->type == b->type && bytes_eq(a->data, b->data);
}

/* Whether a pool before NTH, or NTH itself before its attribute A, says the same. */
static bool said_before(const struct asked *x, unsigned nth, const struct pool_attr *a)
{
	for (unsigned i = 0; i <= nth; i++)
		for (unsigned k = 0; k < x->pools[i]->n_attrs && &x->pools[i]->attrs[k] != a; k++)
			if (same_attribute(&x->pools[i]->attrs[k], a))
				return true;
	return false;
}

/* The attributes of all pools, each once. */
static struct bytes attributes(const struct asked *x)
{
	enum { HEAD = 4 };
	size_t room = 0;
	struct wr w;

	for (unsigned i = 0; i < x->n_pools; i++)
		for (unsigned k = 0; k < x->pools[i]->n_attrs; k++)
			room += HEAD + x->pools[i]->attrs[k].data.n;
	w = wr_of(arena_alloc(x->arena, room), room);
	for (unsigned i = 0; i < x->n_pools; i++)
		for (unsigned k = 0; k < x->pools[i]->n_attrs; k++)
			if (!said_before(x, i, &x->pools[i]->attrs[k]))
				cp_put(&w, x->pools[i]->attrs[k].type, x->pools[i]->attrs[k].data);
	return w.bad ? (struct bytes){ 0 } : wr_done(&w);
}

/* "rw (10.3.0.1-10.3.0.254, 254 in use)" */
static void describe(const struct asked *x, const struct vip_pool *p, struct text *out)
{
	const struct lease_area *a = leases_area(x->leases, p);
	char lo[IP_TEXT], hi[IP_TEXT];

	text_add(out, "%s%s (%s-%s, %u in use)", out->n ? ", " : "", p->name, ip_print(&p->lo, lo),
		ip_print(&p->hi, hi), a ? a->online : 0);
}

static void explain(const struct asked *x, enum err e, struct why *why)
{
	const struct peer *p = x->q->peer;
	struct text pools = text_in(x->arena);
	const char *who = id_print(&x->q->remote, x->arena);

	for (unsigned i = 0; i < x->n_pools; i++)
		describe(x, x->pools[i], &pools);
	why->where = source_print(&p->at, "pools", x->arena);
	if (e == ERR_RANGE) {
		why->what = arena_printf(x->arena,
			"%s asks for a virtual address, and its identity is longer than %d octets", who,
			LEASE_ID_MAX);
	} else if (!p->pools.n) {
		why->what = arena_printf(x->arena,
			"%s asks for a virtual address, and connection %s has no pools", who, p->name);
		why->instead = "pools = NAME, and a section pools.NAME with addrs";
	} else if (x->lost) {
		why->what = arena_printf(x->arena,
			"%s asks for a virtual address, and the pool %s is not configured", who, x->lost);
		why->instead = arena_printf(x->arena, "a section pools.%s with addrs", x->lost);
	} else {
		why->what = arena_printf(x->arena, "there is no virtual address left for %s", who);
		why->configured = text_str(&pools);
		why->instead = "a larger pool of the family that is asked for, or another one beside";
	}
}

void lease_answer(struct leases *leases, const struct conf *conf, const struct ike_question *q,
	struct arena *arena, struct ike_answer *out)
{
	struct asked x = { .leases = leases, .q = q, .arena = arena };
	struct ip *given = ARENA_ARRAY(arena, q->remotes.n, struct ip);
	enum err e = ERR_MISSING;
	unsigned n = 0;

	find_pools(&x, conf);
	for (unsigned i = 0; i < q->remotes.n; i++) {
		enum err one = get(&x, &q->remotes.v[i], given, &n);

		e = one == ERR_RANGE ? one : e;
	}
	out->ips = (struct ike_ips){ given, n };
	if (n) {
		out->attributes = attributes(&x);
		return;
	}
	out->result = e;
	explain(&x, e, &out->why);
}
