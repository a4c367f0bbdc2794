/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of a tunnel's own: XFRM interfaces, and the addresses that any such device (a tun device too) is
 * given. All of it is counted and in the journal of route.h: the last owner takes it away, or the next start
 * after a crash, where nobody has asked for it again until route_adopted_drop. */
#pragma once

#include "model/peer.h"
#include "xfrm/route.h"

struct xfrmi {
	char name[IF_NAMESIZE];
	uint32_t if_id; /* of all SAs and policies whose packets go through it */
	bool ours;      /* else somebody else has made it, and keeps it */
};

/* The XFRM interface called NAME with number IF_ID (0: one of our choice that no other has; all who ask for
 * NAME get the same), one owner more. It is made and brought up where it is not there. One of this name and
 * number that somebody else has made is used as it is, and said once. ERR_EXISTS when there is another device
 * of this name, or IF_ID is another interface's; ERR_UNSUPPORTED when this kernel has no XFRM interfaces. WHY
 * gets a sentence on failure, here and below. */
enum err device_get(
	struct route *r, const char *name, uint32_t if_id, struct xfrmi *out, struct text *why) MUST_CHECK;
/* One owner less; *DEV is as device_get has filled it. */
void device_put(struct route *r, const struct xfrmi *dev);

/* Gives DEV an MTU of MTU octets, unless it is somebody else's. */
enum err device_fit(struct route *r, const struct xfrmi *dev, unsigned mtu, struct text *why) MUST_CHECK;

/* Puts ADDRS on the device DEV, all or none. One that is there already is left to whoever has put it there.
 */
enum err device_addrs_add(struct route *r, const char *dev, const struct if_addr *addrs, unsigned n,
	struct text *why) MUST_CHECK;
void device_addrs_del(struct route *r, const char *dev, const struct if_addr *addrs, unsigned n);

/* Makes IP an address of this machine: on the loopback device or, where that is down, on the one that leads
 * to REMOTE. One that is there already is left to whoever has put it there. What a crash leaves goes at the
 * next start. */
enum err device_vip_add(
	struct route *r, const struct ip *ip, const struct ip *remote, struct text *why) MUST_CHECK;
void device_vip_del(struct route *r, const struct ip *ip);
/* Whether it is one of those. */
bool device_is_vip(struct route *r, const struct ip *ip);

/* What is routed to the device of its own of a tunnel to REMOTE. Borrowed from ROUTES or REMOTE. */
struct tss device_routed(const struct device_routes *routes, struct tss remote);

/* IPv6 on DEV as on no other interface, since what goes in there is for the policies to say: switched on, and
 * without addresses of its own making. */
void device_tune(const char *dev);
