/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools by their names, and what is in them. */
#include "daemon/lease.h"

/* The pool of what a RADIUS server gives. */
static const char by_radius[] = "radius";

enum { INTERNAL_IP4_DNS = 3, INTERNAL_IP4_NBNS = 4, INTERNAL_IP6_DNS = 10, ATTRIBUTE_HEAD = 4 };

/* What one answer is made of. */
struct asked {
	struct leases *leases;
	const struct ike_question *q;
	struct arena *arena;
	const struct vip_pool **pools; /* of the connection, in its order */
	unsigned n_pools;
	const struct lease_grant *grant; /* NULL: none is wanted */
	bool radius;                     /* that of a server would be */
	struct ip taken;                 /* that the server has given, and another one has; v 0: none */
	const char *lost;                /* the first that there is not; NULL: all are there */
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
		else if (!strcmp(names->v[i], by_radius))
			x->radius = true;
		else if (!x->lost)
			x->lost = names->v[i];
	}
}

/* The one that the server gives, if it gives one of the family V. */
static struct ip granted(const struct asked *x, uint8_t v)
{
	if (!x->grant || !(x->radius || x->grant->by_file))
		return (struct ip){ 0 };
	return v == 4 ? x->grant->ip : x->grant->ip6;
}

static bool is_given(const struct ip *ip, const struct ip *given, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (ip_eq(ip, &given[i]))
			return true;
	return false;
}

static enum err get_granted(struct asked *x, const struct ip *ip, struct ip *given, unsigned *n)
{
	const struct vip_pool only = { .lo = *ip, .hi = *ip }, *pools[] = { &only };
	const struct lease_request r = {
		.pools = pools,
		.n_pools = 1,
		.id = &x->q->remote,
		.remote = x->q->hosts.remote,
		.wanted = *ip,
		.replaces = x->q->replaces,
		.assigned = true,
	};
	enum err e = leases_get(x->leases, &r, &given[*n]);

	if (e == ERR_MISSING)
		x->taken = *ip;
	*n += !e;
	return e;
}

/* An address of the family of WANTED, of a pool. */
static enum err get_pooled(const struct asked *x, const struct ip *wanted, struct ip *given, unsigned *n)
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

/* An address of the family of WANTED: the server's, who gives only one, or else one of a pool. */
static enum err get(struct asked *x, const struct ip *wanted, struct ip *given, unsigned *n)
{
	struct ip ip = granted(x, wanted->v);

	return ip.v && !is_given(&ip, given, *n) ? get_granted(x, &ip, given, n)
						 : get_pooled(x, wanted, given, n);
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

/* The servers of names that the RADIUS server gives. */
static void put_granted(const struct asked *x, struct wr *w)
{
	const struct lease_grant *g = x->grant;

	for (unsigned i = 0; x->radius && g && i < g->n_dns; i++)
		cp_put(w, g->dns[i].v == 4 ? INTERNAL_IP4_DNS : INTERNAL_IP6_DNS, ip_bytes(&g->dns[i]));
	for (unsigned i = 0; x->radius && g && i < g->n_nbns; i++)
		cp_put(w, INTERNAL_IP4_NBNS, ip_bytes(&g->nbns[i]));
}

/* The attributes of all pools, each once, behind those of the RADIUS server. */
static struct bytes attributes(const struct asked *x)
{
	size_t room = 2 * LEASE_SERVERS_MAX * (ATTRIBUTE_HEAD + sizeof x->taken.a);
	struct wr w;

	for (unsigned i = 0; i < x->n_pools; i++)
		for (unsigned k = 0; k < x->pools[i]->n_attrs; k++)
			room += ATTRIBUTE_HEAD + x->pools[i]->attrs[k].data.n;
	w = wr_of(arena_alloc(x->arena, room), room);
	put_granted(x, &w);
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
	} else if (x->taken.v) {
		char taken[IP_TEXT];

		why->what =
			arena_printf(x->arena, "%s gives %s the virtual address %s, which another one has",
				x->grant->by_file ? "daemon.users_file" : "the RADIUS server", who,
				ip_print(&x->taken, taken));
		why->instead = x->grant->by_file ? "an address of its own for each user, which is in no pool"
						 : "an address of its own for each user at the RADIUS server";
	} else if (x->lost) {
		why->what = arena_printf(x->arena,
			"%s asks for a virtual address, and the pool %s is not configured", who, x->lost);
		why->instead = arena_printf(x->arena, "a section pools.%s with addrs", x->lost);
	} else if (x->radius && !x->n_pools) {
		why->what = arena_printf(x->arena,
			"%s asks for a virtual address, and the RADIUS server gives none of that family",
			who);
		why->instead =
			"a Framed-IP-Address or Framed-IPv6-Address of the user there, or another pool "
			"beside";
	} else {
		why->what = arena_printf(x->arena, "there is no virtual address left for %s", who);
		why->configured = text_str(&pools);
		why->instead = "a larger pool of the family that is asked for, or another one beside";
	}
}

void lease_answer(struct leases *leases, const struct conf *conf, const struct ike_question *q,
	const struct lease_grant *grant, struct arena *arena, struct ike_answer *out)
{
	struct asked x = { .leases = leases, .q = q, .arena = arena, .grant = grant };
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
