/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packet as a tun device gives it, cut into packets as they travel: what a network card's segmentation
 * offload does. Pure. */
#pragma once

#include "xfrm/user/vnet.h"

/* A packet of which some segments have been taken. It borrows the packet. */
struct split {
	struct bytes packet;
	uint16_t type;         /* VIRTIO_NET_HDR_GSO_..., without its flag */
	uint8_t proto;         /* of the upper layer */
	size_t upper, headers; /* octets before the upper layer, and before the payload */
	size_t segment;        /* octets of payload in each but the last */
	size_t at;             /* where the payload not yet taken begins */
	size_t checksum;       /* of the upper layer: where it stands; 0: it is right already */
	uint32_t sum;          /* of the pseudo header without its length */
};

/* H stood before the packet P, which IN describes; what is behind its length is left away. False when the two
 * do not fit together. */
bool split_begin(struct split *c, const struct virtio_net_hdr *h, struct bytes p, const struct inner *in);

/* Octets of the next packet; 0 when all have been taken. */
size_t split_size(const struct split *c);

/* Writes the next packet, which is whole and has right checksums, to TO of split_size() octets. */
void split_next(struct split *c, uint8_t *to);
