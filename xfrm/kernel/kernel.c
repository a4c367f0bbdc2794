/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The back end "kernel": SAs and policies of the kernel's own IPsec (XFRM), by netlink. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <linux/netlink.h>
#include <stdlib.h>
#include <unistd.h>

static enum err open_journal(struct xfrm *x, const char *run_dir, struct text *why)
{
	struct arena scratch = { 0 };
	enum err e =
		journal_open(arena_printf(&scratch, "%s/%s", run_dir, XFRM_KERNEL_JOURNAL), &x->journal, why);

	arena_free(&scratch);
	return e;
}

static void owners_clear(struct xfrm *x, struct map *owners)
{
	struct owner *o;
	size_t at = 0;

	while ((o = map_next(owners, &at)))
		kernel_owner_del(x, o);
	map_free(owners);
}

void kernel_taken_away(void *ctx, const char *thing, enum err e)
{
	struct xfrm *x = ctx;

	if (e && e != ERR_MISSING)
		log_say(LOG_WARN, "undo", "could not take back \"%s\": %s", thing,
			netlink_reason(x->netlink));
	if (journal_release(x->journal, thing) && (!e || e == ERR_MISSING))
		journal_strike(x->journal, thing);
}

static void kernel_gather(struct xfrm *x, bool on)
{
	x->gathers = on;
	if (on)
		journal_gather(x->journal, on);
	netlink_gather(x->netlink, on);
	if (!on) {
		journal_gather(x->journal, on);
		kernel_larvae_end(x);
	}
}

static void kernel_close(struct xfrm *x)
{
	x->route = NULL;
	kernel_larvae_note_all(x);
	kernel_gather(x, true);
	kernel_sas_clear(x);
	owners_clear(x, &x->policies);
	owners_clear(x, &x->shunts);
	if (x->discovery)
		kernel_owner_del(x, x->discovery);
	kernel_entries_settle(x);
	kernel_gather(x, false);
	map_free(&x->seqs);
	map_free(&x->entries);
	journal_close(x->journal);
	netlink_close(x->netlink);
	close(x->events);
	free(x);
}

enum err kernel_start(
	const struct xfrm_setup *setup, const struct kernel_ends *ends, struct xfrm **out, struct text *why)
{
	struct xfrm *x = calloc(1, sizeof *x);
	enum err e;

	if (!x)
		abort();
	x->settings = setup->settings;
	x->reports = setup->reports;
	x->route = setup->route;
	x->netlink = ends->netlink;
	x->events = ends->events;
	x->caps.interface = ends->interface;
	list_init(&x->all);
	list_init(&x->askers);
	e = open_journal(x, setup->run_dir, why);
	if (!e)
		e = kernel_probe(x, why);
	if (!e) {
		kernel_leftovers(x);
		kernel_drops_start(x);
		e = kernel_discovery_pass(x, why);
	}
	if (e)
		kernel_close(x);
	else
		*out = x;
	return e;
}

static enum err kernel_open(const struct xfrm_setup *setup, struct xfrm **out, struct text *why)
{
	static const unsigned groups[] = { XFRMNLGRP_ACQUIRE, XFRMNLGRP_EXPIRE, XFRMNLGRP_MAPPING,
		XFRMNLGRP_MIGRATE };
	struct kernel_ends ends;
	enum err e = netlink_open(NETLINK_XFRM, &ends.netlink, why);

	if (e)
		return e;
	e = netlink_listen(NETLINK_XFRM, groups, sizeof groups / sizeof *groups, &ends.events, why);
	if (e) {
		netlink_close(ends.netlink);
		return e;
	}
	ends.interface = kernel_probe_interface();
	return kernel_start(setup, &ends, out, why);
}

enum err kernel_look(const char *dir, struct xfrm_caps *caps, struct text *why)
{
	struct xfrm x = { .events = -1 };
	enum err e = netlink_open(NETLINK_XFRM, &x.netlink, why);

	if (e)
		return e;
	list_init(&x.all);
	list_init(&x.askers);
	e = open_journal(&x, dir, why);
	if (!e) {
		x.caps.interface = kernel_probe_interface();
		e = kernel_probe(&x, why);
		*caps = x.caps;
	}
	kernel_sas_clear(&x);
	journal_close(x.journal);
	netlink_close(x.netlink);
	return e;
}

static const struct xfrm_caps *kernel_caps(const struct xfrm *x)
{
	return &x->caps;
}

static int kernel_fd(const struct xfrm *x)
{
	return x->events;
}

static struct xfrm_devices kernel_devices(struct xfrm *x, uint32_t child)
{
	const struct kernel_sa *sa = kernel_sa_of(x, child, false);
	struct xfrm_devices names = { "", "" };

	if (sa && !route_device(x->route, &sa->key.dst, names.outer))
		*names.outer = 0;
	memcpy(names.inner, sa && *sa->dev.name ? sa->dev.name : names.outer, sizeof names.inner);
	return names;
}

static void kernel_settled(struct xfrm *x)
{
	x->settled = true;
	kernel_entries_settle(x);
}

const struct xfrm_backend xfrm_kernel = {
	.open = kernel_open,
	.caps = kernel_caps,
	.close = kernel_close,
	.fd = kernel_fd,
	.dispatch = kernel_dispatch,
	.sa_add = kernel_sa_add,
	.sa_del = kernel_sa_del,
	.sa_move = kernel_sa_move,
	.policy_add = kernel_policy_add,
	.policy_del = kernel_policy_del,
	.sa_select = kernel_policy_select,
	.shunt_add = kernel_shunt_add,
	.shunt_del = kernel_shunt_del,
	.usage = kernel_sa_usage,
	.devices = kernel_devices,
	.no_device = kernel_no_device,
	.drops = kernel_drops,
	.gather = kernel_gather,
	.settled = kernel_settled,
	.audit = kernel_audit,
};
