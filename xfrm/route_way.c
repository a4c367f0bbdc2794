/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ways that this machine's own routes take, as if ours were not there. */
#include "xfrm/route_state.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

enum { MTU_USUAL = 1500, MTU_MOST = 65535 /* lo says one more than an IP packet can have */ };

enum err route_hop_find(struct route *r, const struct ip *peer, struct route_hop *out, struct text *why)
{
	struct rtnl_way way;
	char to[IP_TEXT];
	enum err e = rtnl_lookup(r->netlink, peer, r->mark, &way);

	*out = (struct route_hop){ .via = way.via.v ? way.via : *peer };
	if (!e && (way.type != RTN_UNICAST || !if_indextoname(way.dev, out->dev)))
		e = netlink_refuse(r->netlink, ENETUNREACH);
	if (e)
		text_add(why, "there is no way to %s (%s): see \"ip route get %s\"", ip_print(peer, to),
			netlink_reason(r->netlink), to);
	return e;
}

enum err route_source(
	struct route *r, const struct ip *remote, struct ip *source, unsigned *mtu, struct text *why)
{
	struct rtnl_way way;
	char to[IP_TEXT];
	enum err e = rtnl_lookup(r->netlink, remote, r->mark, &way);

	if (!e && !way.source.v)
		e = netlink_refuse(r->netlink, ENETUNREACH);
	if (e) {
		text_add(why, "there is no route to %s (%s): see \"ip route get %s\"", ip_print(remote, to),
			netlink_reason(r->netlink), to);
		return e;
	}
	*source = way.source;
	*mtu = way.mtu;
	return ERR_OK;
}

unsigned route_mtu(struct route *r, const struct ip *remote)
{
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	struct ip source;
	unsigned mtu;

	if (ip_is_any(remote) || route_source(r, remote, &source, &mtu, &why) || !mtu)
		mtu = MTU_USUAL;
	arena_free(&scratch);
	return mtu < MTU_MOST ? mtu : MTU_MOST;
}

bool route_device(struct route *r, const struct ip *remote, char name[IF_NAMESIZE])
{
	struct rtnl_way way;

	return !rtnl_lookup(r->netlink, remote, r->mark, &way) && if_indextoname(way.dev, name);
}
