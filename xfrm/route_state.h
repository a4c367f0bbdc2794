/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files behind route.h and device.h share. */
#pragma once

#include "xfrm/journal.h"
#include "xfrm/route.h"
#include "xfrm/sources.h"

struct route {
	struct netlink *netlink;
	struct journal *journal;
	struct guard *guard; /* NULL until there is something to guard */
	struct sources sources;
	uint32_t table, prio, mark;
	uint16_t ports[2];
	bool ipv6;               /* the kernel has it */
	char found[IF_NAMESIZE]; /* the last interface of somebody else that was said to be used */
};

/* One owner of THING, a line of the journal, less: with the last one it is taken back. */
void route_let_go(struct route *r, const char *thing);

/* THING was noted but could not be made. If a predecessor had NOTED it before, it may be there all the same.
 */
void route_never_mind(struct route *r, const char *thing, bool noted);

/* Of THE table of kinds: how lines "pass …" and "landing …" (route_pass.c), "xfrmi …" and "address …"
 * (device.c) are taken back. */
enum err route_jump_take_back(struct route *r, const char *thing, struct text *why) MUST_CHECK;
enum err route_landing_take_back(struct route *r, const char *thing, struct text *why) MUST_CHECK;
enum err device_xfrmi_take_back(struct route *r, const char *thing, struct text *why) MUST_CHECK;
enum err device_address_take_back(struct route *r, const char *thing, struct text *why) MUST_CHECK;
