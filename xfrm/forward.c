/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings below /proc/sys, and rules in our table. */
#include "xfrm/forward.h"

#include "xfrm/limit.h"
#include "xfrm/route_state.h"
#include "xfrm/sysctl.h"

#include <dirent.h>
#include <stdio.h>

enum { SYSCTL_MAX = 96 /* octets of a name */, ACCEPT_RA_FORWARDING = 2 };

#define FORWARD4  "net/ipv4/ip_forward"
#define REDIRECTS "net/ipv4/conf/all/accept_redirects"
#define FORWARD6  "net/ipv6/conf/all/forwarding"

/* Notes that NAME is WAS and becomes IS, and makes it so. What a predecessor noted is taken over. */
static enum err setting(struct route *r, const char *name, int was, int is, struct text *why)
{
	char thing[JOURNAL_THING];
	bool first, noted;
	int now;
	enum err e = sysctl_get(name, &now);

	snprintf(thing, sizeof thing, "sysctl %s %d %d", name, was, is);
	noted = journal_has(r->journal, thing);
	if (!e && now != was && !noted)
		return ERR_OK;
	if (!e)
		e = journal_take(r->journal, thing, &first, why);
	if (e)
		return e;
	if (!first)
		(void)journal_release(r->journal, thing);
	else if (now != is)
		e = sysctl_set(name, is);
	if (e)
		route_never_mind(r, thing, noted);
	return e;
}

/* A router takes no routes from other routers' advertisements, unless each interface says that it does all
 * the same: else this machine would lose its default route. */
static enum err keep_advertisements(struct route *r, struct text *why)
{
	DIR *dir = opendir("/proc/sys/net/ipv6/conf");
	char name[SYSCTL_MAX];
	enum err e = ERR_OK;
	struct dirent *d;

	while (!e && dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.' || !strcmp(d->d_name, "all"))
			continue;
		snprintf(name, sizeof name, "net/ipv6/conf/%.31s/accept_ra", d->d_name);
		e = setting(r, name, 1, ACCEPT_RA_FORWARDING, why);
		if (e == ERR_MISSING) /* it has just gone */
			e = ERR_OK;
	}
	if (dir)
		closedir(dir);
	return e;
}

/* A machine that becomes a host again takes redirects, says the kernel, also where it took none before. What
 * is noted first is taken back last. */
static enum err keep_redirects(struct route *r, bool forwards, struct text *why)
{
	static const char thing[] = "sysctl " REDIRECTS " 0 1";
	bool first, noted = journal_has(r->journal, thing);
	int now;
	enum err e = sysctl_get(REDIRECTS, &now);

	if (e || !(noted || (!forwards && !now)))
		return e;
	e = journal_take(r->journal, thing, &first, why);
	if (!e && !first)
		(void)journal_release(r->journal, thing);
	return e;
}

static enum err forward_family(struct route *r, uint8_t v, struct text *why)
{
	const char *name = v == 4 ? FORWARD4 : FORWARD6;
	int on;
	enum err e = sysctl_get(name, &on);

	if (!e && v == 6 && !on)
		e = keep_advertisements(r, why);
	if (!e && v == 4)
		e = keep_redirects(r, on, why);
	if (!e)
		e = setting(r, name, 0, 1, why);
	if (e)
		text_add(why,
			"this machine cannot be made to forward IPv%u packets (%s): set %s to 1 yourself, "
			"see whether /proc/sys/net can be written",
			v, err_name(e), name);
	return e;
}

static bool has_family(struct tss set, uint8_t v)
{
	for (unsigned i = 0; i < set.n; i++)
		if (set.v[i].lo.v == v)
			return true;
	return false;
}

/* The userspace path fits TCP to its SAs by itself. */
static unsigned mtu_of(struct route *r, const struct policy_spec *policy)
{
	const struct child_conf *c = policy->conf;

	if (c->forward == FORWARD_NO || c->mss != MSS_AUTO || c->datapath != DATAPATH_KERNEL)
		return 0;
	return limit_expected(route_mtu(r, &policy->remote), policy->remote.v != 4);
}

enum err forward_add(struct route *r, const struct policy_spec *policy, struct text *why)
{
	const struct child_conf *c = policy->conf;
	const struct guard_forward how = {
		.nat = c->forward == FORWARD_NAT,
		.apart = !c->client_to_client,
		.mss = c->mss == MSS_NO ? 0 : c->mss,
		.mtu = mtu_of(r, policy),
	};
	struct arena scratch = { 0 };
	struct tss local = tss_resolve(policy->local_ts, &policy->local, &scratch);
	struct tss remote = tss_resolve(policy->remote_ts, &policy->remote, &scratch);
	enum err e = ERR_OK;

	for (uint8_t v = 4; v <= 6 && !e && c->forward != FORWARD_NO; v += 2)
		if (has_family(local, v) && has_family(remote, v))
			e = forward_family(r, v, why);
	if (!e && !policy->trap && (how.nat || how.apart || how.mss || how.mtu))
		e = route_forward_add(r, policy->id, &how, local, remote, why);
	arena_free(&scratch);
	return e;
}

void forward_del(struct route *r, uint32_t policy)
{
	route_forward_del(r, policy);
}

/* Devices may be called whatever has no space and no slash. */
enum err forward_take_back(const char *thing)
{
	char name[SYSCTL_MAX];
	int was, is, now;
	enum err e;

	if (sscanf(thing, "sysctl %95s %d %d", name, &was, &is) != 3 ||
		strncmp(name, "net/", strlen("net/")) || strstr(name, "/../"))
		return ERR_SYNTAX;
	e = sysctl_get(name, &now);
	if (e)
		return e;
	return now == is ? sysctl_set(name, was) : ERR_MISSING;
}
