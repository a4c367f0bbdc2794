/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Invariants. */
#include "ike/conf.h"
#include "ike/ends.h"
#include "ike/task.h"
#include "ike/want.h"
#include "tests/sim/sim.h"

static const char *const names[SIDES_MAX] = { "moon", "sun", "star" };

/* Every SA of the data path belongs to a child of the core, and every policy to a child or a trap. */
static void check_owners(struct life *l, const struct host *h)
{
	const struct datapath *dp = &h->datapath;

	list_each (n, (struct node *)&dp->sas) {
		const struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		if (!map_get(&h->ike->children, sa->spec.child))
			life_fail(l, "%s: an SA of the data path has no CHILD_SA", h->name);
	}
	list_each (n, (struct node *)&dp->policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);
		bool owned = p->refused || map_get(&h->ike->policies, p->spec.id);

		list_each (m, (struct node *)&h->ike->sas_list)
			list_each (k, &node_owner(m, struct sa, of_ike)->children)
				owned |= node_owner(k, struct child, of_sa)->policy == p->spec.id;
		if (!owned)
			life_fail(l, "%s: a policy of the data path has neither CHILD_SA nor trap", h->name);
	}
}

static bool makes(const struct sa *sa, const struct child_conf *conf)
{
	const struct child_conf *first = sa->handshake->x.child, *next = sa->task ? sa->task->conf : NULL;

	return (first && child_conf_same(first, conf)) || (next && child_conf_same(next, conf)) ||
	       task_creating(sa, conf, 0);
}

/* Whether there is something of CONF still, which may be on its way to its end, with its IKE_SA or alone. */
static bool is_left(const struct ike *ike, const struct child_conf *conf)
{
	list_each (n, (struct node *)&ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		list_each (m, &sa->children)
			if (child_conf_same(node_owner(m, struct child, of_sa)->conf, conf))
				return true;
		if (makes(sa, conf))
			return true;
	}
	return false;
}

/* Where a packet has asked, and nothing is there or under way, it is known when others may ask. */
static void check_traps(struct life *l, const struct host *h)
{
	list_each (n, (struct node *)&h->datapath.policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);
		const struct trap *t = map_get(&h->ike->policies, p->spec.id);

		if (p->asks && t && !t->timer.place && !is_left(h->ike, t->conf))
			life_fail(l, "%s: packets that meet the trap of %s ask no more", h->name,
				t->conf->name);
	}
}

/* The children of an IKE_SA that was replaced have moved. */
static void check_moved(struct life *l, const struct host *h)
{
	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state == S_REKEYED && !sa->theirs->kind && !list_empty(&sa->children))
			life_fail(
				l, "%s: IKE_SA %u was replaced and has its children still", h->name, sa->id);
	}
}

/* Nothing is there whose end has come, once the core was woken for it. */
static void check_lifetimes(struct life *l, const struct host *h)
{
	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state == S_UP && sa->core.life_end && sa->core.life_end < l->lab->now)
			life_fail(l, "%s: IKE_SA %u lives longer than it may", h->name, sa->id);
		list_each (m, &sa->children) {
			const struct child *c = node_owner(m, struct child, of_sa);

			if (c->state == CHILD_INSTALLED && c->life_end && c->life_end < l->lab->now)
				life_fail(l, "%s: CHILD_SA %u lives longer than it may", h->name, c->id);
		}
	}
}

/* ------------------------------------------------------------ two clients behind one NAT */

/* Whether the data path of SUN could not tell what is for C from what is for another client. */
static const struct child *child_mixed_up(const struct host *sun, const struct child *c)
{
	list_each (n, (struct node *)&sun->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		list_each (m, (struct node *)&sa->children) {
			const struct child *other = node_owner(m, struct child, of_sa);

			if (other->state == CHILD_INSTALLED && !id_eq(sa_user(sa), sa_user(c->sa)) &&
				tss_eq(other->local_ts, c->local_ts) &&
				tss_eq(other->remote_ts, c->remote_ts))
				return other;
		}
	}
	return NULL;
}

static void check_told_apart(struct life *l)
{
	const struct host *sun = l->hosts[SUN];

	list_each (n, (struct node *)&sun->ike->sas_list)
		list_each (m, &node_owner(n, struct sa, of_ike)->children) {
			const struct child *c = node_owner(m, struct child, of_sa), *other;

			other = c->state == CHILD_INSTALLED ? child_mixed_up(sun, c) : NULL;
			if (other)
				life_fail(l, "sun cannot tell packets for CHILD_SA %u from those for %u",
					c->id, other->id);
		}
}

/* SUN gives no address to both, unless it takes them for one. */
static void check_addresses(struct life *l)
{
	const struct host *moon = l->hosts[MOON], *star = l->hosts[STAR];
	char text[IP_TEXT];

	for (unsigned i = 0; i < moon->n_vips; i++)
		for (unsigned k = 0; k < star->n_vips && !l->nameless; k++)
			if (ip_eq(&moon->vips[i], &star->vips[k]))
				life_fail(l, "both clients have %s", ip_print(&moon->vips[i], text));
}

void check_always(struct life *l)
{
	if (l->beside) {
		check_addresses(l);
		if (l->hosts[SUN]->ike)
			check_told_apart(l);
	}
	for (unsigned side = 0; side < l->sides; side++) {
		struct host *h = l->hosts[side];

		fate_listen(l, side);
		if (h->datapath.misuse)
			life_fail(l, "%s: %s", h->name, h->datapath.misuse);
		if (!h->ike)
			continue;
		check_owners(l, h);
		check_moved(l, h);
		check_traps(l, h);
		if (h->wake > l->lab->now)
			check_lifetimes(l, h);
	}
}

static void check_commands(struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++)
		if (!list_empty(&l->given[side]))
			life_fail(l, "%s: command %u never ended", names[side],
				node_owner(l->given[side].next, struct given, node)->ticket);
}

/* The child of H whose SPIs are these, or NULL. */
static const struct child *child_with(const struct host *h, uint32_t in, uint32_t out)
{
	list_each (n, (struct node *)&h->ike->sas_list)
		list_each (m, &node_owner(n, struct sa, of_ike)->children) {
			const struct child *c = node_owner(m, struct child, of_sa);

			if (c->spi_in == in && c->spi_out == out)
				return c;
		}
	return NULL;
}

static bool busy(const struct sa *sa)
{
	return sa_half_open(&sa->core) || sa->window.request || sa->task || !list_empty(&sa->tasks) ||
	       !list_empty(&sa->late) || sa->ours->kind || sa->theirs->kind;
}

/* One that never took over is the peer's to delete, and may be unknown to it: it ends by itself. */
static bool is_left_over(const struct sa *sa)
{
	return sa->core.state == S_UP && !sa->up;
}

/* The other end of LIKE at H, or NULL. */
static const struct sa *end_at(const struct host *h, const struct sa *like)
{
	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state == S_UP && sa->core.spi_i == like->core.spi_i &&
			sa->core.spi_r == like->core.spi_r && sa->core.initiator != like->core.initiator)
			return sa;
	}
	return NULL;
}

/* The other end of SA of SIDE at any of its peers, and which it is; or NULL. */
static const struct sa *other_end(
	const struct life *l, unsigned side, const struct sa *sa, const struct host **peer)
{
	const struct sa *found = NULL;

	for (unsigned other = 0; other < l->sides && !found; other++)
		if (life_peers(side, other)) {
			*peer = l->hosts[other];
			found = end_at(*peer, sa);
		}
	return found;
}

/* Its end, told between two requests, may have come out of order: then it takes a check of liveness. */
static bool is_forgotten(const struct life *l, unsigned side, const struct sa *sa)
{
	const struct host *peer;

	return sa->core.state == S_UP && !other_end(l, side, sa, &peer);
}

bool check_busy(const struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++) {
		/* Its IKE_SA may just have made way for a newer one: it is tried again soon. */
		if (wants_missing(l->hosts[side]->ike))
			return true;
		list_each (n, (struct node *)&l->hosts[side]->ike->sas_list) {
			const struct sa *sa = node_owner(n, struct sa, of_ike);

			if (busy(sa) || is_left_over(sa) || is_forgotten(l, side, sa) ||
				sa->core.state == S_REKEYED)
				return true;
		}
	}
	return false;
}

/* Whether the CPU of C has an SA of its own that sends. */
static bool cpu_sends(const struct host *h, const struct child *c)
{
	list_each (n, (struct node *)&h->datapath.sas) {
		const struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		if (sa->sends && sa->spec.policy == c->policy && sa->spec.resource == c->resource)
			return true;
	}
	return false;
}

static void check_children(
	struct life *l, const struct host *h, const struct sa *sa, const struct host *other)
{
	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (c->successor || c->redundant)
			life_fail(l, "%s: CHILD_SA %u was replaced and lives on", h->name, c->id);
		if (c->state != CHILD_INSTALLED)
			life_fail(l, "%s: CHILD_SA %u is neither up nor gone", h->name, c->id);
		if (!child_with(other, c->spi_out, c->spi_in))
			life_fail(l, "%s has CHILD_SA %08x/%08x, and %s has not", h->name, c->spi_in,
				c->spi_out, other->name);
		if (c->resource && !cpu_sends(h, c))
			life_fail(l, "%s: CPU %u does not send on CHILD_SA %u, nor on another one of its own",
				h->name, c->resource - 1, c->id);
	}
}

/* An address of H as others see it. */
static struct addr outside(const struct host *h, struct addr a)
{
	if (!a.port)
		a.port = STREAM_PORT;
	if (h->nat.outside.v == a.ip.v) {
		a.ip = h->nat.outside;
		a.port += h->nat.shift;
	}
	return a;
}

/* SA is between the same addresses as its OTHER end, and so are its children in the data path of H. */
static void check_path(struct life *l, const struct host *h, const struct sa *sa, const struct sa *other)
{
	const struct path *p = &sa->core.path;
	struct addr seen = outside(h, p->local);

	if (!addr_eq(&seen, &other->core.path.remote))
		life_fail(l, "%s: IKE_SA %u is not where the other end takes it to be", h->name, sa->id);
	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		for (int inbound = 0; inbound < 2; inbound++) {
			const struct dp_sa *d = datapath_find(&h->datapath, c->id, inbound);

			if (d && !(addr_eq(&d->spec.local, &p->local) &&
					 addr_eq(&d->spec.remote, &p->remote) && d->spec.encap == c->encap))
				life_fail(l, "%s: CHILD_SA %u is not where its IKE_SA is", h->name, c->id);
		}
	}
}

static void check_side(struct life *l, unsigned side)
{
	const struct host *h = l->hosts[side], *other = NULL;

	list_each (n, (struct node *)&h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);
		const struct sa *peer = other_end(l, side, sa, &other);

		if (sa->core.state == S_LINGER)
			continue;
		if (sa->core.state != S_UP)
			life_fail(l, "%s: IKE_SA %u is stuck in state %d", h->name, sa->id, sa->core.state);
		else if (!peer)
			life_fail(l, "%s has IKE_SA %u (%016llx), and %s has not", h->name, sa->id,
				(unsigned long long)sa->core.spi_i, other->name);
		else if (memcmp(&sa->core.vips, &peer->core.vips, sizeof sa->core.vips))
			life_fail(l, "%s: IKE_SA %u has other virtual addresses than at its other end",
				h->name, sa->id);
		else
			check_path(l, h, sa, peer);
		if (busy(sa))
			life_fail(l, "%s: IKE_SA %u still has an exchange under way", h->name, sa->id);
		check_children(l, h, sa, other);
	}
}

/* Each SA of the data path of SIDE is there at one of its peers, too. */
static void check_mirrors(struct life *l, unsigned side)
{
	list_each (n, (struct node *)&l->hosts[side]->datapath.sas) {
		const struct dp_sa *sa = node_owner(n, struct dp_sa, node);
		const char *why = NULL;
		bool good = false;

		for (unsigned other = 0; other < l->sides && !good; other++)
			if (life_peers(side, other))
				good = datapath_mirrors_sa(sa, &l->hosts[other]->datapath, &why);
		if (!good)
			life_fail(l, "the data paths do not fit: %s", why);
	}
}

void check_agreement(struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++) {
		check_side(l, side);
		check_mirrors(l, side);
	}
	for (unsigned side = 0; side < l->sides; side++)
		if (wants_missing(l->hosts[side]->ike))
			life_fail(l, "%s: the kept child %s is not up", names[side],
				wants_missing(l->hosts[side]->ike)->name);
	check_commands(l);
}

static bool leases_used(const struct host *h)
{
	list_each (k, (struct node *)&h->leases.all)
		if (node_owner(k, struct lease, of_all)->users)
			return true;
	return false;
}

void check_empty(struct life *l)
{
	for (unsigned side = 0; side < l->sides; side++) {
		const struct host *h = l->hosts[side];
		const struct ike *ike = h->ike;

		if (!list_empty(&ike->sas_list) || ike->half_open || ike->sas.count || ike->inits.count ||
			ike->ends.count || ike->places.count || ike->offered.count ||
			ike->offered_ike.count || ike->crowds.count || ike->begun || ike->children.count ||
			ike->spis.count || ike->asks.count || ike->installs.count)
			life_fail(l,
				"%s: something of an IKE_SA is left: SAs %u, half open %u, inits %zu, SPIs "
				"%zu",
				h->name, ike_load(ike).sas, ike->half_open, ike->inits.count,
				ike->spis.count);
		if (datapath_sas(&h->datapath) || datapath_policies(&h->datapath, false))
			life_fail(l, "%s: the data path still has SAs or policies", h->name);
		if (h->eap.open.count)
			life_fail(l, "%s: a conversation of EAP goes on", h->name);
		if (h->n_vips || leases_used(h))
			life_fail(l, "%s: somebody has a virtual address still", h->name);
	}
	check_commands(l);
}
