/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of one flow joined into one packet for a tun device, so that the machine's stack is gone through
 * once: what a network card's receive offload does. Cutting again (split.h) gives the same packets; but for
 * the identification of IPv4 packets that may not be cut, which means nothing (RFC 6864, 4.1). Pure. */
#pragma once

#include "xfrm/user/device.h"
#include "xfrm/user/vnet.h"

#include <sys/uio.h>

enum { JOIN_FLOWS = 16, JOIN_PACKETS = 64, JOIN_OCTETS = 65535 /* of one IP packet */ };

/* Packets of one flow that follow each other. */
struct joined {
	const struct device *to;
	uint8_t *p;                       /* the first packet, whose headers become those of all */
	size_t upper, headers;            /* octets before the upper layer, and before the payload */
	size_t segment;                   /* octets of payload in each but the last */
	size_t n;                         /* octets of headers and all payload */
	uint8_t proto;                    /* of the upper layer */
	bool full;                        /* what was added last can have no successor */
	unsigned packets;                 /* 0: nothing waits here */
	struct iovec v[1 + JOIN_PACKETS]; /* first the header of virtio */
};

struct join {
	void *ctx;
	/* Writes one packet, which stands behind its header in N pieces. */
	void (*write)(void *ctx, const struct device *to, const struct iovec *v, unsigned n);
	unsigned n; /* of FLOWS, used ever since the last flush */
	struct joined flows[JOIN_FLOWS];
};

/* Takes the packet at P, which IN describes (in->n octets), on its way to TO. What can be joined is borrowed
 * until join_flush; what cannot is written at once. Nothing passes its predecessors of the same flow. */
void join_add(struct join *j, const struct device *to, const struct inner *in, uint8_t *p);

/* Writes what waits. */
void join_flush(struct join *j);
