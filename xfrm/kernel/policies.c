/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies and shunts as the core and the daemon ask for them. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <netinet/in.h>
#include <stdlib.h>

static struct owner *owner_of(struct xfrm *x, const struct policy_spec *spec)
{
	struct owner *o = kernel_owner_new(x, spec->trap ? OWNER_TRAP : OWNER_POLICY, spec->id);

	o->reqid = spec->reqid;
	o->per_cpu = spec->per_cpu && x->caps.per_cpu;
	o->icmp = spec->conf->icmp;
	o->priority = spec->conf->priority;
	o->mode = message_mode(spec->mode);
	o->proto = message_protocol(spec->protocol);
	o->local = spec->local;
	o->remote = spec->remote;
	return o;
}

/* Transport mode is for addresses that have their routes; what has a number of an interface of its own, or no
 * policies, is somebody else's to route. */
static bool is_led_past(const struct xfrm *x, const struct policy_spec *spec)
{
	return x->settings->install_routes && spec->conf->policies && !spec->marks.if_id_out &&
	       spec->mode != MODE_TRANSPORT;
}

static enum err lead(struct xfrm *x, struct owner *o, const struct policy_spec *spec, const struct xfrmi *dev,
	struct tss local, struct tss remote, struct text *why)
{
	if (spec->conf->interface)
		return kernel_lead_by_interface(x, o, spec->conf, dev, local, remote, why);
	return is_led_past(x, spec) ? kernel_lead_past(x, o, local, remote, why) : ERR_OK;
}

/* Policies first: what is led is protected then. */
static enum err install(
	struct xfrm *x, const struct policy_spec *spec, struct tss local, struct tss remote, struct text *why)
{
	struct owner *o = owner_of(x, spec);
	struct sa_marks marks = spec->marks;
	struct arena scratch = { 0 };
	struct selectors sel;
	struct xfrmi dev = { 0 };
	enum err e = selectors_of(local, remote, &scratch, &sel, why);

	if (!e && !spec->conf->policies)
		sel.n = 0; /* somebody else leads packets to the SAs */
	if (!e && spec->conf->interface)
		e = kernel_interface_get(x, spec->conf, &marks, &dev, why);
	if (!e) {
		e = kernel_owner_add(x, o, &sel, &marks, spec->conf->policies_fwd_out, why);
		if (!e)
			e = lead(x, o, spec, &dev, local, remote, why);
		else if (spec->conf->interface)
			device_put(x->route, &dev);
	}
	if (e)
		kernel_owner_del(x, o);
	else
		map_put(&x->policies, o->id, o);
	arena_free(&scratch);
	return e;
}

enum err kernel_policy_add(struct xfrm *x, const struct policy_spec *spec, struct text *why)
{
	struct arena scratch = { 0 };
	enum err e;

	if (map_get(&x->policies, spec->id)) {
		text_add(why, "the policy %u is there already", spec->id);
		return ERR_EXISTS;
	}
	e = install(x, spec, tss_resolve(spec->local_ts, &spec->local, &scratch),
		tss_resolve(spec->remote_ts, &spec->remote, &scratch), why);
	arena_free(&scratch);
	return e;
}

void kernel_policy_del(struct xfrm *x, uint32_t id)
{
	struct owner *o = map_take(&x->policies, id);

	if (o)
		kernel_owner_del(x, o);
	kernel_larvae_end(x);
}

void kernel_policy_quiet(struct xfrm *x, uint32_t id, bool quiet)
{
	struct owner *o = map_get(&x->policies, id);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (o && o->per_cpu && o->quiet != quiet) {
		o->quiet = quiet;
		if (kernel_owner_apply(x, o, &why))
			log_say(LOG_WARN, "policy", "%s", text_str(&why));
	}
	arena_free(&scratch);
}

/* What packets have asked for does not come: the next one asks, and is heard. */
static void ask_again(struct xfrm *x, struct owner *o)
{
	kernel_owner_answered(x, o);
	o->acquire_ms = 0;
}

void kernel_policy_select(struct xfrm *x, uint32_t id, uint32_t child)
{
	struct owner *o = map_get(&x->policies, id);
	const struct kernel_sa *sa = kernel_sa_of(x, child, false);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (o && !child)
		ask_again(x, o);
	kernel_sa_release(x, child);
	kernel_policy_quiet(x, id, false);
	/* The kernel finds what is for a CPU by itself. */
	if (sa && sa->resource)
		return;
	if (o && o->child != child) {
		o->child = child;
		o->age = ++x->age;
		if (kernel_owner_apply(x, o, &why))
			log_say(LOG_WARN, "policy", "packets do not go by the SA of child %u: %s", child,
				text_str(&why));
	}
	kernel_larvae_end(x);
	arena_free(&scratch);
}

/* Of packets that are forwarded, too, as if there were a tunnel. */
static struct owner *owner_of_shunt(struct xfrm *x, const struct shunt_spec *spec)
{
	struct owner *o = kernel_owner_new(x, spec->drop ? OWNER_DROP : OWNER_PASS, spec->id);

	o->mode = XFRM_MODE_TUNNEL;
	return o;
}

/* Its policy lets it pass in any case. But our routes would give this machine's own packets the source that a
 * tunnel wants, and then a tunnel's policy has them. */
static void pass_by(struct xfrm *x, struct owner *o, const struct shunt_spec *spec)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (!spec->drop && x->settings->install_routes && detour_add(x->route, spec, &o->detour, &why))
		log_say(LOG_NOTICE, "shunt", "shunt=%u msg=\"what it lets pass may go into a tunnel: %s\"",
			spec->id, text_str(&why));
	arena_free(&scratch);
}

enum err kernel_shunt_add(struct xfrm *x, const struct shunt_spec *spec, struct text *why)
{
	struct owner *o;
	struct arena scratch = { 0 };
	struct selectors sel;
	enum err e;

	if (map_get(&x->shunts, spec->id)) {
		text_add(why, "the shunt %u is there already", spec->id);
		return ERR_EXISTS;
	}
	o = owner_of_shunt(x, spec);
	e = selectors_of(spec->local_ts, spec->remote_ts, &scratch, &sel, why);
	if (!e)
		e = kernel_owner_add(x, o, &sel, &(struct sa_marks){ 0 }, false, why);
	if (e) {
		kernel_owner_del(x, o);
	} else {
		pass_by(x, o, spec);
		map_put(&x->shunts, o->id, o);
	}
	arena_free(&scratch);
	return e;
}

void kernel_shunt_del(struct xfrm *x, uint32_t id)
{
	struct owner *o = map_take(&x->shunts, id);

	if (o)
		kernel_owner_del(x, o);
}

/* Router Solicitation to Redirect (RFC 4861, 4), as runs that a mask can say. */
static const struct port_mask discovery_types[] = { { 133, 0xffff }, { 134, 0xfffe }, { 136, 0xfffe } };

enum { N_DISCOVERY_TYPES = sizeof discovery_types / sizeof *discovery_types, DISCOVERY_PRIORITY = 1 };

/* Another IPsec daemon's policies for the same do as well. */
enum err kernel_discovery_pass(struct xfrm *x, struct text *why)
{
	struct selector s = { .src.ip.v = 6, .dst.ip.v = 6, .proto = IPPROTO_ICMPV6 };
	enum err e = ERR_OK;

	x->discovery = kernel_owner_new(x, OWNER_PASS, 0);
	x->discovery->priority = DISCOVERY_PRIORITY;
	for (unsigned i = 0; i < N_DISCOVERY_TYPES; i++) {
		s.sport = discovery_types[i];
		e = kernel_owner_add(
			x, x->discovery, &(struct selectors){ &s, 1 }, &(struct sa_marks){ 0 }, false, why);
		if (e && e != ERR_EXISTS && e != ERR_UNSUPPORTED)
			return e;
		if (e)
			log_say(LOG_NOTICE, "policy", "neighbour discovery of IPv6: %s", text_str(why));
	}
	return ERR_OK;
}
