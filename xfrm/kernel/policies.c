/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies and shunts as the core and the daemon ask for them. */
#include "xfrm/kernel/state.h"

#include "base/log.h"

#include <netinet/in.h>
#include <stdlib.h>

static enum err add(struct xfrm *x, struct map *to, struct owner *o, const struct selectors *sel,
	const struct sa_marks *marks, bool fwd_out, struct text *why)
{
	enum err e = kernel_owner_add(x, o, sel, marks, fwd_out, why);

	if (e)
		kernel_owner_del(x, o);
	else
		map_put(to, o->id, o);
	return e;
}

static struct owner *owner_of(struct xfrm *x, const struct policy_spec *spec)
{
	struct owner *o = kernel_owner_new(x, spec->trap ? OWNER_TRAP : OWNER_POLICY, spec->id);

	o->reqid = spec->reqid;
	o->priority = spec->conf->priority;
	o->mode = message_mode(spec->mode);
	o->local = spec->local;
	o->remote = spec->remote;
	return o;
}

enum err kernel_policy_add(struct xfrm *x, const struct policy_spec *spec, struct text *why)
{
	struct arena scratch = { 0 };
	struct selectors sel;
	enum err e;

	if (map_get(&x->policies, spec->id)) {
		text_add(why, "the policy %u is there already", spec->id);
		return ERR_EXISTS;
	}
	e = selectors_of(tss_resolve(spec->local_ts, &spec->local, &scratch),
		tss_resolve(spec->remote_ts, &spec->remote, &scratch), &scratch, &sel, why);
	if (!spec->conf->policies)
		sel.n = 0; /* somebody else leads packets to the SAs */
	if (!e)
		e = add(x, &x->policies, owner_of(x, spec), &sel, &spec->marks, spec->conf->policies_fwd_out,
			why);
	arena_free(&scratch);
	return e;
}

void kernel_policy_del(struct xfrm *x, uint32_t id)
{
	struct owner *o = map_take(&x->policies, id);

	if (o)
		kernel_owner_del(x, o);
}

void kernel_policy_select(struct xfrm *x, uint32_t id, uint32_t child)
{
	struct owner *o = map_get(&x->policies, id);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);

	if (o && o->child != child) {
		o->child = child;
		o->age = ++x->age;
		if (kernel_owner_apply(x, o, &why))
			log_say(LOG_WARN, "policy", "packets do not go by the SA of child %u: %s", child,
				text_str(&why));
	}
	arena_free(&scratch);
}

enum err kernel_shunt_add(struct xfrm *x, const struct shunt_spec *spec, struct text *why)
{
	struct arena scratch = { 0 };
	struct selectors sel;
	enum err e;

	if (map_get(&x->shunts, spec->id)) {
		text_add(why, "the shunt %u is there already", spec->id);
		return ERR_EXISTS;
	}
	e = selectors_of(spec->local_ts, spec->remote_ts, &scratch, &sel, why);
	if (!e)
		e = add(x, &x->shunts, kernel_owner_new(x, spec->drop ? OWNER_DROP : OWNER_PASS, spec->id),
			&sel, &(struct sa_marks){ 0 }, false, why);
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
