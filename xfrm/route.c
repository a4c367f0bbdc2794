/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one daemon changes on its machine. Every change is a line of the undo journal, and THE table of kinds
 * says how each is taken back: at the end, by the next start, or when nobody needs it any more. */
#include "xfrm/route.h"

#include "base/log.h"
#include "xfrm/forward.h"
#include "xfrm/guard.h"
#include "xfrm/route_state.h"
#include "xfrm/rpfilter.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Smaller wins: an unreachable route is met when the one before it has gone, with its device. One past the
 * next hop gives way to both, for the kernel's policies protect its packets wherever they are led. */
enum {
	METRIC_THROW = 1,
	METRIC_DEVICE = 256,
	METRIC_UNREACHABLE = 4096,
	METRIC_PAST = 6144,
	METRIC_OURS = 8192,
};

/* What never goes into a tunnel: "throw" sends it on to the tables behind ours. */
static const struct prefix never_routed[] = {
	{ { 6, { 0xfe, 0x80 } }, 10 },
	{ { 6, { 0xff } }, 8 },
};

enum { N_NEVER_ROUTED = sizeof never_routed / sizeof *never_routed };

/* The journal's words for routes and rules: printed here, and read by the take_back functions. */

static void rule_print(char out[JOURNAL_THING], const struct rtnl_rule *rule)
{
	snprintf(out, JOURNAL_THING, "rule %u %u %u %u", rule->v, rule->prio, rule->table, rule->mark);
}

static void route_print(char out[JOURNAL_THING], const char *word, const struct rtnl_route *route)
{
	char to[PREFIX_TEXT];

	snprintf(out, JOURNAL_THING, "%s %u %s%s%s", word, route->table, prefix_print(&route->to, to),
		route->dev ? " " : "", route->dev ? route->dev : "");
}

static enum err rule_take_back(struct route *r, const char *thing, struct text *why)
{
	unsigned v, prio, table, mark;
	enum err e;

	if (sscanf(thing, "rule %u %u %u %u", &v, &prio, &table, &mark) != 4 || (v != 4 && v != 6))
		return ERR_SYNTAX;
	e = rtnl_rule_del(r->netlink, &(struct rtnl_rule){ (uint8_t)v, prio, table, mark });
	text_add(why, "%s", netlink_reason(r->netlink));
	return e;
}

static enum err rp_filter_take_back(struct route *r, const char *thing, struct text *why)
{
	(void)r;
	text_add(why, "see whether /proc/sys/net can be written");
	return rpfilter_put_back(thing);
}

static enum err sysctl_take_back(struct route *r, const char *thing, struct text *why)
{
	(void)r;
	text_add(why, "see whether /proc/sys/net can be written");
	return forward_take_back(thing);
}

/* It only stands there. */
static enum err closed_take_back(struct route *r, const char *thing, struct text *why)
{
	(void)r;
	(void)thing;
	(void)why;
	return ERR_OK;
}

static enum err guard_take_back(struct route *r, const char *thing, struct text *why)
{
	char name[64];

	(void)r;
	return sscanf(thing, "nftables %63[a-z0-9.-]", name) == 1 ? guard_remove(name, why) : ERR_SYNTAX;
}

/* THE table of kinds; one without a function is a route of that type and metric. Those that STAY hold clear
 * packets back, or except from that, or are what others build on: those of a crashed predecessor stay until
 * what we make ourselves stands in their place. An XFRM interface without SAs drops what is sent through it;
 * a machine that forwards goes on with it. */
static const struct kind {
	const char *word;
	bool stays;
	enum err (*take_back)(struct route *r, const char *thing, struct text *why);
	uint8_t type;
	uint32_t metric;
	bool dev;
} kinds[] = {
	{ "rule", true, rule_take_back, 0, 0, false },
	{ "throw", true, NULL, RTN_THROW, METRIC_THROW, false },
	{ "unreachable", true, NULL, RTN_UNREACHABLE, METRIC_UNREACHABLE, false },
	{ "ours", true, NULL, RTN_THROW, METRIC_OURS, false },
	{ "route", false, NULL, RTN_UNICAST, METRIC_DEVICE, true },
	{ "past", false, NULL, RTN_UNICAST, METRIC_PAST, true },
	{ "pass", false, route_jump_take_back, 0, 0, false },
	{ "landing", false, route_landing_take_back, 0, 0, false },
	{ "rp_filter", false, rp_filter_take_back, 0, 0, false },
	{ "sysctl", true, sysctl_take_back, 0, 0, false },
	{ "nftables", true, guard_take_back, 0, 0, false },
	{ "closed", true, closed_take_back, 0, 0, false },
	{ "xfrmi", true, device_xfrmi_take_back, 0, 0, false },
	{ "address", true, device_address_take_back, 0, 0, false },
	{ "vip", false, device_address_take_back, 0, 0, false },
};

static const struct kind *kind_of(const char *thing)
{
	size_t n = strcspn(thing, " ");

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (bytes_eq(bytes_str(kinds[i].word), bytes_of(thing, n)))
			return &kinds[i];
	return NULL;
}

/* The route that THING, which is of KIND, says; DEV has room for the name of its device. */
static enum err route_read(
	const struct kind *kind, const char *thing, char dev[IFNAMSIZ], struct rtnl_route *out)
{
	char to[PREFIX_TEXT];

	*out = (struct rtnl_route){
		.type = kind->type, .metric = kind->metric, .dev = kind->dev ? dev : NULL
	};
	if (sscanf(thing, "%*s %u %49s %15s", &out->table, to, dev) != 2 + kind->dev)
		return ERR_SYNTAX;
	return prefix_parse(to, &out->to) ? ERR_SYNTAX : ERR_OK;
}

static enum err route_take_back(struct route *r, const struct kind *kind, const char *thing, struct text *why)
{
	struct rtnl_route route;
	char dev[IFNAMSIZ];
	enum err e = route_read(kind, thing, dev, &route);

	if (e)
		return e;
	e = rtnl_route_del(r->netlink, &route);
	text_add(why, "%s", netlink_reason(r->netlink));
	return e;
}

/* Whether THING is no more, its end being E; false when somebody should try again. */
static bool is_gone(const char *thing, enum err e, const char *why)
{
	if (e == ERR_SYNTAX)
		log_say(LOG_WARN, "journal", "skipping an entry that is not understood: %s", thing);
	else if (e && e != ERR_MISSING)
		log_say(LOG_WARN, "undo", "could not take back \"%s\": %s: %s", thing, err_name(e), why);
	return !e || e == ERR_MISSING || e == ERR_SYNTAX;
}

static bool take_back(struct route *r, const char *thing)
{
	const struct kind *kind = kind_of(thing);
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	enum err e = ERR_SYNTAX;
	bool gone;

	if (kind)
		e = kind->take_back ? kind->take_back(r, thing, &why) : route_take_back(r, kind, thing, &why);
	gone = is_gone(thing, e, text_str(&why));
	arena_free(&scratch);
	return gone;
}

/* Somebody may want it again since. */
static void route_gone(void *ctx, const char *thing, enum err e)
{
	struct route *r = ctx;

	if (is_gone(thing, e, netlink_reason(r->netlink)) && !journal_owned(r->journal, thing))
		journal_strike(r->journal, thing);
}

/* As take_back, for a route, with others. */
static void take_back_later(struct route *r, const struct kind *kind, const char *thing)
{
	struct rtnl_route route;
	char dev[IFNAMSIZ];
	enum err e = route_read(kind, thing, dev, &route);

	if (!e)
		e = rtnl_route_del_later(r->netlink, &route, route_gone, r, thing);
	if (e)
		route_gone(r, thing, e);
}

static bool undo_all(void *ctx, const char *thing, bool owned)
{
	(void)owned;
	return take_back(ctx, thing);
}

/* What waits to go is struck out of the journal when it has gone: not while somebody walks through that. */
static void undo(struct route *r, journal_undo_fn *fn, void *ctx)
{
	netlink_flush(r->netlink);
	journal_undo(r->journal, fn, ctx);
}

static bool undo_unowned(void *ctx, const char *thing, bool owned)
{
	return !owned && take_back(ctx, thing);
}

/* At the start, when nothing has an owner: what holds nothing back. */
static bool undo_open(void *ctx, const char *thing, bool owned)
{
	const struct kind *kind = kind_of(thing);

	(void)owned;
	return !(kind && kind->stays) && take_back(ctx, thing);
}

void route_let_go(struct route *r, const char *thing)
{
	const struct kind *kind = kind_of(thing);

	if (!journal_release(r->journal, thing))
		return;
	if (kind && !kind->take_back)
		take_back_later(r, kind, thing);
	else if (take_back(r, thing))
		journal_strike(r->journal, thing);
}

void route_gather(struct route *r, bool on)
{
	if (on)
		journal_gather(r->journal, on);
	netlink_gather(r->netlink, on);
	if (!on)
		journal_gather(r->journal, on);
}

void route_never_mind(struct route *r, const char *thing, bool noted)
{
	if (journal_release(r->journal, thing) && !noted)
		journal_strike(r->journal, thing);
}

/* Notes and makes a rule; it may be there already, from a predecessor. */
static enum err make_rule(struct route *r, uint8_t v, struct text *why)
{
	struct rtnl_rule rule = { v, r->prio, r->table, r->mark };
	char thing[JOURNAL_THING];
	bool first, noted;
	enum err e;

	rule_print(thing, &rule);
	noted = journal_has(r->journal, thing);
	e = journal_take(r->journal, thing, &first, why);
	if (e)
		return e;
	e = rtnl_rule_add(r->netlink, &rule);
	if (!e || e == ERR_EXISTS)
		return ERR_OK;
	text_add(why, "cannot make the IPv%u rule that leads into routing table %u: %s", v, r->table,
		netlink_reason(r->netlink));
	route_never_mind(r, thing, noted);
	return e;
}

/* The same for a route without a device: WORD is its kind. It may have owners. */
static enum err make_stop(struct route *r, const char *word, const struct rtnl_route *route, struct text *why)
{
	char thing[JOURNAL_THING], to[PREFIX_TEXT];
	bool first, noted;
	enum err e;

	route_print(thing, word, route);
	noted = journal_has(r->journal, thing);
	e = journal_take(r->journal, thing, &first, why);
	if (e || !first)
		return e;
	e = rtnl_route_add(r->netlink, route, false);
	/* Somebody else's does as well, and stays when ours would go. */
	if (e == ERR_EXISTS && !noted)
		route_never_mind(r, thing, noted);
	if (!e || e == ERR_EXISTS)
		return ERR_OK;
	text_add(why, "cannot make the %s route to %s in routing table %u: %s", word,
		prefix_print(&route->to, to), r->table, netlink_reason(r->netlink));
	route_never_mind(r, thing, noted);
	return e;
}

static bool in_main(const struct route *r)
{
	return r->table == TABLE_MAIN;
}

static bool kernel_has_ipv6(void)
{
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The rule of either family, and IPv6's exceptions. A kernel without IPv6 is fine. The main table has a rule,
 * and what is excepted has better routes there. */
static enum err make_rules(struct route *r, struct text *why)
{
	struct arena scratch = { 0 };
	struct text no_ipv6 = text_in(&scratch);
	enum err e = ERR_OK;

	if (in_main(r)) {
		r->ipv6 = kernel_has_ipv6();
		return ERR_OK;
	}
	e = make_rule(r, 4, why);
	if (e)
		return e;
	e = make_rule(r, 6, &no_ipv6);
	r->ipv6 = !e;
	if (e && e != ERR_UNSUPPORTED)
		text_add(why, "%s", text_str(&no_ipv6));
	arena_free(&scratch);
	if (e)
		return e == ERR_UNSUPPORTED ? ERR_OK : e;
	for (size_t i = 0; !e && i < N_NEVER_ROUTED; i++) {
		struct rtnl_route route = {
			.to = never_routed[i], .table = r->table, .metric = METRIC_THROW, .type = RTN_THROW
		};

		e = make_stop(r, "throw", &route, why);
	}
	return e;
}

static void release(struct route *r)
{
	guard_close(r->guard);
	sources_close(&r->sources);
	journal_close(r->journal);
	netlink_close(r->netlink);
	free(r);
}

/* A start that fails leaves what it found, and what little it made, to the next one: it stands in the
 * journal, and the way into the clear stays shut. */
enum err route_open(const char *journal, const struct settings *settings, uint32_t mark, struct route **out,
	struct text *why)
{
	struct route *r = calloc(1, sizeof *r);
	enum err e;

	if (!r)
		abort();
	r->table = settings->routing_table;
	r->prio = settings->routing_table_prio;
	r->mark = mark;
	r->ports[0] = settings->port;
	r->ports[1] = settings->port_nat_t;
	sources_open(&r->sources);
	e = journal_open(journal, &r->journal, why);
	if (!e)
		e = netlink_open(NETLINK_ROUTE, &r->netlink, why);
	if (!e) {
		undo(r, undo_open, r);
		e = make_rules(r, why);
	}
	if (e)
		release(r);
	else
		*out = r;
	return e;
}

void route_close(struct route *r)
{
	if (!r)
		return;
	route_gather(r, false);
	undo(r, undo_all, r);
	release(r);
}

void route_adopted_drop(struct route *r)
{
	undo(r, undo_unowned, r);
}

struct lead {
	struct route *r;
	const char *dev;
	const struct rtnl_route *to; /* of lead_end */
};

/* Makes the route that stands before THING, where that is an unreachable route. Nothing is struck out. */
static bool lead_one(void *ctx, const char *thing, bool owned)
{
	struct lead *lead = ctx;
	struct route *r = lead->r;
	struct rtnl_route route = { .metric = METRIC_DEVICE, .type = RTN_UNICAST, .dev = lead->dev };
	char to[PREFIX_TEXT], made[JOURNAL_THING];
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	bool first;

	if (!owned && sscanf(thing, "unreachable %u %49s", &route.table, to) == 2 &&
		!prefix_parse(to, &route.to)) {
		route_print(made, "route", &route);
		if (!journal_take(r->journal, made, &first, &why)) {
			journal_release(r->journal, made);
			if (rtnl_route_add(r->netlink, &route, false))
				journal_strike(r->journal, made);
		}
	}
	arena_free(&scratch);
	return false;
}

void route_adopted_lead(struct route *r, const char *dev)
{
	undo(r, lead_one, &(struct lead){ .r = r, .dev = dev });
}

static bool is_unreachable(void *ctx, const char *thing, bool owned)
{
	*(bool *)ctx |= !owned && !strncmp(thing, "unreachable ", strlen("unreachable "));
	return false;
}

bool route_adopted_any(struct route *r)
{
	bool any = false;

	undo(r, is_unreachable, &any);
	return any;
}

enum err route_device_up(struct route *r, const char *dev, unsigned mtu, struct text *why)
{
	enum err e = rtnl_device_up(r->netlink, dev, mtu, r->mark);

	if (e) {
		text_add(why, "cannot bring the device %s up with an MTU of %u: %s", dev, mtu,
			netlink_reason(r->netlink));
		return e;
	}
	rpfilter_loosen(r->journal);
	return ERR_OK;
}

/* The next prefix of a range that is to be routed. */
static bool routed_next(struct cut *cut, struct prefix *out)
{
	while (cut_next(cut, out)) {
		bool routed = true;

		for (size_t i = 0; i < N_NEVER_ROUTED; i++)
			routed &= !prefix_contains(&never_routed[i], out);
		if (routed)
			return true;
	}
	return false;
}

static struct rtnl_route unreachable(const struct rtnl_route *route)
{
	return (struct rtnl_route){
		.to = route->to, .table = route->table, .metric = METRIC_UNREACHABLE, .type = RTN_UNREACHABLE
	};
}

/* A route that route_adopted_lead has made to the same prefix, and nobody has asked for, goes: it led packets
 * to their end only until somebody came who wants them. */
static bool lead_end(void *ctx, const char *thing, bool owned)
{
	struct lead *lead = ctx;
	char start[JOURNAL_THING];
	size_t n;

	route_print(start, "route", lead->to);
	n = strlen(start);
	return !owned && !strncmp(thing, start, n) && thing[n] == ' ' && take_back(lead->r, thing);
}

static void lead_end_for(struct route *r, const struct rtnl_route *route)
{
	struct rtnl_route to = { .to = route->to, .table = route->table };

	undo(r, lead_end, &(struct lead){ .r = r, .to = &to });
}

/* A route of ours past another next hop to the same prefix. */
struct past_search {
	const char *start, *thing; /* the word for any such route, and for the one that is not meant */
	bool found;
};

static bool past_try(void *ctx, const char *thing, bool owned)
{
	struct past_search *s = ctx;
	size_t n = strlen(s->start);

	(void)owned;
	s->found |= !strncmp(thing, s->start, n) && thing[n] == ' ' && strcmp(thing, s->thing) != 0;
	return false;
}

/* The kernel has one of a metric: who moves to another device takes the place of what led there before, whose
 * other owners want packets to the same end of the same source, and move as well. */
static bool past_elsewhere(struct route *r, const struct rtnl_route *route, const char *thing)
{
	struct rtnl_route to = { .to = route->to, .table = route->table };
	char start[JOURNAL_THING];
	struct past_search search = { start, thing, false };

	route_print(start, "past", &to);
	undo(r, past_try, &search);
	return search.found;
}

/* Looks for a route of somebody else to the same prefix. */
struct rival_search {
	struct prefix to;
	bool found;
};

static void rival_try(void *ctx, const struct rtnl_route *route)
{
	struct rival_search *s = ctx;
	bool like_ours = ((route->metric == METRIC_DEVICE || route->metric == METRIC_PAST) &&
				 route->type == RTN_UNICAST) ||
			 (route->metric == METRIC_UNREACHABLE && route->type == RTN_UNREACHABLE);

	s->found |= !like_ours && route->to.bits == s->to.bits &&
		    (!s->to.bits || ip_eq(&route->to.ip, &s->to.ip));
}

/* In the main table others route, too, and what they route with a smaller metric would go in the clear. One
 * that looks like ours is ours, or the kernel says so. */
static enum err rival_check(struct route *r, const struct prefix *to, struct text *why)
{
	struct rival_search search = { *to, false };
	char text[PREFIX_TEXT];
	enum err e;

	if (!in_main(r))
		return ERR_OK;
	e = rtnl_routes(r->netlink, to->ip.v, r->table, rival_try, &search);
	if (e)
		text_add(why, "cannot read the main routing table: %s", netlink_reason(r->netlink));
	if (e || !search.found)
		return e;
	text_add(why,
		"there is a route to %s in the main routing table already, which is not ours and is left as "
		"it is: remove it (ip route del %s), or set daemon.routing_table to a table of our own, as "
		"220",
		prefix_print(to, text), text);
	return ERR_EXISTS;
}

/* The journal's word for a route to a device, or for one past the next hop, behind which nothing closes. */
static const char *word_of(bool closes)
{
	return closes ? "route" : "past";
}

/* First the unreachable route, then the one before it. An owner more renews the latter: its MTU may be
 * another, and its source may have gone from this machine (the kernel does not mind). */
static enum err prefix_route(struct route *r, const struct rtnl_route *route, bool closes, struct text *why)
{
	struct rtnl_route behind = unreachable(route);
	char thing[JOURNAL_THING], stop[JOURNAL_THING], to[PREFIX_TEXT];
	bool first, noted;
	enum err e;

	route_print(thing, word_of(closes), route);
	noted = journal_has(r->journal, thing); /* by route_adopted_lead, if by nobody else */
	e = noted ? ERR_OK : rival_check(r, &route->to, why);
	if (!e && closes)
		e = make_stop(r, "unreachable", &behind, why);
	if (e)
		return e;
	e = journal_take(r->journal, thing, &first, why);
	if (!e) {
		e = rtnl_route_add(r->netlink, route, noted);
		if (e == ERR_EXISTS) {
			lead_end_for(r, route);
			e = rtnl_route_add(
				r->netlink, route, noted || (!closes && past_elsewhere(r, route, thing)));
		}
		if (!e)
			return ERR_OK;
		text_add(why, "cannot route %s to %s in routing table %u: %s%s", prefix_print(&route->to, to),
			route->dev, route->table, netlink_reason(r->netlink),
			e == ERR_EXISTS ? ": another tunnel or program has routed it already" : "");
		route_never_mind(r, thing, false);
	}
	route_print(stop, "unreachable", &behind);
	if (closes)
		route_let_go(r, stop);
	return e;
}

static void prefix_unroute(struct route *r, const struct rtnl_route *route, bool closes)
{
	struct rtnl_route behind = unreachable(route);
	char thing[JOURNAL_THING];

	route_print(thing, word_of(closes), route);
	route_let_go(r, thing);
	route_print(thing, "unreachable", &behind);
	if (closes)
		route_let_go(r, thing);
}

/* Looks for the first address that lies in one of LOCAL. */
struct source_search {
	struct tss local;
	uint8_t v;
	struct ip found;
};

static void source_try(void *ctx, const struct ip *ip)
{
	struct source_search *s = ctx;

	for (unsigned i = 0; i < s->local.n && !s->found.v; i++) {
		const struct ts *ts = &s->local.v[i];

		if (ip->v == s->v && ts->lo.v == s->v && ip_cmp(&ts->lo, ip) <= 0 && ip_cmp(ip, &ts->hi) <= 0)
			s->found = *ip;
	}
}

/* REMOTE by ROUTE, all of it or nothing; CLOSES: with unreachable routes behind. */
static enum err range_route(struct route *r, struct rtnl_route route, const struct ts *remote,
	struct tss local, bool closes, struct text *why)
{
	struct source_search search = { local, remote->lo.v, { 0 } };
	struct cut cut = { remote->lo, remote->hi, true };
	enum err e;

	if (remote->lo.v == 6 && !r->ipv6) {
		text_add(why, "this kernel has no IPv6: nothing is routed to %s", route.dev);
		return ERR_UNSUPPORTED;
	}
	e = sources_each(&r->sources, r->netlink, source_try, &search);
	if (e) {
		text_add(why, "cannot read this machine's addresses: %s", netlink_reason(r->netlink));
		return e;
	}
	route.source = search.found;
	while (!e && routed_next(&cut, &route.to))
		e = prefix_route(r, &route, closes, why);
	if (e) {
		struct prefix failed = route.to;

		cut = (struct cut){ remote->lo, remote->hi, true };
		while (routed_next(&cut, &route.to) && !ip_eq(&route.to.ip, &failed.ip))
			prefix_unroute(r, &route, closes);
	}
	return e;
}

static void range_unroute(struct route *r, const char *dev, const struct ts *remote, bool closes)
{
	struct rtnl_route route = { .table = r->table, .dev = dev };
	struct cut cut = { remote->lo, remote->hi, remote->lo.v == 4 || r->ipv6 };

	while (routed_next(&cut, &route.to))
		prefix_unroute(r, &route, closes);
}

enum err route_add(struct route *r, const char *dev, const struct ts *remote, struct tss local, unsigned mtu,
	struct text *why)
{
	struct rtnl_route route = {
		.table = r->table, .metric = METRIC_DEVICE, .type = RTN_UNICAST, .dev = dev, .mtu = mtu
	};

	return range_route(r, route, remote, local, true, why);
}

void route_del(struct route *r, const char *dev, const struct ts *remote)
{
	range_unroute(r, dev, remote, true);
}

enum err route_past_add(struct route *r, const struct route_hop *hop, const struct ts *remote,
	struct tss local, struct text *why)
{
	struct rtnl_route route = {
		.table = r->table, .metric = METRIC_PAST, .type = RTN_UNICAST, .dev = hop->dev
	};

	if (hop->via.v == remote->lo.v)
		route.via = hop->via;
	return range_route(r, route, remote, local, false, why);
}

void route_past_del(struct route *r, const struct route_hop *hop, const struct ts *remote)
{
	range_unroute(r, hop->dev, remote, false);
}

enum err route_spares(const struct route *r, const struct ts *remote, const struct ip *peer, struct text *why)
{
	char text[IP_TEXT];

	if (!in_main(r) || peer->v != remote->lo.v || ip_cmp(&remote->lo, peer) > 0 ||
		ip_cmp(peer, &remote->hi) > 0)
		return ERR_OK;
	text_add(why,
		"a route in the main table would lead the tunnel's own packets to %s into the tunnel: set "
		"daemon.routing_table to a table of our own, as 220, which they do not look into",
		ip_print(peer, text));
	return ERR_RANGE;
}

static void ours_let_go(struct route *r, const struct rtnl_route *route)
{
	char thing[JOURNAL_THING];

	route_print(thing, "ours", route);
	route_let_go(r, thing);
}

/* "throw" again, but anybody's route of the same length comes first. In the main table narrower routes win by
 * themselves, and there is no table behind. */
enum err route_ours_add(struct route *r, const struct ts *ours, struct text *why)
{
	struct rtnl_route route = { .table = r->table, .metric = METRIC_OURS, .type = RTN_THROW };
	struct cut cut = { ours->lo, ours->hi, !in_main(r) && (ours->lo.v == 4 || r->ipv6) }, done = cut;
	enum err e = ERR_OK;

	while (!e && routed_next(&cut, &route.to))
		e = make_stop(r, "ours", &route, why);
	if (e) {
		struct prefix failed = route.to;

		while (routed_next(&done, &route.to) && !ip_eq(&route.to.ip, &failed.ip))
			ours_let_go(r, &route);
	}
	return e;
}

void route_ours_del(struct route *r, const struct ts *ours)
{
	struct rtnl_route route = { .table = r->table };
	struct cut cut = { ours->lo, ours->hi, ours->lo.v == 4 || r->ipv6 };

	while (routed_next(&cut, &route.to))
		ours_let_go(r, &route);
}
