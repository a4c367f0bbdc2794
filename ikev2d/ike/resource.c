/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHILD_SAs for CPUs. */
#include "ike/resource.h"

#include "ike/conf.h"
#include "ike/task.h"

/* Whether C stands and goes with others of CONF. */
static bool stands(const struct child *c, const struct child_conf *conf)
{
	return c->per_cpu && c->state == CHILD_INSTALLED && !c->redundant && child_conf_same(c->conf, conf);
}

struct child *resource_general(const struct sa *sa, const struct child_conf *conf)
{
	list_each (n, (struct node *)&sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		if (stands(c, conf) && !c->resource && !c->successor)
			return c;
	}
	return NULL;
}

static bool same_packets(const struct child *c, enum child_mode mode, struct tss local, struct tss remote)
{
	return c->mode == mode && tss_eq(c->local_ts, local) && tss_eq(c->remote_ts, remote);
}

/* One that stands beside a child of CONF and these, the general one first. */
static const struct child *kin_of(const struct sa *sa, const struct child_conf *conf, enum child_mode mode,
	struct tss local, struct tss remote)
{
	const struct child *kin = NULL;

	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (stands(c, conf) && same_packets(c, mode, local, remote) && (!kin || !c->resource))
			kin = c;
	}
	return kin;
}

const struct child *resource_kin(const struct sa *sa, const struct child *c)
{
	return c->per_cpu ? kin_of(sa, c->conf, c->mode, c->local_ts, c->remote_ts) : NULL;
}

/* How many there are or are to be made of CONF on SA, for RESOURCE; 0: for all CPUs. */
static unsigned count_for(const struct sa *sa, const struct child_conf *conf, uint32_t resource)
{
	unsigned count = 0;

	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		count += c->resource && (!resource || c->resource == resource) && !c->successor &&
			 !c->redundant && c->state <= CHILD_INSTALLED && child_conf_same(c->conf, conf);
	}
	if (resource)
		count += task_creating(sa, conf, resource) != NULL;
	return count;
}

static uint32_t cpus(const struct ike *ike)
{
	return ike->settings.cpus ? ike->settings.cpus : 1;
}

/* Peers may have other numbers of CPUs than we, and each end makes one for each of its own. */
static unsigned most(const struct ike *ike)
{
	return 2 * cpus(ike) > RESOURCES_MAX ? 2 * cpus(ike) : RESOURCES_MAX;
}

bool resource_wanted(
	const struct ike *ike, const struct sa *sa, const struct child_conf *conf, uint32_t resource)
{
	const struct child *general = resource_general(sa, conf);

	return general && !general->sated && child_conf_now(ike, conf)->per_cpu_sas != PER_CPU_NO &&
	       !count_for(sa, conf, resource) && count_for(sa, conf, 0) < most(ike);
}

void resource_offer(const struct draft *d, struct negotiation *x, struct arena *keep)
{
	const struct child *general = x->resource ? resource_general(d->sa, x->child) : NULL;

	x->per_cpu = x->kind != N_REKEY_CHILD && x->child->per_cpu_sas != PER_CPU_NO;
	if (!general)
		return;
	x->mode = general->mode;
	/* In transport mode each end has its own view of the addresses; there is only one answer. */
	if (x->mode == MODE_TRANSPORT)
		return;
	x->local_ts = tss_copy(keep, general->local_ts);
	x->remote_ts = tss_copy(keep, general->remote_ts);
}

bool resource_accept(struct draft *d, struct negotiation *x, const struct message *m)
{
	struct child *general = x->resource ? resource_general(d->sa, x->child) : NULL;

	if (!x->resource)
		x->per_cpu = x->per_cpu && message_notify(m, SA_RESOURCE_INFO);
	/* It has gone meanwhile: this one takes its place. */
	if (!general)
		x->resource = 0;
	if (!general || same_packets(general, x->mode, x->local_ts, x->remote_ts))
		return true;
	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"the peer chose other traffic selectors, or another mode, for CPU %u than CHILD_SA "
			"%s "
			"has for the others",
			x->resource - 1, x->child->name),
		.alert = "ts-mismatch",
	};
	draft_edit(d, CHILD_SATED, general, general->state);
	return false;
}

enum verdict resource_refused(struct draft *d, struct negotiation *x, const struct wire_notify *n)
{
	struct child *general = resource_general(d->sa, x->child);

	tell_log(d, "CHD",
		"the peer makes no further SA of CHILD_SA %s (%s): CPU %u sends on the general one",
		x->child->name, notify_name(n->type), x->resource - 1);
	if (general)
		draft_edit(d, CHILD_SATED, general, general->state);
	draft_forget(x);
	d->task_end = TASK_OVER;
	return DRAFT_COMMIT;
}

/* The last of those that have the fewest: packets of this machine ask for the first ones sooner. */
static uint32_t least_used(const struct ike *ike, const struct sa *sa, const struct child_conf *conf)
{
	uint32_t best = cpus(ike);
	unsigned least = count_for(sa, conf, best);

	for (uint32_t i = best - 1; i > 0 && least; i--) {
		unsigned count = count_for(sa, conf, i);

		if (count >= least)
			continue;
		least = count;
		best = i;
	}
	return best;
}

uint16_t resource_choose(struct draft *d, struct negotiation *x, const struct message *m)
{
	const struct ike *ike = d->step->ike;
	const struct child *kin;

	x->per_cpu = x->kind != N_REKEY_CHILD && x->child->per_cpu_sas != PER_CPU_NO &&
		     message_notify(m, SA_RESOURCE_INFO);
	kin = x->per_cpu ? kin_of(d->sa, x->child, x->mode, x->local_ts, x->remote_ts) : NULL;
	if (!kin || kin->resource)
		return 0;
	if (count_for(d->sa, x->child, 0) < most(ike)) {
		x->resource = least_used(ike, d->sa, x->child);
		return 0;
	}
	d->why = (struct why){
		.what = arena_printf(d->step->scratch,
			"the peer wants another SA of CHILD_SA %s for one of its CPUs, and there are %u "
			"already",
			x->child->name, most(ike)),
		.where = "daemon.cpus",
		.instead = "daemon.cpus = as many as the end has that has more",
		.notify = "TS_MAX_QUEUE",
	};
	return TS_MAX_QUEUE;
}

void resource_put(const struct negotiation *x, struct arena *scratch, struct message *m)
{
	struct wr w = wr_of(arena_alloc(scratch, sizeof x->resource), sizeof x->resource);

	if (!x->per_cpu || x->kind == N_REKEY_CHILD)
		return;
	if (x->resource)
		wr_u32(&w, x->resource - 1);
	message_add_notify(m, scratch, SA_RESOURCE_INFO, wr_done(&w));
}

void resource_add(struct ike *ike, struct child *c)
{
	if (c->per_cpu)
		ring_add(&ike->for_cpus, &c->of_policy, c->policy);
}

void resource_remove(struct ike *ike, struct child *c)
{
	ring_remove(&ike->for_cpus, &c->of_policy);
}

struct child *resource_asked(const struct ike *ike, uint32_t policy)
{
	for (const struct ring_node *n = NULL; (n = ring_next(&ike->for_cpus, n, policy));) {
		struct child *c = node_owner(n, struct child, of_policy);

		if (stands(c, c->conf))
			return c;
	}
	return NULL;
}

void resource_start(struct step *s, struct child *c, uint32_t resource)
{
	struct sa *sa = c->sa;

	if (sa->core.state != S_UP || !resource_wanted(s->ike, sa, c->conf, resource))
		return;
	task_create_for(sa, child_conf_now(s->ike, c->conf), resource);
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

void resource_freed(struct child *c)
{
	struct child *general = c->per_cpu ? resource_general(c->sa, c->conf) : NULL;

	if (general)
		general->sated = false;
}
