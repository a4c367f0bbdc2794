/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sorted list, made when it is needed after a change: first the connections that are for more than single
 * addresses, then an entry for each single address. */
#include "ike/addressed.h"

#include <stdlib.h>

/* All zero but ORDER and PEER: for more than one address. */
struct addressed {
	struct ip ip;
	unsigned order; /* in the configuration */
	const struct peer *peer;
};

void addressed_forget(struct ike *ike)
{
	free(ike->addressed);
	ike->addressed = NULL;
	ike->n_addressed = 0;
}

static int by_address(const struct addressed *a, const struct addressed *b)
{
	return a->ip.v != b->ip.v ? a->ip.v - b->ip.v : a->ip.v ? ip_cmp(&a->ip, &b->ip) : 0;
}

static int by_all(const void *a, const void *b)
{
	const struct addressed *x = a, *y = b;
	int d = by_address(x, y);

	return d ? d : (x->order > y->order) - (x->order < y->order);
}

static bool only_singles(const struct peer *p)
{
	for (unsigned i = 0; i < p->n_remote_addrs; i++)
		if (!addr_pattern_single(&p->remote_addrs[i]))
			return false;
	return p->n_remote_addrs;
}

static void add(struct ike *ike, const struct peer *p, unsigned order)
{
	struct addressed *v = ike->addressed + ike->n_addressed;

	if (!only_singles(p)) {
		*v = (struct addressed){ .order = order, .peer = p };
		ike->n_addressed++;
		return;
	}
	for (unsigned i = 0; i < p->n_remote_addrs; i++)
		v[i] = (struct addressed){ p->remote_addrs[i].lo, order, p };
	ike->n_addressed += p->n_remote_addrs;
}

static void make(struct ike *ike)
{
	unsigned room = 0, order = 0;

	list_each (n, &ike->conns) {
		unsigned addresses = node_owner(n, struct conn, of_ike)->peer->n_remote_addrs;

		room += addresses ? addresses : 1;
	}
	ike->addressed = reallocarray(NULL, room ? room : 1, sizeof *ike->addressed);
	if (!ike->addressed)
		abort();
	list_each (n, &ike->conns)
		add(ike, node_owner(n, struct conn, of_ike)->peer, order++);
	qsort(ike->addressed, ike->n_addressed, sizeof *ike->addressed, by_all);
}

/* The first entry of IP or behind it. */
static unsigned first_of(const struct ike *ike, const struct ip *ip)
{
	const struct addressed wanted = { .ip = *ip };
	unsigned lo = 0, hi = ike->n_addressed;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (by_address(&ike->addressed[mid], &wanted) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* How many follow from AT on that are for the same. */
static unsigned run_of(const struct ike *ike, unsigned at, const struct ip *ip)
{
	const struct addressed wanted = { .ip = *ip };
	unsigned n = 0;

	while (at + n < ike->n_addressed && !by_address(&ike->addressed[at + n], &wanted))
		n++;
	return n;
}

const struct peer **addressed_find(struct ike *ike, const struct ip *ip, struct arena *arena, unsigned *n)
{
	const struct ip any = { 0 };
	const struct addressed *a, *b, *a_end, *b_end;
	const struct peer **v;
	unsigned found = 0;

	if (!ike->addressed)
		make(ike);
	a = ike->addressed;
	a_end = a + run_of(ike, 0, &any);
	b = ike->addressed + first_of(ike, ip);
	b_end = b + (ip->v ? run_of(ike, (unsigned)(b - ike->addressed), ip) : 0);
	v = ARENA_ARRAY(arena, (size_t)(a_end - a) + (size_t)(b_end - b), const struct peer *);
	while (a < a_end || b < b_end) {
		const struct addressed **next = b == b_end || (a < a_end && a->order < b->order) ? &a : &b;

		if (!found || v[found - 1] != (*next)->peer)
			v[found++] = (*next)->peer;
		++*next;
	}
	*n = found;
	return v;
}
