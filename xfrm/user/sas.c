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
static void place(
	struct xfrm *x, struct user_sa *sa, const struct addr *local, const struct addr *remote, bool encap)
{
	const struct esp *e = &sa->live->esp;

	sa->local = *local;
	sa->remote = *remote;
	sa->encap = encap;
	sa->limit =
		limit_inner(e->encr, e->integ, route_mtu(x->route, &remote->ip), remote->ip.v == 6, encap);
	atomic_store_explicit(&sa->live->path_mtu, 0, memory_order_relaxed);
}

static enum err check_free(const struct xfrm *x, const struct sa_spec *spec, struct text *why)
{
	if (map_get(&x->sas, user_sa_key(spec->child, spec->inbound))) {
		text_add(why, "the CHILD_SA %u has an SA in this direction already", spec->child);
		return ERR_EXISTS;
	}
	if (spec->inbound && map_get(&x->spis, spec->spi)) {
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
		live_unref(live);
		return err;
	}
	sa = calloc(1, sizeof *sa);
	if (!sa)
		abort();
	*sa = (struct user_sa){ .live = live, .device = device, .policy = spec->policy };
	place(x, sa, &spec->local, &spec->remote, spec->encap);
	map_put(&x->sas, user_sa_key(spec->child, spec->inbound), sa);
	if (spec->inbound)
		map_put(&x->spis, spec->spi, sa);
	user_publish(x);
	user_policy_fit(x, spec->policy);
	return ERR_OK;
}

void user_sa_free(struct xfrm *x, struct user_sa *sa)
{
	user_device_put(x, sa->device);
	live_unref(sa->live);
	free(sa);
}

void user_sa_del(struct xfrm *x, uint32_t child, bool inbound)
{
	struct user_sa *sa = map_take(&x->sas, user_sa_key(child, inbound));

	if (!sa)
		return;
	if (inbound)
		map_take(&x->spis, sa->live->esp.spi);
	user_sa_free(x, sa);
	user_publish(x);
}

enum err user_sa_move(
	struct xfrm *x, uint32_t child, const struct addr *local, const struct addr *remote, bool encap)
{
	struct user_sa *in = map_get(&x->sas, user_sa_key(child, true));
	struct user_sa *out = map_get(&x->sas, user_sa_key(child, false));

	if (!in && !out)
		return ERR_MISSING;
	if (in)
		place(x, in, local, remote, encap);
	if (out)
		place(x, out, local, remote, encap);
	user_publish(x);
	user_policy_fit(x, out ? out->policy : in->policy);
	return ERR_OK;
}

bool user_sa_usage(struct xfrm *x, uint32_t child, bool inbound, struct sa_usage *out)
{
	const struct user_sa *sa = map_get(&x->sas, user_sa_key(child, inbound));

	if (sa)
		*out = live_usage(sa->live);
	user_reap(x);
	return sa;
}

struct xfrm_devices user_sa_devices(struct xfrm *x, uint32_t child)
{
	const struct user_sa *sa = map_get(&x->sas, user_sa_key(child, false));
	struct xfrm_devices names = { "", "" };

	if (sa) {
		memcpy(names.inner, sa->device->name, sizeof names.inner);
		if (!route_device(x->route, &sa->remote.ip, names.outer))
			*names.outer = 0;
	}
	return names;
}
