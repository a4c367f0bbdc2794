/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device that keeps what is written to it, for tests of joining. */
#pragma once

#include "xfrm/user/join.h"
#include "xfrm/user/split.h"

enum { REJOIN_WRITTEN = 128, REJOIN_ROOM = 8 << 20 };

/* One packet that was written, in one piece. */
struct written {
	struct virtio_net_hdr h;
	const struct device *to;
	uint8_t *p;
	size_t n;
	unsigned pieces;
};

struct rejoin {
	struct join join;
	struct device device;
	unsigned n;
	struct written v[REJOIN_WRITTEN];
	size_t used;
	uint8_t room[REJOIN_ROOM];
};

void rejoin_init(struct rejoin *r);

/* Joins the packet of N octets at P, which must stay there until join_flush; false when it is no IP packet.
 */
bool rejoin_add(struct rejoin *r, uint8_t *p, size_t n);

/* Splits W again; TAKE gets each packet. False when that cannot be done. */
bool rejoin_split(const struct written *w, void (*take)(void *ctx, uint8_t *p, size_t n), void *ctx);
