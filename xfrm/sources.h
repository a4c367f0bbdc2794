/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The addresses of this machine, for whom each policy that comes is to be compared with them: they are asked
 * for again only when the kernel has told of a change. It tells before whoever made that goes on. */
#pragma once

#include "xfrm/rtnl.h"

enum { SOURCES_MAX = 256 /* that are kept; where there are more, they are asked for each time */ };

struct sources {
	int events; /* -1: nothing is told */
	bool known; /* V has all */
	unsigned n;
	struct ip v[SOURCES_MAX];
};

void sources_open(struct sources *s);
void sources_close(struct sources *s);

/* rtnl_addresses. */
enum err sources_each(struct sources *s, struct netlink *nl, rtnl_address_fn *each, void *ctx) MUST_CHECK;
