/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What leads packets to a policy: routes that have them leave where those to the peer do, with a source that
 * the policy knows; or an XFRM interface of the tunnel's own. */
#include "xfrm/kernel/state.h"

#include "base/log.h"
#include "xfrm/limit.h"
#include "xfrm/ours.h"

#include <stdlib.h>

struct lead {
	struct arena arena;
	struct tss local, remote, ours; /* OURS: as ours.h says */
	struct route_hop hop;
	struct xfrmi dev;
	const struct if_addr *addrs; /* on DEV */
	unsigned n_addrs;
	unsigned n_remote, n_ours; /* routes that were made */
	bool own;                  /* by DEV, else past HOP */
};

enum err kernel_interface_get(struct xfrm *x, const struct child_conf *conf, struct sa_marks *marks,
	struct xfrmi *dev, struct text *why)
{
	enum err e = device_get(x->route, conf->interface, marks->if_id_out, dev, why);

	if (e)
		return e;
	marks->if_id_out = dev->if_id;
	if (!marks->if_id_in)
		marks->if_id_in = dev->if_id;
	return ERR_OK;
}

static void unlead_one(struct xfrm *x, const struct lead *l, const struct ts *to)
{
	if (l->own)
		route_del(x->route, l->dev.name, to);
	else
		route_past_del(x->route, &l->hop, to);
}

static void unlead(struct xfrm *x, struct lead *l)
{
	while (l->n_remote)
		unlead_one(x, l, &l->remote.v[--l->n_remote]);
	while (l->n_ours)
		route_ours_del(x->route, &l->ours.v[--l->n_ours]);
}

static enum err lead_one(struct xfrm *x, struct lead *l, const struct ts *to, const struct ip *peer,
	unsigned mtu, struct text *why)
{
	enum err e;

	if (!l->own)
		return route_past_add(x->route, &l->hop, to, l->local, why);
	e = route_spares(x->route, to, peer, why);
	return e ? e : route_add(x->route, l->dev.name, to, l->local, mtu, why);
}

static enum err lead_all(
	struct xfrm *x, struct lead *l, const struct ip *peer, unsigned mtu, struct text *why)
{
	enum err e = ERR_OK;

	for (unsigned i = 0; !e && i < l->ours.n; i++) {
		e = route_ours_add(x->route, &l->ours.v[i], why);
		l->n_ours += !e;
	}
	for (unsigned i = 0; !e && i < l->remote.n; i++) {
		e = lead_one(x, l, &l->remote.v[i], peer, mtu, why);
		l->n_remote += !e;
	}
	if (e)
		unlead(x, l);
	return e;
}

/* IPv6 needs so much. */
static unsigned mtu_of(struct xfrm *x, const struct lead *l, const struct owner *o)
{
	unsigned mtu = limit_expected(route_mtu(x->route, &o->remote), o->remote.v != 4);
	bool v6 = false;

	for (unsigned i = 0; i < l->remote.n; i++)
		v6 |= l->remote.v[i].lo.v == 6;
	for (unsigned i = 0; i < l->n_addrs; i++)
		v6 |= l->addrs[i].ip.v == 6;
	return v6 && mtu < LIMIT_MTU6_LEAST ? LIMIT_MTU6_LEAST : mtu;
}

static enum err lead_by_device(struct xfrm *x, struct lead *l, const struct owner *o,
	const struct child_conf *conf, struct text *why)
{
	struct bytes addrs =
		bytes_of(conf->interface_addrs, conf->n_interface_addrs * sizeof *conf->interface_addrs);
	unsigned mtu;
	enum err e;

	l->addrs = (const struct if_addr *)(const void *)arena_bytes(&l->arena, addrs).p;
	mtu = mtu_of(x, l, o);
	e = device_fit(x->route, &l->dev, mtu, why);
	if (!e)
		e = device_addrs_add(x->route, l->dev.name, l->addrs, conf->n_interface_addrs, why);
	if (e)
		return e;
	l->n_addrs = conf->n_interface_addrs;
	return lead_all(x, l, &o->remote, mtu, why);
}

/* At the end of all the routes have gone already. */
static void lead_free(struct xfrm *x, struct lead *l)
{
	if (x->route)
		unlead(x, l);
	if (l->own && x->route) {
		device_addrs_del(x->route, l->dev.name, l->addrs, l->n_addrs);
		device_put(x->route, &l->dev);
	}
	arena_free(&l->arena);
	free(l);
}

static struct lead *lead_new(struct tss local, struct tss remote)
{
	struct lead *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->local = tss_copy(&l->arena, local);
	l->remote = tss_copy(&l->arena, remote);
	l->ours = ours_of(l->local, l->remote, &l->arena);
	return l;
}

enum err kernel_lead_by_interface(struct xfrm *x, struct owner *o, const struct child_conf *conf,
	const struct xfrmi *dev, struct tss local, struct tss remote, struct text *why)
{
	struct lead *l = lead_new(local, device_routed(&conf->interface_routes, remote));
	enum err e;

	l->own = true;
	l->dev = *dev;
	e = lead_by_device(x, l, o, conf, why);
	if (e)
		lead_free(x, l);
	else
		o->lead = l;
	return e;
}

/* Where the peer is not known yet, or nowhere, there is no LEAD: packets go as they did, and the policy sees
 * them all the same. */
static enum err past(struct xfrm *x, const struct owner *o, struct tss local, struct tss remote,
	struct lead **lead, struct text *why)
{
	struct lead *l = lead_new(local, remote);
	struct text aside = text_in(&l->arena);
	enum err e = ERR_OK;

	*lead = NULL;
	if (ip_is_any(&o->remote) || route_hop_find(x->route, &o->remote, &l->hop, &aside)) {
		lead_free(x, l);
		return ERR_OK;
	}
	e = lead_all(x, l, &o->remote, 0, why);
	if (e)
		lead_free(x, l);
	else
		*lead = l;
	return e;
}

enum err kernel_lead_past(
	struct xfrm *x, struct owner *o, struct tss local, struct tss remote, struct text *why)
{
	return past(x, o, local, remote, &o->lead, why);
}

void kernel_lead_end(struct xfrm *x, struct owner *o)
{
	if (o->lead)
		lead_free(x, o->lead);
	o->lead = NULL;
}

/* First the new routes, then the old ones go: what is the same stays. */
void kernel_lead_follow(struct xfrm *x, struct owner *o)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct lead *old = o->lead, *new;

	if (old && !old->own) {
		if (past(x, o, old->local, old->remote, &new, &why)) {
			log_say(LOG_WARN, "route", "policy=%u msg=\"%s\"", o->id, text_str(&why));
		} else {
			lead_free(x, old);
			o->lead = new;
		}
	}
	arena_free(&scratch);
}
