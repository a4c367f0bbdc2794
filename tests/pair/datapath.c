/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model of a data path. */
#include "tests/pair/datapath.h"

#include <stdlib.h>

void datapath_init(struct datapath *dp)
{
	*dp = (struct datapath){ 0 };
	list_init(&dp->sas);
	list_init(&dp->policies);
}

static void sa_free(struct dp_sa *sa)
{
	list_remove(&sa->node);
	arena_free(&sa->arena);
	free(sa);
}

static void policy_free(struct dp_policy *p)
{
	list_remove(&p->node);
	arena_free(&p->arena);
	free(p);
}

void datapath_clear(struct datapath *dp)
{
	list_each_safe (n, &dp->sas)
		sa_free(node_owner(n, struct dp_sa, node));
	list_each_safe (n, &dp->policies)
		policy_free(node_owner(n, struct dp_policy, node));
}

static void misuse(struct datapath *dp, const char *what)
{
	if (!dp->misuse)
		dp->misuse = what;
}

struct dp_sa *datapath_find(const struct datapath *dp, uint32_t child, bool inbound)
{
	list_each (n, (struct node *)&dp->sas) {
		struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		if (sa->spec.child == child && sa->spec.inbound == inbound)
			return sa;
	}
	return NULL;
}

static struct dp_policy *find_policy(const struct datapath *dp, uint32_t id)
{
	list_each (n, (struct node *)&dp->policies) {
		struct dp_policy *p = node_owner(n, struct dp_policy, node);

		if (p->spec.id == id)
			return p;
	}
	return NULL;
}

/* An SA answers what was asked for its number. */
static void settle(struct datapath *dp, uint32_t reqid)
{
	list_each (n, &dp->policies) {
		struct dp_policy *p = node_owner(n, struct dp_policy, node);

		p->asks = p->asks && p->spec.reqid != reqid;
	}
}

static void add_sa(struct datapath *dp, const struct sa_spec *spec, bool refused)
{
	struct dp_sa *sa = calloc(1, sizeof *sa);

	if (datapath_find(dp, spec->child, spec->inbound))
		misuse(dp, "an SA was added twice");
	if (spec->inbound && datapath_sa(dp, true, spec->spi))
		misuse(dp, "an inbound SPI was used twice");
	if (spec->resource && !spec->per_cpu)
		misuse(dp, "an SA is for a CPU and is not one of several");
	if (!spec->spi || !(spec->suite.encr ? spec->encr_key : spec->integ_key).n || !spec->local_ts.n ||
		!spec->remote_ts.n)
		misuse(dp, "an SA was added without SPI, keys or selectors");
	sa->spec = *spec;
	sa->spec.encr_key = arena_bytes(&sa->arena, spec->encr_key);
	sa->spec.integ_key = arena_bytes(&sa->arena, spec->integ_key);
	sa->spec.local_ts = tss_copy(&sa->arena, spec->local_ts);
	sa->spec.remote_ts = tss_copy(&sa->arena, spec->remote_ts);
	sa->refused = refused;
	list_append(&dp->sas, &sa->node);
	if (!spec->inbound && !refused)
		settle(dp, spec->reqid);
}

static void add_policy(struct datapath *dp, const struct policy_spec *spec, bool refused)
{
	struct dp_policy *p = find_policy(dp, spec->id);

	if (p && !p->refused)
		misuse(dp, "a policy was added twice");
	if (p)
		policy_free(p);
	p = calloc(1, sizeof *p);
	p->spec = *spec;
	p->spec.local_ts = tss_copy(&p->arena, spec->local_ts);
	p->spec.remote_ts = tss_copy(&p->arena, spec->remote_ts);
	p->refused = refused;
	list_append(&dp->policies, &p->node);
}

static void delete_sa(struct datapath *dp, uint32_t child, bool inbound)
{
	struct dp_sa *sa = datapath_find(dp, child, inbound);

	if (sa)
		sa_free(sa);
	else
		misuse(dp, "an SA was deleted that there is not");
	list_each (n, &dp->policies)
		if (!inbound && node_owner(n, struct dp_policy, node)->selected == child)
			node_owner(n, struct dp_policy, node)->selected = 0;
}

static void delete_policy(struct datapath *dp, uint32_t id)
{
	struct dp_policy *p = find_policy(dp, id);

	if (p)
		policy_free(p);
	else
		misuse(dp, "a policy was deleted that there is not");
}

static void select_for_cpu(struct datapath *dp, struct dp_sa *sa)
{
	list_each (n, &dp->sas) {
		struct dp_sa *other = node_owner(n, struct dp_sa, node);

		if (other->spec.policy == sa->spec.policy && other->spec.resource == sa->spec.resource)
			other->sends = false;
	}
	sa->sends = true;
}

static void select_sa(struct datapath *dp, uint32_t policy, uint32_t child)
{
	struct dp_policy *p = find_policy(dp, policy);
	struct dp_sa *sa = datapath_find(dp, child, false);

	if (p && !child)
		p->asks = false;
	else if (!p || p->refused || !sa || sa->refused)
		misuse(dp, "an SA was selected that there is not");
	else if (sa->spec.per_cpu != p->spec.per_cpu || sa->spec.policy != policy)
		misuse(dp, "an SA was selected for a policy that is not its own");
	else if (sa->spec.resource)
		select_for_cpu(dp, sa);
	else
		p->selected = child, p->open = true;
}

static void move_sa(
	struct datapath *dp, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	for (int inbound = 0; inbound < 2; inbound++) {
		struct dp_sa *sa = datapath_find(dp, child, inbound);

		if (!sa) {
			misuse(dp, "an SA was moved that there is not");
			return;
		}
		sa->spec.local = *local;
		sa->spec.remote = *remote;
		sa->spec.encap = encap;
	}
}

void datapath_do(struct datapath *dp, const struct ike_action *a, bool refused)
{
	switch (a->kind) {
	case ACTION_SA_ADD: add_sa(dp, &a->sa_add, refused); break;
	case ACTION_SA_DEL: delete_sa(dp, a->sa_del.child, a->sa_del.inbound); break;
	case ACTION_SA_MOVE:
		move_sa(dp, a->sa_move.child, &a->sa_move.local, &a->sa_move.remote, a->sa_move.encap);
		break;
	case ACTION_SA_SELECT: select_sa(dp, a->sa_select.policy, a->sa_select.child); break;
	case ACTION_POLICY_ADD: add_policy(dp, &a->policy_add, refused); break;
	case ACTION_POLICY_DEL: delete_policy(dp, a->policy_del.policy); break;
	default: abort();
	}
}

bool datapath_asks(struct datapath *dp, struct ike_event *e)
{
	const struct policy_spec *trap = datapath_policy(dp, true);
	struct dp_policy *p = trap ? find_policy(dp, trap->id) : NULL;

	if (!p || p->asks)
		return false;
	p->asks = true;
	*e = (struct ike_event){ .kind = EVENT_ACQUIRE,
		.acquire = {
			.policy = trap->id, .local = trap->local_ts.v[0], .remote = trap->remote_ts.v[0] } };
	return true;
}

unsigned datapath_sas(const struct datapath *dp)
{
	unsigned count = 0;

	list_each (n, (struct node *)&dp->sas)
		count += !node_owner(n, struct dp_sa, node)->refused;
	return count;
}

unsigned datapath_policies(const struct datapath *dp, bool traps)
{
	unsigned count = 0;

	list_each (n, (struct node *)&dp->policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);

		count += !p->refused && p->spec.trap == traps;
	}
	return count;
}

const struct sa_spec *datapath_sa(const struct datapath *dp, bool inbound, uint32_t spi)
{
	list_each (n, (struct node *)&dp->sas) {
		const struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		if (!sa->refused && sa->spec.inbound == inbound && (!spi || sa->spec.spi == spi))
			return &sa->spec;
	}
	return NULL;
}

uint32_t datapath_selected(const struct datapath *dp, uint32_t policy)
{
	const struct dp_policy *p = find_policy(dp, policy);

	return p ? p->selected : 0;
}

struct dp_sa *datapath_sender(const struct datapath *dp, const struct dp_policy *p)
{
	struct dp_sa *sender = NULL;

	list_each (n, (struct node *)&dp->policies) {
		const struct dp_policy *other = node_owner(n, struct dp_policy, node);

		if (!other->refused && other->selected && tss_eq(other->spec.local_ts, p->spec.local_ts) &&
			tss_eq(other->spec.remote_ts, p->spec.remote_ts))
			sender = datapath_find(dp, other->selected, false);
	}
	return sender;
}

struct dp_sa *datapath_sender_of(const struct datapath *dp, const struct dp_policy *p, uint32_t resource)
{
	struct dp_sa *general = datapath_sender(dp, p);
	uint32_t policy = general ? general->spec.policy : p->spec.id;

	list_each (n, (struct node *)&dp->sas) {
		struct dp_sa *sa = node_owner(n, struct dp_sa, node);

		if (resource && sa->sends && sa->spec.resource == resource && sa->spec.policy == policy)
			return sa;
	}
	return general;
}

const struct policy_spec *datapath_policy(const struct datapath *dp, bool trap)
{
	list_each (n, (struct node *)&dp->policies) {
		const struct dp_policy *p = node_owner(n, struct dp_policy, node);

		if (!p->refused && p->spec.trap == trap)
			return &p->spec;
	}
	return NULL;
}

static bool same_suite(const struct suite *a, const struct suite *b)
{
	return a->encr == b->encr && a->integ == b->integ && a->esn == b->esn;
}

/* Whether the selectors say the same of packets, but for their addresses. */
static bool same_but_hosts(struct tss a, struct tss b)
{
	if (a.n != b.n)
		return false;
	for (unsigned i = 0; i < a.n; i++)
		if (a.v[i].proto != b.v[i].proto || a.v[i].port_lo != b.v[i].port_lo ||
			a.v[i].port_hi != b.v[i].port_hi)
			return false;
	return true;
}

static bool of_host(struct tss set, const struct ip *host)
{
	for (unsigned i = 0; i < set.n; i++)
		if (!ip_eq(&set.v[i].lo, host) || !ip_eq(&set.v[i].hi, host))
			return false;
	return true;
}

/* In transport mode the ends may see each other at other addresses, through NATs. */
static bool mirrored(const struct sa_spec *a, const struct sa_spec *b)
{
	if (a->mode != MODE_TRANSPORT)
		return tss_eq(a->local_ts, b->remote_ts) && tss_eq(a->remote_ts, b->local_ts);
	return same_but_hosts(a->local_ts, b->remote_ts) && same_but_hosts(a->remote_ts, b->local_ts) &&
	       of_host(a->local_ts, &a->local.ip) && of_host(a->remote_ts, &a->remote.ip);
}

/* What differs between the two ends of one SA; NULL: nothing. */
static const char *difference(const struct sa_spec *a, const struct sa_spec *b)
{
	if (!same_suite(&a->suite, &b->suite))
		return "the algorithms differ";
	if (!bytes_eq(a->encr_key, b->encr_key) || !bytes_eq(a->integ_key, b->integ_key))
		return "the keys differ";
	if (a->mode != b->mode)
		return "the modes differ";
	if (!mirrored(a, b))
		return "the selectors are not mirrored";
	return a->encap == b->encap ? NULL : "only one end encapsulates in UDP";
}

bool datapath_mirrors_sa(const struct dp_sa *sa, const struct datapath *b, const char **why)
{
	const struct sa_spec *other = datapath_sa(b, !sa->spec.inbound, sa->spec.spi);

	*why = sa->refused ? NULL : !other ? "an SA is at one end only" : difference(&sa->spec, other);
	return !*why;
}

bool datapath_mirrors(const struct datapath *a, const struct datapath *b, const char **why)
{
	list_each (n, (struct node *)&a->sas)
		if (!datapath_mirrors_sa(node_owner(n, struct dp_sa, node), b, why))
			return false;
	*why = NULL;
	return true;
}
