/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which packets belong to a connection: outside IKE and ESP with its peers, inside what its CHILD_SAs carry.
 */
#pragma once

#include "model/ts.h"
#include "vici/codec/decode.h"

enum { FILTER_PEERS = 64, FILTER_PAIRS = 256, IKE_PORT = 500, NAT_PORT = 4500 };

struct filter {
	struct ip peers[FILTER_PEERS]; /* none: every address */
	unsigned n_peers;
	struct filter_pair {
		struct ts local, remote;
	} pairs[FILTER_PAIRS];
	unsigned n_pairs;
	uint16_t port, port_nat_t; /* of this end */
};

/* Adds a peer's address, a text that is no address does nothing; and the pairs of the lists "local-ts" and
 * "remote-ts" in SECTION. What does not fit is left out. */
void filter_peer(struct filter *f, const char *address);
void filter_pairs(struct filter *f, const struct vici_node *section);

/* Whether PACKET, which begins with its IP header, is one of the connection. */
bool filter_takes(const struct filter *f, struct bytes packet);
