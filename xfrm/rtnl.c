/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, addresses, routes and rules by rtnetlink. */
#include "xfrm/rtnl.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>

static const char kind_xfrm[] = "xfrm";

static uint8_t family(const struct ip *ip)
{
	return ip->v == 4 ? AF_INET : AF_INET6;
}

static void put_ip(struct nlmsghdr *h, uint16_t type, const struct ip *ip)
{
	mnl_attr_put(h, type, ip_size(ip), ip->a);
}

/* The address in attribute A; none when its length is no address'. */
static struct ip get_ip(const struct nlattr *a)
{
	struct ip ip;

	if (ip_from(bytes_of(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)), &ip))
		ip = (struct ip){ 0 };
	return ip;
}

/* A number, zero when it is too short for one. */
static uint32_t get_u32(const struct nlattr *a)
{
	return mnl_attr_get_payload_len(a) < sizeof(uint32_t) ? 0 : mnl_attr_get_u32(a);
}

enum err rtnl_device_up(struct netlink *nl, const char *dev, unsigned mtu, uint32_t group)
{
	struct nlmsghdr *h = netlink_request(nl, RTM_NEWLINK, 0);
	struct ifinfomsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->ifi_flags = m->ifi_change = IFF_UP;
	mnl_attr_put_strz(h, IFLA_IFNAME, dev);
	mnl_attr_put_u32(h, IFLA_MTU, mtu);
	mnl_attr_put_u32(h, IFLA_GROUP, group);
	return netlink_talk(nl, NULL, NULL);
}

/* The number among the attributes of an XFRM interface that its LINKINFO has; 0: it is of another kind. */
static uint32_t if_id_of(const struct nlattr *linkinfo)
{
	const struct nlattr *a, *data = NULL;
	bool xfrm = false;

	mnl_attr_for_each_nested(a, linkinfo)
	{
		if (mnl_attr_get_type(a) == IFLA_INFO_KIND)
			xfrm = mnl_attr_get_payload_len(a) == sizeof kind_xfrm &&
			       !memcmp(mnl_attr_get_payload(a), kind_xfrm, sizeof kind_xfrm);
		if (mnl_attr_get_type(a) == IFLA_INFO_DATA)
			data = a;
	}
	if (!xfrm || !data)
		return 0;
	mnl_attr_for_each_nested(a, data) if (mnl_attr_get_type(a) == IFLA_XFRM_IF_ID) return get_u32(a);
	return 0;
}

struct link_walk {
	rtnl_link_fn *each;
	void *ctx;
};

static void link_pass_on(void *ctx, const struct nlmsghdr *h)
{
	const struct link_walk *walk = ctx;
	const struct ifinfomsg *m = mnl_nlmsg_get_payload(h);
	struct rtnl_link link = { .up = m->ifi_flags & IFF_UP };
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof *m)
	{
		if (mnl_attr_get_type(a) == IFLA_LINKINFO)
			link.if_id = if_id_of(a);
	}
	walk->each(walk->ctx, &link);
}

static void link_keep(void *ctx, const struct rtnl_link *link)
{
	*(struct rtnl_link *)ctx = *link;
}

enum err rtnl_link_find(struct netlink *nl, const char *name, struct rtnl_link *out)
{
	struct link_walk walk = { link_keep, out };
	struct nlmsghdr *h = netlink_request(nl, RTM_GETLINK, 0);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return netlink_talk(nl, link_pass_on, &walk);
}

enum err rtnl_links(struct netlink *nl, rtnl_link_fn *each, void *ctx)
{
	struct link_walk walk = { each, ctx };
	struct nlmsghdr *h = netlink_request(nl, RTM_GETLINK, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	return netlink_talk(nl, link_pass_on, &walk);
}

enum err rtnl_link_add_xfrm(struct netlink *nl, const char *name, uint32_t if_id)
{
	struct nlmsghdr *h = netlink_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info, *data;

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, kind_xfrm);
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u32(h, IFLA_XFRM_IF_ID, if_id);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	return netlink_talk(nl, NULL, NULL);
}

/* A device without queues cannot be. The kernel says so only of a kind that it has, for which it may load a
 * module, and of others that it does not know them (rtnl_newlink, rtnl_create_link). */
bool rtnl_has_link_xfrm(struct netlink *nl)
{
	struct nlmsghdr *h = netlink_request(nl, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *info;

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 0);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, kind_xfrm);
	mnl_attr_nest_end(h, info);
	return netlink_talk(nl, NULL, NULL) && netlink_refused_value(nl);
}

enum err rtnl_link_del(struct netlink *nl, const char *name)
{
	struct nlmsghdr *h = netlink_request(nl, RTM_DELLINK, 0);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	return netlink_talk(nl, NULL, NULL);
}

/* Without duplicate address detection, which nobody would answer. */
static enum err addr_talk(struct netlink *nl, uint16_t type, uint16_t flags, const char *dev,
	const struct ip *ip, unsigned bits)
{
	struct nlmsghdr *h = netlink_request(nl, type, flags);
	struct ifaddrmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->ifa_index = netlink_device(nl, dev);
	if (!m->ifa_index)
		return netlink_refuse(nl, ENODEV);
	m->ifa_family = family(ip);
	m->ifa_prefixlen = (uint8_t)bits;
	m->ifa_flags = ip->v == 6 ? IFA_F_NODAD : 0;
	put_ip(h, IFA_LOCAL, ip);
	put_ip(h, IFA_ADDRESS, ip);
	return netlink_talk(nl, NULL, NULL);
}

enum err rtnl_addr_add(struct netlink *nl, const char *dev, const struct ip *ip, unsigned bits)
{
	return addr_talk(nl, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, dev, ip, bits);
}

enum err rtnl_addr_del(struct netlink *nl, const char *dev, const struct ip *ip, unsigned bits)
{
	return addr_talk(nl, RTM_DELADDR, 0, dev, ip, bits);
}

/* The number of ROUTE's device, 0: it needs none. ERR_MISSING: that is gone. */
static enum err route_device_find(struct netlink *nl, const struct rtnl_route *route, unsigned *out)
{
	*out = route->dev ? netlink_device(nl, route->dev) : 0;
	return route->dev && !*out ? netlink_refuse(nl, ENODEV) : ERR_OK;
}

/* The part of a route, by the device DEV, that both its making and its end need. */
static void route_put(struct nlmsghdr *h, const struct rtnl_route *route, unsigned dev)
{
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->rtm_family = family(&route->to.ip);
	m->rtm_dst_len = (uint8_t)route->to.bits;
	m->rtm_type = route->type;
	/* For an end NOWHERE says: of any scope. */
	m->rtm_scope = h->nlmsg_type == RTM_DELROUTE ? RT_SCOPE_NOWHERE
		       : dev && !route->via.v        ? RT_SCOPE_LINK
						     : RT_SCOPE_UNIVERSE;
	put_ip(h, RTA_DST, &route->to.ip);
	mnl_attr_put_u32(h, RTA_TABLE, route->table);
	mnl_attr_put_u32(h, RTA_PRIORITY, route->metric);
	if (dev)
		mnl_attr_put_u32(h, RTA_OIF, dev);
}

enum err rtnl_route_add(struct netlink *nl, const struct rtnl_route *route, bool replace)
{
	uint16_t flags = NLM_F_CREATE | (replace ? NLM_F_REPLACE : NLM_F_EXCL);
	struct nlmsghdr *h;
	unsigned dev;
	enum err e = route_device_find(nl, route, &dev);

	if (e)
		return e;
	h = netlink_request(nl, RTM_NEWROUTE, flags);
	route_put(h, route, dev);
	((struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_protocol = RTPROT_STATIC;
	if (route->source.v)
		put_ip(h, RTA_PREFSRC, &route->source);
	if (route->via.v)
		put_ip(h, RTA_GATEWAY, &route->via);
	if (route->mtu) {
		struct nlattr *metrics = mnl_attr_nest_start(h, RTA_METRICS);

		mnl_attr_put_u32(h, RTAX_MTU, route->mtu);
		mnl_attr_nest_end(h, metrics);
	}
	return netlink_talk(nl, NULL, NULL);
}

enum err rtnl_route_del(struct netlink *nl, const struct rtnl_route *route)
{
	unsigned dev;
	enum err e = route_device_find(nl, route, &dev);

	if (e)
		return e;
	route_put(netlink_request(nl, RTM_DELROUTE, 0), route, dev);
	return netlink_talk(nl, NULL, NULL);
}

enum err rtnl_route_del_later(struct netlink *nl, const struct rtnl_route *route, netlink_done_fn *done,
	void *ctx, const char *thing)
{
	unsigned dev;
	enum err e = route_device_find(nl, route, &dev);

	if (e)
		return e;
	route_put(netlink_later(nl, RTM_DELROUTE, done, ctx, thing), route, dev);
	netlink_post(nl);
	return ERR_OK;
}

struct route_walk {
	rtnl_route_fn *each;
	void *ctx;
	unsigned table;
	uint8_t v;
};

static void route_read(void *ctx, const struct nlmsghdr *h)
{
	const struct route_walk *walk = ctx;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct rtnl_route route = { .table = m->rtm_table, .type = m->rtm_type };
	const struct nlattr *a;

	route.to.ip.v = walk->v;
	route.to.bits = m->rtm_dst_len;
	mnl_attr_for_each(a, h, sizeof *m)
	{
		switch (mnl_attr_get_type(a)) {
		case RTA_TABLE: route.table = get_u32(a); break;
		case RTA_DST: route.to.ip = get_ip(a); break;
		case RTA_PRIORITY: route.metric = get_u32(a); break;
		}
	}
	if (route.table == walk->table && !(m->rtm_flags & RTM_F_CLONED))
		walk->each(walk->ctx, &route);
}

/* Older kernels give those of every table. */
enum err rtnl_routes(struct netlink *nl, uint8_t v, unsigned table, rtnl_route_fn *each, void *ctx)
{
	struct route_walk walk = { each, ctx, table, v };
	struct nlmsghdr *h = netlink_request(nl, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);

	m->rtm_family = v == 4 ? AF_INET : AF_INET6;
	mnl_attr_put_u32(h, RTA_TABLE, table);
	return netlink_talk(nl, route_read, &walk);
}

static struct nlmsghdr *rule_request(struct netlink *nl, uint16_t type, uint8_t v, uint32_t prio,
	uint8_t action, struct fib_rule_hdr **out)
{
	struct nlmsghdr *h = netlink_request(nl, type, type == RTM_NEWRULE ? NLM_F_CREATE | NLM_F_EXCL : 0);

	*out = mnl_nlmsg_put_extra_header(h, sizeof **out);
	(*out)->family = v == 4 ? AF_INET : AF_INET6;
	(*out)->action = action;
	mnl_attr_put_u32(h, FRA_PRIORITY, prio);
	return h;
}

static enum err rule_talk(struct netlink *nl, uint16_t type, const struct rtnl_rule *rule)
{
	struct fib_rule_hdr *m;
	struct nlmsghdr *h = rule_request(nl, type, rule->v, rule->prio, FR_ACT_TO_TBL, &m);

	m->flags = FIB_RULE_INVERT;
	mnl_attr_put_u32(h, FRA_TABLE, rule->table);
	mnl_attr_put_u32(h, FRA_FWMARK, rule->mark);
	mnl_attr_put_u32(h, FRA_FWMASK, UINT32_MAX);
	return netlink_talk(nl, NULL, NULL);
}

enum err rtnl_rule_add(struct netlink *nl, const struct rtnl_rule *rule)
{
	return rule_talk(nl, RTM_NEWRULE, rule);
}

enum err rtnl_rule_del(struct netlink *nl, const struct rtnl_rule *rule)
{
	return rule_talk(nl, RTM_DELRULE, rule);
}

static void put_ports(struct nlmsghdr *h, uint16_t type, uint16_t lo, uint16_t hi)
{
	struct fib_rule_port_range range = { lo, hi };

	mnl_attr_put(h, type, sizeof range, &range);
}

/* Who asks the kernel to delete a rule gets the first one that has what was said, and anything where nothing
 * was. So rules get a mark by what they say: as their "protocol", which tells who made a rule, and of which
 * PROTOCOLS and the 31 after it are nobody's. */
enum { PROTOCOLS = 96, SAYS_FROM = 1, SAYS_TO = 2, SAYS_PROTO = 4, SAYS_SPORT = 8, SAYS_DPORT = 16 };

static void put_match(struct nlmsghdr *h, struct fib_rule_hdr *m, const struct rule_match *match)
{
	uint8_t says = 0;

	m->src_len = (uint8_t)match->from.bits;
	m->dst_len = (uint8_t)match->to.bits;
	/* IPv6's way to compare sources only once they are chosen. */
	if (match->from.ip.v == 6 && pass_is_unchosen(&match->from))
		m->flags |= FIB_RULE_FIND_SADDR;
	if (match->from.bits) {
		put_ip(h, FRA_SRC, &match->from.ip);
		says |= SAYS_FROM;
	}
	if (match->to.bits) {
		put_ip(h, FRA_DST, &match->to.ip);
		says |= SAYS_TO;
	}
	if (match->proto) {
		mnl_attr_put_u8(h, FRA_IP_PROTO, match->proto);
		says |= SAYS_PROTO;
	}
	if (match->sport_hi) {
		put_ports(h, FRA_SPORT_RANGE, match->sport_lo, match->sport_hi);
		says |= SAYS_SPORT;
	}
	if (match->dport_hi) {
		put_ports(h, FRA_DPORT_RANGE, match->dport_lo, match->dport_hi);
		says |= SAYS_DPORT;
	}
	mnl_attr_put_u8(h, FRA_PROTOCOL, PROTOCOLS + says);
}

static enum err jump_talk(struct netlink *nl, uint16_t type, const struct rtnl_jump *jump)
{
	struct fib_rule_hdr *m;
	struct nlmsghdr *h = rule_request(nl, type, jump->match.from.ip.v, jump->prio, FR_ACT_GOTO, &m);

	put_match(h, m, &jump->match);
	mnl_attr_put_u32(h, FRA_GOTO, jump->target);
	return netlink_talk(nl, NULL, NULL);
}

enum err rtnl_jump_add(struct netlink *nl, const struct rtnl_jump *jump)
{
	return jump_talk(nl, RTM_NEWRULE, jump);
}

enum err rtnl_jump_del(struct netlink *nl, const struct rtnl_jump *jump)
{
	return jump_talk(nl, RTM_DELRULE, jump);
}

static enum err landing_talk(struct netlink *nl, uint16_t type, uint8_t v, uint32_t prio)
{
	struct fib_rule_hdr *m;

	rule_request(nl, type, v, prio, FR_ACT_NOP, &m);
	return netlink_talk(nl, NULL, NULL);
}

enum err rtnl_landing_add(struct netlink *nl, uint8_t v, uint32_t prio)
{
	return landing_talk(nl, RTM_NEWRULE, v, prio);
}

enum err rtnl_landing_del(struct netlink *nl, uint8_t v, uint32_t prio)
{
	return landing_talk(nl, RTM_DELRULE, v, prio);
}

static void way_read(void *ctx, const struct nlmsghdr *h)
{
	struct rtnl_way *way = ctx;
	const struct nlattr *a, *metric;

	way->type = ((const struct rtmsg *)mnl_nlmsg_get_payload(h))->rtm_type;
	mnl_attr_for_each(a, h, sizeof(struct rtmsg))
	{
		switch (mnl_attr_get_type(a)) {
		case RTA_OIF: way->dev = get_u32(a); break;
		case RTA_PREFSRC: way->source = get_ip(a); break;
		case RTA_GATEWAY: way->via = get_ip(a); break;
		case RTA_METRICS:
			mnl_attr_for_each_nested(metric, a) if (mnl_attr_get_type(metric) == RTAX_MTU)
				way->mtu = get_u32(metric);
			break;
		}
	}
}

enum err rtnl_lookup(struct netlink *nl, const struct ip *to, uint32_t mark, struct rtnl_way *out)
{
	struct nlmsghdr *h = netlink_request(nl, RTM_GETROUTE, 0);
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);
	enum err e;

	*out = (struct rtnl_way){ 0 };
	m->rtm_family = family(to);
	m->rtm_dst_len = (uint8_t)(8 * ip_size(to));
	put_ip(h, RTA_DST, to);
	mnl_attr_put_u32(h, RTA_MARK, mark);
	e = netlink_talk(nl, way_read, out);
	if (e)
		return e;
	/* An unreachable route is an error of IPv4's lookup, and an answer of IPv6's. */
	if (out->type != RTN_UNICAST && out->type != RTN_LOCAL)
		return netlink_refuse(nl, ENETUNREACH);
	if (!out->mtu)
		out->mtu = netlink_device_mtu(nl, out->dev);
	return out->mtu ? ERR_OK : netlink_refuse(nl, ENODEV);
}

struct address_walk {
	rtnl_address_fn *each;
	void *ctx;
};

/* Where an address is on a point-to-point link, IFA_ADDRESS is the other end and IFA_LOCAL ours. */
static void address_read(void *ctx, const struct nlmsghdr *h)
{
	const struct address_walk *walk = ctx;
	const struct ifaddrmsg *m = mnl_nlmsg_get_payload(h);
	uint32_t flags = m->ifa_flags;
	struct ip address = { 0 }, local = { 0 };
	const struct nlattr *a;

	mnl_attr_for_each(a, h, sizeof *m)
	{
		switch (mnl_attr_get_type(a)) {
		case IFA_ADDRESS: address = get_ip(a); break;
		case IFA_LOCAL: local = get_ip(a); break;
		case IFA_FLAGS: flags = get_u32(a); break;
		}
	}
	if (local.v)
		address = local;
	if (address.v && m->ifa_scope < RT_SCOPE_LINK &&
		!(flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)))
		walk->each(walk->ctx, &address);
}

enum err rtnl_addresses(struct netlink *nl, rtnl_address_fn *each, void *ctx)
{
	struct address_walk walk = { each, ctx };
	struct nlmsghdr *h = netlink_request(nl, RTM_GETADDR, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
	return netlink_talk(nl, address_read, &walk);
}
