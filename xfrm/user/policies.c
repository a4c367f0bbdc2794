/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policies as control knows them, their routes and their guards. */
#include "xfrm/user/state.h"

#include "base/log.h"
#include "xfrm/device.h"
#include "xfrm/limit.h"
#include "xfrm/ours.h"

#include <stdlib.h>

enum { PAIRS_MAX = 4096 /* of selectors, in one policy */ };

/* What the smallest of its outbound SAs takes; before there is one, what any will. */
static unsigned mtu_of(struct xfrm *x, const struct user_policy *p)
{
	const struct user_sa *sa = map_get(&x->carriers, p->id);
	unsigned mtu = sa ? sa->limit : 0;

	for (; sa; sa = sa->also)
		if (sa->limit < mtu)
			mtu = sa->limit;
	return mtu ? mtu : limit_expected(route_mtu(x->route, &p->peer), p->peer.v != 4);
}

/* The first N of the routes of P, and N_OURS of the exceptions from them. */
static void unroute(struct xfrm *x, const struct user_policy *p, unsigned n, unsigned n_ours)
{
	while (n-- > 0)
		route_del(x->route, p->device->name, &p->routes.v[n]);
	while (n_ours-- > 0)
		route_ours_del(x->route, &p->ours.v[n_ours]);
}

/* Every IPv6 link carries 1280 octets (RFC 8200, 5); see also outbound.c. */
static unsigned mtu_for(unsigned mtu, uint8_t version)
{
	return version == 6 && mtu < LIMIT_MTU6_LEAST ? LIMIT_MTU6_LEAST : mtu;
}

/* A device of its own has the size of the tunnel, for what is not routed by us. */
static enum err fit_device(struct xfrm *x, const struct user_policy *p, unsigned mtu, struct text *why)
{
	for (unsigned i = 0; i < p->remote.n; i++)
		mtu = mtu_for(mtu, p->remote.v[i].lo.v);
	for (unsigned i = 0; i < p->n_addrs; i++)
		mtu = mtu_for(mtu, p->addrs[i].ip.v);
	return route_device_up(x->route, p->device->name, mtu, why);
}

/* All of P's routes, with this size. */
static enum err route_all(struct xfrm *x, struct user_policy *p, unsigned mtu, struct text *why)
{
	enum err err = p->own ? fit_device(x, p, mtu, why) : ERR_OK;

	p->mtu = mtu;
	for (unsigned i = 0; !err && i < p->ours.n; i++) {
		err = route_ours_add(x->route, &p->ours.v[i], why);
		if (err)
			unroute(x, p, 0, i);
	}
	for (unsigned i = 0; !err && i < p->routes.n; i++) {
		err = route_spares(x->route, &p->routes.v[i], &p->peer, why);
		if (!err)
			err = route_add(x->route, p->device->name, &p->routes.v[i], p->local,
				mtu_for(mtu, p->routes.v[i].lo.v), why);
		if (err)
			unroute(x, p, i, p->ours.n);
	}
	return err;
}

/* Without nftables there is no guard; that is said once. */
static enum err guard(struct xfrm *x, struct user_policy *p, struct text *why)
{
	struct arena scratch = { 0 };
	struct text no_guard = text_in(&scratch);
	enum err err = route_guard_add(x->route, p->id, p->device->name, p->local, p->routes, &no_guard);

	p->guarded = !err;
	if (err == ERR_UNSUPPORTED) {
		if (!x->unguarded_said)
			log_say(LOG_WARN, "guard",
				"clear packets from tunnelled networks are not dropped: %s",
				text_str(&no_guard));
		x->unguarded_said = true;
		err = ERR_OK;
	} else if (err) {
		text_add(why, "%s", text_str(&no_guard));
	}
	arena_free(&scratch);
	return err;
}

static enum err check_selectors(const struct user_policy *p, struct text *why)
{
	bool known = true;

	for (unsigned i = 0; i < p->local.n; i++)
		known = known && p->local.v[i].lo.v;
	for (unsigned i = 0; i < p->remote.n; i++)
		known = known && p->remote.v[i].lo.v;
	if (!known) {
		text_add(why, "the selectors are dynamic and the address is not known yet: name it in "
			      "local_addrs and remote_addrs, or name networks in local_ts and remote_ts");
		return ERR_RANGE;
	}
	if ((size_t)p->local.n * p->remote.n > PAIRS_MAX) {
		text_add(why,
			"%u local and %u remote selectors are too many for one tunnel: the product may be %d",
			p->local.n, p->remote.n, PAIRS_MAX);
		return ERR_RANGE;
	}
	return ERR_OK;
}

/* Those to a device of its own are the administrator's unless he wants ours; so is what may come in by others
 * (install). */
static struct tss routes_of(const struct xfrm *x, const struct child_conf *conf, struct tss remote)
{
	if (conf->interface)
		return device_routed(&conf->interface_routes, remote);
	return x->settings->install_routes ? remote : (struct tss){ 0 };
}

static size_t octets(struct tss set)
{
	return arena_octets(set.n * sizeof *set.v);
}

/* P gets what its selectors are, and what is led where because of them, in an arena that has room for MORE
 * octets, and for no others. */
static void take_selectors(
	const struct xfrm *x, const struct policy_spec *spec, size_t more, struct user_policy *p)
{
	struct arena scratch = { 0 };
	struct tss local = tss_resolve(spec->local_ts, &spec->local, &scratch);
	struct tss remote = tss_resolve(spec->remote_ts, &spec->remote, &scratch);
	struct tss routes = routes_of(x, spec->conf, remote), ours = ours_of(local, routes, &scratch);

	arena_expect(&p->arena, octets(local) + octets(remote) + octets(ours) + more +
					(routes.v == remote.v ? 0 : octets(routes)));
	p->local = tss_copy(&p->arena, local);
	p->remote = tss_copy(&p->arena, remote);
	p->routes = routes.v == remote.v ? p->remote : tss_copy(&p->arena, routes);
	p->ours = tss_copy(&p->arena, ours);
	arena_free(&scratch);
}

static struct user_policy *policy_new(struct xfrm *x, const struct policy_spec *spec)
{
	const struct child_conf *conf = spec->conf;
	struct bytes addrs =
		bytes_of(conf->interface_addrs, conf->n_interface_addrs * sizeof *conf->interface_addrs);
	struct user_policy *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	p->id = spec->id;
	take_selectors(x, spec, arena_octets(addrs.n + 1), p);
	p->own = conf->interface;
	p->addrs = (const struct if_addr *)arena_bytes(&p->arena, addrs).p;
	p->n_addrs = conf->n_interface_addrs;
	p->trap = spec->trap;
	p->per_cpu = spec->per_cpu;
	p->priority = conf->priority;
	p->age = ++x->age;
	p->peer = spec->remote;
	return p;
}

static void policy_forget(struct user_policy *p)
{
	arena_free(&p->arena);
	free(p);
}

static enum err hand_over(struct xfrm *x, const struct user_policy *p, struct text *why)
{
	const struct esp_order o = { .kind = ORDER_POLICY_ADD,
		.policy_add = { .id = p->id,
			.slot = p->device->slot,
			.local = p->local,
			.remote = p->remote,
			.priority = p->priority,
			.trap = p->trap,
			.per_cpu = p->per_cpu,
			.age = p->age } };

	return user_order(x, &o, NULL, 0, why);
}

static void tell_child(struct xfrm *x, const struct user_policy *p, uint32_t child)
{
	user_tell(x, &(struct esp_order){ .kind = ORDER_POLICY_LEAD, .policy_lead = { p->id, child } });
}

/* One that is refused may have been so before, and nobody has heard of that yet: the next process would
 * refuse it as well. */
void user_policies_again(struct xfrm *x)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	const struct user_policy *p;
	size_t at = 0;

	while ((p = map_next(&x->policies, &at))) {
		why.n = 0;
		if (!hand_over(x, p, &why))
			tell_child(x, p, p->child);
		else
			log_say(LOG_ERROR, "packets",
				"policy=%u msg=\"it carries no packets, for the process esp refuses it: %s\"",
				p->id, text_str(&why));
	}
	arena_free(&scratch);
}

/* First the packet threads know it, then packets are led to them. */
static enum err install(
	struct xfrm *x, struct user_policy *p, const struct child_conf *conf, struct text *why)
{
	enum err err = user_device_get(x, conf->interface, &p->device, why);

	if (err) {
		policy_forget(p);
		return err;
	}
	err = hand_over(x, p, why);
	if (err) {
		user_policy_free(x, p);
		return err;
	}
	map_put(&x->policies, p->id, p);
	err = device_addrs_add(x->route, p->device->name, p->addrs, p->n_addrs, why);
	if (err)
		p->n_addrs = 0;
	if (!err)
		err = route_all(x, p, mtu_of(x, p), why);
	if (err)
		p->routes.n = p->ours.n = 0;
	else if (!p->trap && p->routes.n)
		err = guard(x, p, why);
	if (err)
		user_policy_del(x, p->id);
	return err;
}

enum err user_policy_add(struct xfrm *x, const struct policy_spec *spec, struct text *why)
{
	enum err err = user_mode_check(spec->mode, why);
	struct user_policy *p;

	if (err)
		return err;
	if (map_get(&x->policies, spec->id)) {
		text_add(why, "the policy %u is there already", spec->id);
		return ERR_EXISTS;
	}
	p = policy_new(x, spec);
	err = check_selectors(p, why);
	if (err) {
		policy_forget(p);
		return err;
	}
	return install(x, p, spec->conf, why);
}

void user_policy_free(struct xfrm *x, struct user_policy *p)
{
	user_device_put(x, p->device);
	policy_forget(p);
}

void user_policy_del(struct xfrm *x, uint32_t id)
{
	struct user_policy *p = map_take(&x->policies, id);

	if (!p)
		return;
	unroute(x, p, p->routes.n, p->ours.n);
	device_addrs_del(x->route, p->device->name, p->addrs, p->n_addrs);
	if (p->guarded)
		route_guard_del(x->route, id);
	user_tell(x, &(struct esp_order){ .kind = ORDER_POLICY_DEL, .policy_del.id = id });
	user_policy_free(x, p);
}

void user_policy_select(struct xfrm *x, uint32_t id, uint32_t child)
{
	struct user_policy *p = map_get(&x->policies, id);
	const struct user_sa *sa = map_get(&x->sas, xfrm_sa_key(child, false));

	if (!p || p->child == child || (sa && sa->lost && sa->for_cpu))
		return;
	if (!sa || !sa->for_cpu)
		p->child = child;
	tell_child(x, p, child);
}

void user_policy_fit(struct xfrm *x, uint32_t id)
{
	struct user_policy *p = map_get(&x->policies, id);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	unsigned mtu = p ? mtu_of(x, p) : 0;

	/* A route that has one owner more is renewed; then the one before lets go. */
	if (p && mtu != p->mtu) {
		if (route_all(x, p, mtu, &why))
			log_say(LOG_WARN, "mtu", "the routes of policy %u keep their MTU: %s", id,
				text_str(&why));
		else
			unroute(x, p, p->routes.n, p->ours.n);
	}
	arena_free(&scratch);
}
