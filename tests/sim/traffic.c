/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets through the tunnels: sent on the SA that is selected, taken where its inbound end still is. */
#include "base/heap.h"
#include "ike/state.h"
#include "tests/sim/sim.h"

#include <stdlib.h>

/* One packet under way. */
struct packet {
	struct node node;
	unsigned from, to;
	uint32_t spi;
	uint64_t at;
};

/* Which client is where SUN takes a peer to be, from LOCAL to REMOTE; SIDES_MAX: none. */
static unsigned client_at(const struct life *l, const struct addr *local, const struct addr *remote)
{
	struct flight f = { .source = *local, .target = *remote };
	const struct host *h = lab_reached(l->lab, &f);
	unsigned side = 0;

	f.tcp = true;
	if (!h)
		h = lab_reached(l->lab, &f);
	while (side < SIDES_MAX && l->hosts[side] != h)
		side++;
	return side;
}

static unsigned destination(const struct life *l, unsigned from, const struct dp_sa *sa)
{
	if (from != SUN)
		return SUN;
	return l->beside ? client_at(l, &sa->spec.local, &sa->spec.remote) : MOON;
}

static void send_one(struct life *l, unsigned from, struct dp_sa *sa)
{
	unsigned to = destination(l, from, sa);
	struct packet *p;

	sa->last = l->lab->now;
	if (l->peace && to != MOON && from == SUN &&
		datapath_sa(&l->hosts[MOON]->datapath, true, sa->spec.spi))
		life_fail(l, "sun sends elsewhere on %08x what is for moon", sa->spec.spi);
	if (to == SIDES_MAX)
		return;
	p = calloc(1, sizeof *p);
	if (!p)
		abort();
	*p = (struct packet){ .from = from,
		.to = to,
		.spi = sa->spec.spi,
		.at = l->lab->now + 1 + life_draw(l, (unsigned)l->weather.delay) };
	list_append(&l->packets, &p->node);
}

/* What CPUs send that have an SA of their own. */
static void send_for_cpus(struct life *l, unsigned side)
{
	list_each (n, &l->hosts[side]->datapath.sas) {
		struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		if (sa->sends)
			send_one(l, side, sa);
	}
}

/* Whether POLICY of SIDE is for STAR, which has no peace. */
static bool is_of_star(const struct life *l, unsigned side, uint32_t policy)
{
	list_each (n, (struct node *)&l->hosts[side]->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		list_each (m, (struct node *)&sa->children)
			if (l->beside && side == SUN && node_owner(m, struct child, of_sa)->policy == policy)
				return client_at(l, &sa->core.path.local, &sa->core.path.remote) != MOON;
	}
	return side == STAR;
}

void traffic_send(struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++) {
		const struct datapath *dp = &l->hosts[side]->datapath;

		list_each (n, (struct node *)&dp->policies) {
			const struct dp_policy *p = node_owner(n, struct dp_policy, node);
			struct dp_sa *sa = datapath_sender(dp, p);

			if (p->refused || p->spec.trap)
				continue;
			if (sa)
				send_one(l, side, sa);
			else if (p->open && l->peace && !is_of_star(l, side, p->spec.id))
				life_fail(l, "%s: a policy has no SA any more", l->hosts[side]->name);
		}
		send_for_cpus(l, side);
	}
}

uint64_t traffic_due(const struct life *l)
{
	uint64_t due = HEAP_NEVER;

	list_each (n, (struct node *)&l->packets) {
		const struct packet *p = node_owner(n, struct packet, node);

		due = p->at < due ? p->at : due;
	}
	return due;
}

/* Who answers the creation of a child sends on it at once: a packet may overtake the answer. */
static bool is_being_made(const struct host *h, uint32_t spi)
{
	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->ours->kind == N_CREATE && sa->ours->spi == spi)
			return true;
	}
	return false;
}

static void arrive(struct life *l, const struct packet *p)
{
	struct host *h = l->hosts[p->to];
	const struct sa_spec *spec = datapath_sa(&h->datapath, true, p->spi);
	struct dp_sa *sa = spec ? datapath_find(&h->datapath, spec->child, true) : NULL;

	if (!sa && l->peace && p->from != STAR && p->to != STAR && !is_being_made(h, p->spi))
		life_fail(l, "%s: a packet on %08x has no SA any more", h->name, p->spi);
	if (!sa || !h->ike)
		return;
	l->carried++;
	sa->last = l->lab->now;
	if (sa->used)
		return;
	sa->used = true;
	host_event(h, &(struct ike_event){ .kind = EVENT_USED, .used.child = sa->spec.child });
}

void traffic_deliver(struct life *l)
{
	list_each_safe (n, &l->packets) {
		struct packet *p = node_owner(n, struct packet, node);

		if (p->at > l->lab->now)
			continue;
		list_remove(n);
		arrive(l, p);
		free(p);
	}
}

void traffic_forget(struct life *l)
{
	list_each_safe (n, &l->packets) {
		list_remove(n);
		free(node_owner(n, struct packet, node));
	}
}
