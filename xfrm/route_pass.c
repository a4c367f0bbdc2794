/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passes by our table: rules before the one that leads to it, and where they land. */
#include "xfrm/route_state.h"

#include <stdio.h>

static void jump_print(char out[JOURNAL_THING], const struct rtnl_jump *jump)
{
	const struct rule_match *m = &jump->match;
	char from[PREFIX_TEXT], to[PREFIX_TEXT];

	snprintf(out, JOURNAL_THING, "pass %u %u %s %s %u %u-%u %u-%u", jump->prio, jump->target,
		prefix_print(&m->from, from), prefix_print(&m->to, to), m->proto, m->sport_lo, m->sport_hi,
		m->dport_lo, m->dport_hi);
}

enum err route_jump_take_back(struct route *r, const char *thing, struct text *why)
{
	struct rtnl_jump jump = { 0 };
	struct rule_match *m = &jump.match;
	char from[PREFIX_TEXT], to[PREFIX_TEXT];
	enum err e;

	if (sscanf(thing, "pass %u %u %49s %49s %hhu %hu-%hu %hu-%hu", &jump.prio, &jump.target, from, to,
		    &m->proto, &m->sport_lo, &m->sport_hi, &m->dport_lo, &m->dport_hi) != 9 ||
		prefix_parse(from, &m->from) || prefix_parse(to, &m->to))
		return ERR_SYNTAX;
	e = rtnl_jump_del(r->netlink, &jump);
	text_add(why, "%s", netlink_reason(r->netlink));
	return e;
}

enum err route_landing_take_back(struct route *r, const char *thing, struct text *why)
{
	unsigned v, prio;
	enum err e;

	if (sscanf(thing, "landing %u %u", &v, &prio) != 2 || (v != 4 && v != 6))
		return ERR_SYNTAX;
	e = rtnl_landing_del(r->netlink, (uint8_t)v, prio);
	text_add(why, "%s", netlink_reason(r->netlink));
	return e;
}

/* Where packets that pass go on. */
static enum err make_landing(struct route *r, uint8_t v, struct text *why)
{
	char thing[JOURNAL_THING];
	bool first;
	enum err e;

	snprintf(thing, sizeof thing, "landing %u %u", v, r->prio + 1);
	e = journal_take(r->journal, thing, &first, why);
	if (e || !first)
		return e;
	e = rtnl_landing_add(r->netlink, v, r->prio + 1);
	if (!e || e == ERR_EXISTS)
		return ERR_OK;
	text_add(why, "cannot make the empty IPv%u routing rule of priority %u: %s", v, r->prio + 1,
		netlink_reason(r->netlink));
	route_never_mind(r, thing, false);
	return e;
}

static void landing_let_go(struct route *r, uint8_t v)
{
	char thing[JOURNAL_THING];

	snprintf(thing, sizeof thing, "landing %u %u", v, r->prio + 1);
	route_let_go(r, thing);
}

static struct rtnl_jump jump_of(const struct route *r, const struct rule_match *match)
{
	return (struct rtnl_jump){ r->prio - 1, r->prio + 1, *match };
}

static enum err make_jump(struct route *r, const struct rtnl_jump *jump, struct text *why)
{
	char thing[JOURNAL_THING];
	bool first;
	enum err e;

	jump_print(thing, jump);
	e = journal_take(r->journal, thing, &first, why);
	if (e || !first)
		return e;
	e = rtnl_jump_add(r->netlink, jump);
	if (!e || e == ERR_EXISTS)
		return ERR_OK;
	text_add(
		why, "cannot make a routing rule of priority %u: %s", jump->prio, netlink_reason(r->netlink));
	route_never_mind(r, thing, false);
	return e;
}

enum err route_pass_add(struct route *r, const struct rule_match *match, struct text *why)
{
	struct rtnl_jump jump = jump_of(r, match);
	uint8_t v = match->from.ip.v;
	enum err e;

	if (v == 6 && !r->ipv6)
		return ERR_OK;
	if (r->table == TABLE_MAIN) {
		text_add(why, "packets are led past the routes of tunnels by rules, and the main table has "
			      "none: set daemon.routing_table to a table of our own, as 220");
		return ERR_UNSUPPORTED;
	}
	if (r->prio < 2 || r->prio == UINT32_MAX) {
		text_add(why, "there must be room for a rule before ours and one behind it: set "
			      "daemon.routing_table_prio to at least 2");
		return ERR_RANGE;
	}
	e = make_landing(r, v, why);
	if (e)
		return e;
	e = make_jump(r, &jump, why);
	if (e)
		landing_let_go(r, v);
	return e;
}

void route_pass_del(struct route *r, const struct rule_match *match)
{
	struct rtnl_jump jump = jump_of(r, match);
	char thing[JOURNAL_THING];

	if (match->from.ip.v == 6 && !r->ipv6)
		return;
	jump_print(thing, &jump);
	route_let_go(r, thing);
	landing_let_go(r, match->from.ip.v);
}

/* Its ends may be names of a network and of all its hosts, which are nobody's addresses. */
bool route_chooses(struct route *r, const struct prefix *to, const struct prefix *from)
{
	struct ip ends[2];

	if (ip_prefix(&to->ip, to->bits, &ends[0], &ends[1]))
		return false;
	if (to->bits + 1 < 8 * ip_size(&to->ip)) {
		ends[0].a[ip_size(&to->ip) - 1] |= 1;
		ends[1].a[ip_size(&to->ip) - 1] &= 0xfe;
	}
	for (unsigned i = 0; i < 2; i++) {
		struct rtnl_way way;
		struct prefix source = { .bits = 8 * (unsigned)ip_size(&to->ip) };

		if (rtnl_lookup(r->netlink, &ends[i], r->mark, &way))
			return false;
		source.ip = way.source;
		if (!prefix_contains(from, &source))
			return false;
	}
	return true;
}
