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

/* The older one of FOUND (NULL: none yet) and the oldest twin of CHILD in SA that is WANTED, but for BUT. */
static struct child *older(const struct sa *sa, const struct child *child, predicate *wanted,
	const struct child *but, struct child *found)
{
	if (sa == child->sa || !sa->up || !child->sa->up)
		return found;
	list_each (m, (struct node *)&sa->children) {
		struct child *c = node_owner(m, struct child, of_sa);

		if (c != but && wanted(c) && same_packets(c, child) && (!found || c->id < found->id))
			found = c;
	}
	return found;
}

/* The oldest of all between the same two ends. A peer that comes from elsewhere now has nothing left where it
 * was. */
static struct child *oldest(
	const struct ike *ike, const struct child *child, predicate *wanted, const struct child *but)
{
	const struct id *local = &child->sa->local_id, *remote = sa_user(child->sa);
	struct child *found = NULL;

	for (struct sa *sa = NULL; (sa = ends_next(ike, sa, local, remote));)
		if (ip_eq(&sa->core.path.remote.ip, &child->sa->core.path.remote.ip))
			found = older(sa, child, wanted, but, found);
	return found;
}

static bool sends(const struct child *c)
{
	return c->selected;
}

static bool stands(const struct child *c)
{
	return c->state == CHILD_INSTALLED && !c->successor && !c->redundant &&
	       (c->sa->core.state == S_UP || c->sa->core.state == S_REKEYED);
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
		found = older(node_owner(n, struct sa, of_conn), child, stands, NULL, found);
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

/* Whether C, of another IKE_SA, and X are carried by the same device, for the same packets. The kernel tells
 * them apart by marks; where those are the same, too, that is as somebody wanted it. */
static bool indistinct(const struct child *c, const struct negotiation *x)
{
	return c->state == CHILD_INSTALLED && c->conf->datapath != DATAPATH_KERNEL &&
	       x->child->datapath != DATAPATH_KERNEL && same_text(c->conf->interface, x->child->interface) &&
	       tss_eq(c->local_ts, x->local_ts) && tss_eq(c->remote_ts, x->remote_ts);
}

/* What is rekeyed as it is stands already: a move may have brought it behind one NAT with another. */
static bool stands_already(const struct draft *d, const struct negotiation *x)
{
	const struct child *old = x->kind == N_REKEY_CHILD ? child_find(d->step->ike, x->old) : NULL;

	return old && tss_eq(old->local_ts, x->local_ts) && tss_eq(old->remote_ts, x->remote_ts);
}

const struct child *twin_stranger(const struct draft *d, const struct negotiation *x)
{
	const struct id *id = d->sa && d->sa->remote_id.type != ID_ANY ? &d->sa->remote_id : &d->hs.remote_id;

	if (!d->core.nat_remote || stands_already(d, x))
		return NULL;
	for (struct sa *sa = NULL; (sa = ends_at(d->step->ike, sa, &d->core.path.remote.ip));) {
		if (sa == d->sa || !sa->up || !sa->core.nat_remote || id_eq(&sa->remote_id, id))
			continue;
		list_each (m, &sa->children)
			if (indistinct(node_owner(m, struct child, of_sa), x))
				return node_owner(m, struct child, of_sa);
	}
	return NULL;
}
