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

/* Octets before the payload of the packet at P, which IN describes (in->n octets) and which is on its way to
 * TO, where it may be joined with others; else 0. Sums up all of it. */
size_t join_headers(const struct device *to, const struct inner *in, const uint8_t *p);

/* Takes that packet, of which HEADERS are known. What can be joined is borrowed until join_flush; what cannot
 * is written at once. Nothing passes its predecessors of the same flow. */
void join_add(struct join *j, const struct device *to, const struct inner *in, uint8_t *p, size_t headers);

/* Writes what waits. */
void join_flush(struct join *j);
