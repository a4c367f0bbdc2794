/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of packets beside a tunnel that takes everything: those to networks that this machine is
 * directly connected to may go in the clear (daemon.lan_bypass), and those of the IP version that the tunnel
 * does not take may go nowhere (children.<child>.other_family). Both are shunts, which come and go by
 * themselves. */
#pragma once

#include "base/map.h"
#include "daemon/shunts.h"

struct ike_tell;
struct world;

enum {
	BESIDE_NETWORKS_MAX = 32,
	BESIDE_REFUSED_MAX = 4, /* of these, so that those that are not have room; and lines about them */
	BESIDE_REFUSED_TIME = 3600000, /* in so many ms: who gives out addresses may change his mind often */
	BESIDE_VERSIONS = 2,           /* of IP */
};

struct beside {
	struct beside_network {
		struct ts ts;
		bool refused; /* it stays in the tunnels all the same */
		uint32_t shunt;
	} networks[BESIDE_NETWORKS_MAX];
	unsigned n;
	uint64_t since;                  /* ms, when the first of these lines was written, */
	unsigned lines;                  /* and how many there were since */
	struct map takers;               /* CHILD_SAs that take all of one version: 4 or 6 */
	uint32_t drops[BESIDE_VERSIONS]; /* the shunts for packets of IPv4, of IPv6; 0: none */
};

/* Addresses of this machine, or the configuration, may have changed. */
void beside_follow(struct world *w);
/* What of T concerns it. */
void beside_told(struct world *w, const struct ike_tell *t);
/* Forgets; what is installed goes with the data path. */
void beside_stop(struct world *w);
