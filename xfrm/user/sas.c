/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SAs as control knows them. */
#include "xfrm/user/state.h"

#include "xfrm/limit.h"

#include <stdlib.h>

uint64_t user_sa_key(uint32_t child, bool inbound)
{
	return (uint64_t)child << 1 | inbound;
}

/* The outer addresses, and the size limit that comes from them. */
static struct sa_slot *slot_new(struct xfrm *x, struct live *live, const struct device *device,
	const struct addr *local, const struct addr *remote, bool encap)
{
	const struct esp *e = &live->esp;
	struct sa_slot *slot = calloc(1, sizeof *slot);

	if (!slot)
		abort();
	*slot = (struct sa_slot){
		.live = live,
		.device = device,
		.local = *local,
		.remote = *remote,
		.encap = encap,
		.limit = limit_inner(
			e->encr, e->integ, route_mtu(x->route, &remote->ip), remote->ip.v == 6, encap),
	};
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

/* From the next publication on packets find the SA. */
static void show(struct xfrm *x, const struct user_sa *sa)
{
	const struct live *l = sa->slot->live;

	if (l->inbound)
		map_put(&x->tables.sad, l->esp.spi, sa->slot);
	else
		user_policy_lead(x, sa->policy);
}

static enum err check_free(const struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	if (map_get(&x->sas, user_sa_key(spec->child, spec->inbound))) {
		text_add(why, "the CHILD_SA %u has an SA in this direction already", spec->child);
		return ERR_EXISTS;
	}
	if (spec->inbound && map_get(&x->tables.sad, spec->spi)) {
		text_add(why, "the SPI %08x is in use", spec->spi);
		return ERR_EXISTS;
	}
	return ERR_OK;
}

enum err user_mode_check(enum child_mode mode, struct text *why)
{
	if (mode == MODE_TUNNEL)
		return ERR_OK;
	text_add(why,
		"the userspace path carries tunnel mode only, and this CHILD_SA has mode = %s: write mode = "
		"tunnel, or let the kernel carry it",
		name_word(child_modes, (int)mode));
	return ERR_UNSUPPORTED;
}

/* An outbound SA joins those of its policy. */
static void join_carriers(struct xfrm *x, struct user_sa *sa)
{
	sa->also = map_get(&x->carriers, sa->policy);
	map_put(&x->carriers, sa->policy, sa);
}

static void leave_carriers(struct xfrm *x, const struct user_sa *sa)
{
	struct user_sa *first = map_take(&x->carriers, sa->policy), **at = &first;

	while (*at != sa)
		at = &(*at)->also;
	*at = sa->also;
	if (first)
		map_put(&x->carriers, sa->policy, first);
}

enum err user_sa_add(struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	enum err err = user_mode_check(spec->mode, why);
	struct device *device;
	struct user_sa *sa;
	struct live *live;

	if (!err)
		err = check_free(x, spec, why);
	if (err)
		return err;
	live = live_new(spec, &err, why);
	if (!live)
		return err;
	err = user_device_get(x, spec->conf->interface, &device, why);
	if (err) {
		live_free(live);
		return err;
	}
	sa = calloc(1, sizeof *sa);
	if (!sa)
		abort();
	*sa = (struct user_sa){ .device = device, .policy = spec->policy };
	sa->slot = slot_new(x, live, device, &spec->local, &spec->remote, spec->encap);
	map_put(&x->sas, user_sa_key(spec->child, spec->inbound), sa);
	if (!spec->inbound)
		join_carriers(x, sa);
	show(x, sa);
	user_publish(x);
	user_policy_fit(x, spec->policy);
	return ERR_OK;
}

void user_sa_free(struct xfrm *x, struct user_sa *sa)
{
	const struct live *l = sa->slot->live;

	if (l->inbound)
		map_take(&x->tables.sad, l->esp.spi);
	retire(&x->retired, &sa->slot->retired, end_sa);
	user_device_put(x, sa->device);
	free(sa);
}

void user_sa_del(struct xfrm *x, uint32_t child, bool inbound)
{
	struct user_sa *sa = map_take(&x->sas, user_sa_key(child, inbound));
	uint32_t policy;

	if (!sa)
		return;
	policy = sa->policy;
	if (!inbound)
		leave_carriers(x, sa);
	user_sa_free(x, sa);
	if (!inbound)
		user_policy_lead(x, policy);
	user_publish(x);
}

/* SA may be NULL. */
static void move(
	struct xfrm *x, struct user_sa *sa, const struct addr *local, const struct addr *remote, bool encap)
{
	struct sa_slot *before = sa ? sa->slot : NULL;

	if (!sa)
		return;
	sa->slot = slot_new(x, before->live, sa->device, local, remote, encap);
	atomic_store_explicit(&before->live->path_mtu, 0, memory_order_relaxed);
	show(x, sa);
	retire(&x->retired, &before->retired, end_slot);
}

enum err user_sa_move(
	struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	struct user_sa *in = map_get(&x->sas, user_sa_key(child, true));
	struct user_sa *out = map_get(&x->sas, user_sa_key(child, false));

	if (!in && !out)
		return ERR_MISSING;
	move(x, in, local, remote, encap);
	move(x, out, local, remote, encap);
	user_publish(x);
	user_policy_fit(x, out ? out->policy : in->policy);
	return ERR_OK;
}

bool user_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out)
{
	const struct user_sa *sa = map_get(&x->sas, user_sa_key(child, inbound));

	if (sa)
		*out = live_usage(sa->slot->live);
	user_reap(x);
	return sa;
}

struct xfrm_devices user_sa_devices(struct xfrm *x, uint32_t child)
{
	const struct user_sa *sa = map_get(&x->sas, user_sa_key(child, false));
	struct xfrm_devices names = { "", "" };

	if (sa) {
		memcpy(names.inner, sa->device->name, sizeof names.inner);
		if (!route_device(x->route, &sa->slot->remote.ip, names.outer))
			*names.outer = 0;
	}
	return names;
}
