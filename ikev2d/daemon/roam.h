/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses and routes of this machine as they change: the core hears of it a moment later (EVENT_ADDRESSES).
 */
#pragma once

#include "base/text.h"
#include "model/addr.h"

#include <event2/event.h>

struct netlink;
struct world;

enum {
	ROAM_GATHER = 20, /* ms from the first change: the others that belong to it come then */
	ROAM_IPS_MAX = 32,
};

struct roam {
	struct netlink *netlink; /* NULL: changes are not noticed */
	int fd;                  /* its events */
	struct event *readable, *gathered;
	bool routes; /* not only addresses have changed */
	struct ip ips[ROAM_IPS_MAX];
	unsigned n;
};

/* Tells the core at once what there is. Where changes cannot be noticed, that is said. */
void roam_start(struct world *w);
void roam_stop(struct world *w);
/* Tells it to another core. */
void roam_tell(struct world *w);
