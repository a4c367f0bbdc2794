/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What we want from rtnetlink: devices, addresses, routes, rules. On failure netlink_reason has the words. */
#pragma once

#include "xfrm/netlink.h"
#include "xfrm/pass.h"
#include "xfrm/prefix.h"

/* Brings device DEV up with MTU octets, in GROUP (of devices, that rules of nftables may ask for). */
enum err rtnl_device_up(struct netlink *nl, const char *dev, unsigned mtu, uint32_t group) MUST_CHECK;

/* A device. */
struct rtnl_link {
	bool up;
	uint32_t if_id; /* of an XFRM interface; 0: it is none, or has none */
};

/* The device called NAME; ERR_MISSING when there is none. And all of them. */
enum err rtnl_link_find(struct netlink *nl, const char *name, struct rtnl_link *out) MUST_CHECK;
typedef void rtnl_link_fn(void *ctx, const struct rtnl_link *link);
enum err rtnl_links(struct netlink *nl, rtnl_link_fn *each, void *ctx) MUST_CHECK;

/* Makes an XFRM interface, down; ERR_EXISTS when the name or IF_ID (not 0) is taken, ERR_UNSUPPORTED when the
 * kernel has no such interfaces. Any device is deleted by its name. */
enum err rtnl_link_add_xfrm(struct netlink *nl, const char *name, uint32_t if_id) MUST_CHECK;
/* Whether the kernel has them, found out without making one. */
bool rtnl_has_link_xfrm(struct netlink *nl);
enum err rtnl_link_del(struct netlink *nl, const char *name) MUST_CHECK;

/* An address with the length of its network's prefix on device DEV, to be used at once; ERR_EXISTS when it is
 * there already. */
enum err rtnl_addr_add(struct netlink *nl, const char *dev, const struct ip *ip, unsigned bits) MUST_CHECK;
enum err rtnl_addr_del(struct netlink *nl, const char *dev, const struct ip *ip, unsigned bits) MUST_CHECK;

struct rtnl_route {
	struct prefix to;
	unsigned table, metric;
	uint8_t type;     /* RTN_UNICAST, RTN_UNREACHABLE, RTN_THROW */
	const char *dev;  /* NULL: none */
	unsigned mtu;     /* 0: none said */
	struct ip source; /* preferred; none when v is 0 */
	struct ip via;    /* the next hop; v 0: DEV leads there itself */
};

/* Makes ROUTE; ERR_EXISTS when there is one of the same table, prefix and metric, unless REPLACE. Taken away
 * it is found by its table, prefix, metric, type and device. */
enum err rtnl_route_add(struct netlink *nl, const struct rtnl_route *route, bool replace) MUST_CHECK;
enum err rtnl_route_del(struct netlink *nl, const struct rtnl_route *route) MUST_CHECK;
/* The same by netlink_later, unless it fails at once. */
enum err rtnl_route_del_later(struct netlink *nl, const struct rtnl_route *route, netlink_done_fn *done,
	void *ctx, const char *thing) MUST_CHECK;

/* Every route of this family in TABLE; dev is not filled. */
typedef void rtnl_route_fn(void *ctx, const struct rtnl_route *route);
enum err rtnl_routes(
	struct netlink *nl, uint8_t v, unsigned table, rtnl_route_fn *each, void *ctx) MUST_CHECK;

/* Packets of family V (4 or 6) without the mark MARK look into TABLE. */
struct rtnl_rule {
	uint8_t v;
	uint32_t prio, table, mark;
};

enum err rtnl_rule_add(struct netlink *nl, const struct rtnl_rule *rule) MUST_CHECK;
enum err rtnl_rule_del(struct netlink *nl, const struct rtnl_rule *rule) MUST_CHECK;

/* Packets of MATCH go on with the rule of the priority TARGET, which is greater than PRIO: what stands in
 * between is not for them. Where there is none of that priority the rule is without effect. ERR_EXISTS when
 * there is the same already. MATCH with an unchosen source (pass_unchosen) is for packets of this machine
 * whose source follows from the route. */
struct rtnl_jump {
	uint32_t prio, target;
	struct rule_match match;
};

enum err rtnl_jump_add(struct netlink *nl, const struct rtnl_jump *jump) MUST_CHECK;
enum err rtnl_jump_del(struct netlink *nl, const struct rtnl_jump *jump) MUST_CHECK;

/* A rule of family V that does nothing, for others to jump to. */
enum err rtnl_landing_add(struct netlink *nl, uint8_t v, uint32_t prio) MUST_CHECK;
enum err rtnl_landing_del(struct netlink *nl, uint8_t v, uint32_t prio) MUST_CHECK;

/* How the kernel would send a packet. */
struct rtnl_way {
	uint8_t type;  /* RTN_UNICAST, RTN_LOCAL, … */
	struct ip via; /* the next hop; v 0: none, or of the other family */
	uint32_t dev,
		mtu; /* the device's number; octets: the route's if it has some, otherwise the device's */
	struct ip source;
};

/* The way to TO of a packet with MARK. ERR_MISSING when there is none. */
enum err rtnl_lookup(struct netlink *nl, const struct ip *to, uint32_t mark, struct rtnl_way *out) MUST_CHECK;

/* Every address of this machine that may stand in a packet to somebody else: not those of host or link scope,
 * nor those not (or no longer) usable. */
typedef void rtnl_address_fn(void *ctx, const struct ip *ip);
enum err rtnl_addresses(struct netlink *nl, rtnl_address_fn *each, void *ctx) MUST_CHECK;
