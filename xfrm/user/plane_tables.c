/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SAs and policies of the packet side. */
#include "xfrm/user/plane_state.h"

#include <stdlib.h>

struct plane_sa {
	struct sa_slot *slot;
	uint32_t policy, resource;
	struct plane_sa *before; /* selected for the same policy, as this one is */
};

struct plane_policy {
	struct policy_live *live;
	struct arena arena;
	struct spd_entry *entries; /* all pairs of its selectors */
	size_t n_entries;
	uint32_t child;          /* whose outbound SA carries it; 0: none */
	struct plane_sa *beside; /* outbound SAs for some threads that carry it too, the last one first */
	struct sa_own *own;      /* made from these; NULL: there are to be none */
};

/* --------------------------------------------------------------------- SAs */

static struct sa_slot *slot_new(const struct sa_slot *s)
{
	struct sa_slot *slot = calloc(1, sizeof *slot);

	if (!slot)
		abort();
	*slot = *s;
	slot->retired = (struct retired){ 0 };
	return slot;
}

static void end_slot(struct retired *r, void *ctx)
{
	(void)ctx;
	free(r);
}

static void end_sa(struct retired *r, void *ctx)
{
	live_free(((struct sa_slot *)r)->live);
	end_slot(r, ctx);
}

static void end_own(struct retired *r, void *ctx)
{
	(void)ctx;
	free(r);
}

static struct sa_own *own_new(void)
{
	struct sa_own *own = calloc(1, sizeof *own);

	if (!own)
		abort();
	return own;
}

/* Peers choose resources as there are processors, of which threads may be fewer: each has some of them, and
 * sends by the one of these that was selected last. Who has asked a moment ago does not ask again because
 * somebody else has got one. */
static void make_own_again(struct plane *p, struct plane_policy *it)
{
	struct sa_own *before = it->own;

	it->own = own_new();
	for (unsigned i = 0; i < WORKERS_MAX; i++)
		it->own->asked_ms[i] = atomic_load_explicit(&before->asked_ms[i], memory_order_relaxed);
	retire(&p->retired, &before->retired, end_own);
	for (const struct plane_sa *sa = it->beside; sa; sa = sa->before) {
		const struct sa_slot **at = &it->own->of[(sa->resource - 1) % p->n_workers];

		if (!*at)
			*at = sa->slot;
	}
}

/* POLICY's packets go by the SAs that are selected, if they are there. */
static void lead(struct plane *p, uint32_t policy)
{
	struct plane_policy *it = map_get(&p->policies, policy);
	const struct plane_sa *sa = it && it->child ? map_get(&p->sas, xfrm_sa_key(it->child, false)) : NULL;
	const struct sa_slot *slot = sa ? sa->slot : NULL;

	if (!it || !it->n_entries || (it->entries->sa == slot && !it->own))
		return;
	spd_take(&p->tables.spd, it->entries, it->n_entries, &p->retired);
	if (it->own)
		make_own_again(p, it);
	for (size_t i = 0; i < it->n_entries; i++) {
		it->entries[i].sa = slot;
		it->entries[i].own = it->own;
	}
	spd_put(&p->tables.spd, it->entries, it->n_entries, &p->retired);
}

static void put_aside(struct plane_policy *it, struct plane_sa *sa)
{
	struct plane_sa **at = &it->beside;

	while (*at && *at != sa)
		at = &(*at)->before;
	if (*at)
		*at = sa->before;
}

/* From the next publication on packets find the SA. */
static void show(struct plane *p, const struct plane_sa *sa)
{
	const struct live *l = sa->slot->live;

	if (l->inbound)
		map_put(&p->tables.sad, l->esp.spi, sa->slot);
	else
		lead(p, sa->policy);
}

static enum err find_meter(struct plane *p, const struct esp_order *o, struct meter **out, struct text *why)
{
	*out = meters_at(&p->meters, o->sa_add.meter);
	if (*out)
		return ERR_OK;
	text_add(why, "there is no memory for the counters of the SA %08x", o->sa_add.spec.spi);
	return ERR_SPACE;
}

static enum err check_free(const struct plane *p, const struct sa_spec *spec, struct text *why)
{
	if (!map_get(&p->sas, xfrm_sa_key(spec->child, spec->inbound)) &&
		!(spec->inbound && map_get(&p->tables.sad, spec->spi)))
		return ERR_OK;
	text_add(why, "the SA %08x of CHILD_SA %u is there already", spec->spi, spec->child);
	return ERR_EXISTS;
}

enum err plane_sa_add(struct plane *p, const struct esp_order *o, struct text *why)
{
	const struct sa_spec *spec = &o->sa_add.spec;
	struct meter *meter;
	enum err err = find_meter(p, o, &meter, why);
	struct plane_sa *sa;
	struct live *live;

	if (!err)
		err = check_free(p, spec, why);
	if (err)
		return err;
	live = live_new(spec, meter, &err, why);
	if (!live)
		return err;
	sa = calloc(1, sizeof *sa);
	if (!sa)
		abort();
	sa->policy = spec->policy;
	sa->resource = spec->inbound ? 0 : spec->resource;
	sa->slot = slot_new(&(struct sa_slot){
		.live = live,
		.device = p->tables.devices[o->sa_add.slot],
		.local = spec->local,
		.remote = spec->remote,
		.encap = spec->encap,
		.own_port = o->sa_add.own_port,
		.limit = o->sa_add.limit,
	});
	map_put(&p->sas, xfrm_sa_key(spec->child, spec->inbound), sa);
	show(p, sa);
	plane_publish(p);
	return ERR_OK;
}

static void sa_free(struct plane *p, struct plane_sa *sa)
{
	struct plane_policy *it = sa->resource ? map_get(&p->policies, sa->policy) : NULL;
	struct live *l = sa->slot->live;

	if (it)
		put_aside(it, sa);
	live_part(l);
	if (l->inbound)
		map_take(&p->tables.sad, l->esp.spi);
	retire(&p->retired, &sa->slot->retired, end_sa);
	free(sa);
}

void plane_sa_del(struct plane *p, uint32_t child, bool inbound)
{
	struct plane_sa *sa = map_take(&p->sas, xfrm_sa_key(child, inbound));
	uint32_t policy = sa ? sa->policy : 0;

	if (!sa)
		return;
	sa_free(p, sa);
	if (!inbound)
		lead(p, policy);
	plane_publish(p);
}

static void move(struct plane *p, struct plane_sa *sa, const struct esp_order *o)
{
	struct sa_slot *before = sa ? sa->slot : NULL;

	if (!sa)
		return;
	sa->slot = slot_new(before);
	sa->slot->local = o->sa_move.local;
	sa->slot->remote = o->sa_move.remote;
	sa->slot->encap = o->sa_move.encap;
	sa->slot->limit = o->sa_move.limit;
	atomic_store_explicit(&before->live->path_mtu, 0, memory_order_relaxed);
	show(p, sa);
	retire(&p->retired, &before->retired, end_slot);
}

void plane_sa_move(struct plane *p, const struct esp_order *o)
{
	move(p, map_get(&p->sas, xfrm_sa_key(o->sa_move.child, true)), o);
	move(p, map_get(&p->sas, xfrm_sa_key(o->sa_move.child, false)), o);
	plane_publish(p);
}

/* ---------------------------------------------------------------- policies */

static void end_policy(struct retired *r, void *ctx)
{
	(void)ctx;
	free(r);
}

static void policy_free(struct plane *p, struct plane_policy *it)
{
	spd_take(&p->tables.spd, it->entries, it->n_entries, &p->retired);
	if (it->own)
		retire(&p->retired, &it->own->retired, end_own);
	retire(&p->retired, &it->live->retired, end_policy);
	arena_free(&it->arena);
	free(it);
}

static void make_entries(struct plane_policy *it, const struct esp_order *o)
{
	const struct tss local = o->policy_add.local, remote = o->policy_add.remote;

	it->entries = ARENA_ARRAY(&it->arena, (size_t)local.n * remote.n, struct spd_entry);
	for (unsigned i = 0; i < remote.n; i++)
		for (unsigned k = 0; k < local.n; k++) {
			struct spd_entry *e = &it->entries[it->n_entries++];

			*e = (struct spd_entry){
				.device = o->policy_add.slot,
				.local = local.v[k],
				.remote = remote.v[i],
				.priority = o->policy_add.priority,
				.trap = o->policy_add.trap,
				.age = o->policy_add.age,
				.policy = it->live,
				.own = it->own,
			};
			if (!e->priority)
				e->priority = spd_priority(&e->local, &e->remote);
		}
}

/* One thread has nobody to share with. */
enum err plane_policy_add(struct plane *p, const struct esp_order *o, struct text *why)
{
	struct plane_policy *it;

	if (map_get(&p->policies, o->policy_add.id)) {
		text_add(why, "the policy %u is there already", o->policy_add.id);
		return ERR_EXISTS;
	}
	it = calloc(1, sizeof *it);
	if (!it || !(it->live = calloc(1, sizeof *it->live)))
		abort();
	it->live->id = o->policy_add.id;
	it->own = o->policy_add.per_cpu && p->n_workers > 1 ? own_new() : NULL;
	make_entries(it, o);
	spd_put(&p->tables.spd, it->entries, it->n_entries, &p->retired);
	map_put(&p->policies, it->live->id, it);
	plane_publish(p);
	return ERR_OK;
}

void plane_policy_del(struct plane *p, uint32_t id)
{
	struct plane_policy *it = map_take(&p->policies, id);

	if (!it)
		return;
	policy_free(p, it);
	plane_publish(p);
}

void plane_policy_lead(struct plane *p, uint32_t id, uint32_t child)
{
	struct plane_policy *it = map_get(&p->policies, id);
	struct plane_sa *sa = map_get(&p->sas, xfrm_sa_key(child, false));
	const bool beside = sa && sa->resource;

	if (!it || it->child == child || (beside && sa->policy != id))
		return;
	if (beside) {
		put_aside(it, sa);
		sa->before = it->beside;
		it->beside = sa;
	} else {
		it->child = child;
	}
	lead(p, id);
	plane_publish(p);
}

void plane_tables_end(struct plane *p)
{
	struct plane_policy *it;
	struct plane_sa *sa;
	size_t at = 0;

	while ((sa = map_next(&p->sas, &at)))
		sa_free(p, sa);
	at = 0;
	while ((it = map_next(&p->policies, &at)))
		policy_free(p, it);
	map_free(&p->sas);
	map_free(&p->policies);
}
