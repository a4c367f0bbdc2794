/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is a twin of whom. */
#include "ike/twin.h"

#include "ike/child.h"
#include "ike/conf.h"
#include "ike/ends.h"
#include "ike/marks.h"

static bool same_packets(const struct child *a, const struct child *b)
{
	return child_conf_same(a->conf, b->conf) && marks_eq(&a->marks, &b->marks) &&
	       tss_eq(a->local_ts, b->local_ts) && tss_eq(a->remote_ts, b->remote_ts);
}

typedef bool predicate(const struct child *c);

static bool stands(const struct child *c)
{
	return c->state == CHILD_INSTALLED && !c->successor && !c->redundant &&
	       (c->sa->core.state == S_UP || c->sa->core.state == S_REKEYED);
}

/* What a CPU sends on an SA of its own the general one carries, too, where it is to stay. */
static bool same_cpu(const struct child *c, const struct child *child, predicate *wanted)
{
	return c->resource == child->resource || (wanted == stands && !c->resource);
}

/* The older one of FOUND (NULL: none yet) and C, where that is a twin of CHILD and WANTED, but for BUT. */
static struct child *older(struct child *c, const struct child *child, predicate *wanted,
	const struct child *but, struct child *found)
{
	bool twin = c->sa != child->sa && c->sa->up && child->sa->up && same_packets(c, child);

	return twin && c != but && wanted(c) && same_cpu(c, child, wanted) && (!found || c->id < found->id)
		       ? c
		       : found;
}

/* A hash of SELECTORS that goes on from HASH. */
static uint64_t hash_selectors(const struct ike *ike, struct tss selectors, uint64_t hash)
{
	for (unsigned i = 0; i < selectors.n; i++) {
		const struct ts *ts = &selectors.v[i];
		uint64_t rest[] = { hash, ts->proto, ts->port_lo, ts->port_hi };
		struct bytes parts[] = { ip_bytes(&ts->lo), ip_bytes(&ts->hi),
			{ (const uint8_t *)rest, sizeof rest } };

		hash = siphash(&ike->hash_key, parts, ARRAY_SIZE(parts));
	}
	return hash;
}

static uint64_t key_of(const struct ike *ike, const struct child *c)
{
	uint64_t ends = ends_key(ike, &c->sa->local_id, sa_user(c->sa));

	return hash_selectors(ike, c->remote_ts, hash_selectors(ike, c->local_ts, ends));
}

/* A hash of the selectors of a child, and of where its peer is. */
static uint64_t key_at(const struct ike *ike, const struct ip *ip, struct tss local, struct tss remote)
{
	struct bytes octets = ip_bytes(ip);
	uint64_t place = siphash(&ike->hash_key, &octets, 1);

	return hash_selectors(ike, remote, hash_selectors(ike, local, place));
}

static void neighbour_add(struct ike *ike, struct child *c)
{
	const struct ip *ip = &c->sa->core.path.remote.ip;

	if (c->conf->datapath != DATAPATH_KERNEL)
		ring_add(&ike->neighbours, &c->of_neighbours, key_at(ike, ip, c->local_ts, c->remote_ts));
}

void twin_add(struct ike *ike, struct child *child)
{
	ring_add(&ike->twins, &child->of_twins, key_of(ike, child));
	neighbour_add(ike, child);
}

void twin_remove(struct ike *ike, struct child *child)
{
	ring_remove(&ike->twins, &child->of_twins);
	ring_remove(&ike->neighbours, &child->of_neighbours);
}

void twin_follow(struct ike *ike, struct sa *sa)
{
	list_each (n, &sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		if (!c->installed)
			continue;
		ring_remove(&ike->neighbours, &c->of_neighbours);
		neighbour_add(ike, c);
	}
}

static bool same_ends(const struct sa *a, const struct sa *b)
{
	return ip_eq(&a->core.path.remote.ip, &b->core.path.remote.ip) && id_eq(&a->local_id, &b->local_id) &&
	       id_eq(sa_user(a), sa_user(b));
}

/* The oldest twin of CHILD that is WANTED, but for BUT. A peer that comes from elsewhere now has nothing left
 * where it was. One identity may have thousands of IKE_SAs: only children for the same packets are looked at.
 */
static struct child *oldest(
	const struct ike *ike, const struct child *child, predicate *wanted, const struct child *but)
{
	uint64_t key = key_of(ike, child);
	struct child *found = NULL;

	for (const struct ring_node *n = NULL; (n = ring_next(&ike->twins, n, key));) {
		struct child *c = node_owner(n, struct child, of_twins);

		if (same_ends(c->sa, child->sa))
			found = older(c, child, wanted, but, found);
	}
	return found;
}

static bool sends(const struct child *c)
{
	return c->selected;
}

/* One that is replaced already may be the only one that the peer can open yet. */
static bool waits(const struct child *c)
{
	return c->state == CHILD_INSTALLED && !c->redundant && c->switch_due;
}

bool twin_sends(const struct ike *ike, const struct child *child, const struct child *but)
{
	return oldest(ike, child, sends, but);
}

struct child *twin_waiting(const struct ike *ike, const struct child *child)
{
	return oldest(ike, child, waits, NULL);
}

struct child *twin_standing(const struct ike *ike, const struct child *child)
{
	struct child *found = NULL;

	if (!child->sa->core.began)
		return oldest(ike, child, stands, NULL);
	list_each (n, &child->sa->conn->sas)
		list_each (m, &node_owner(n, struct sa, of_conn)->children)
			found = older(node_owner(m, struct child, of_sa), child, stands, NULL, found);
	return found;
}

bool twin_missing(const struct ike *ike, const struct sa *sa)
{
	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (stands(c) && !twin_standing(ike, c))
			return true;
	}
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* Whether C, of another IKE_SA, and X are carried by the same device, for the same packets. */
static bool indistinct(const struct child *c, const struct negotiation *x)
{
	return c->state == CHILD_INSTALLED && same_text(c->conf->interface, x->child->interface) &&
	       tss_eq(c->local_ts, x->local_ts) && tss_eq(c->remote_ts, x->remote_ts);
}

/* What is rekeyed as it is stands already: a move may have brought it behind one NAT with another. */
static bool stands_already(const struct draft *d, const struct negotiation *x)
{
	const struct child *old = x->kind == N_REKEY_CHILD ? child_find(d->step->ike, x->old) : NULL;

	return old && tss_eq(old->local_ts, x->local_ts) && tss_eq(old->remote_ts, x->remote_ts);
}

/* Whether SA is another user's than D, behind a NAT of the same address. */
static bool is_stranger(const struct sa *sa, const struct draft *d)
{
	bool named = d->sa && d->sa->remote_id.type != ID_ANY;
	const struct id *user = named ? sa_user(d->sa) : handshake_user(&d->hs);

	return sa != d->sa && sa->up && sa->core.nat_remote &&
	       ip_eq(&sa->core.path.remote.ip, &d->core.path.remote.ip) && !id_eq(sa_user(sa), user);
}

/* The kernel tells them apart by marks; where those are the same, too, that is as somebody wanted it. */
const struct child *twin_stranger(const struct draft *d, const struct negotiation *x)
{
	const struct ike *ike = d->step->ike;
	uint64_t key;

	if (!d->core.nat_remote || x->child->datapath == DATAPATH_KERNEL || stands_already(d, x))
		return NULL;
	key = key_at(ike, &d->core.path.remote.ip, x->local_ts, x->remote_ts);
	for (const struct ring_node *n = NULL; (n = ring_next(&ike->neighbours, n, key));) {
		const struct child *c = node_owner(n, struct child, of_neighbours);

		if (is_stranger(c->sa, d) && indistinct(c, x))
			return c;
	}
	return NULL;
}
