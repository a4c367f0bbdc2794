/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE and ESP in a stream of TCP (RFC 9329, 3 and 4). Who connects begins with six letters; then comes packet
 * after packet, each with its length in front, and IKE with four octets of zeros before it. */
#pragma once

#include "base/buf.h"

enum {
	FRAME_PREFIX = 6,   /* octets: "IKETCP" */
	FRAME_LENGTH = 2,   /* octets: of the length, which counts itself */
	FRAME_MARKER = 4,   /* octets of zeros before IKE */
	FRAME_MAX = 0xffff, /* octets: with the length */
	FRAME_HEADER = FRAME_LENGTH + FRAME_MARKER,
};

enum frame_kind {
	FRAME_MORE, /* it has not come whole */
	FRAME_IKE,
	FRAME_ESP,
	FRAME_NOTHING, /* one octet that keeps a NAT's mapping alive, or an empty packet */
	FRAME_BAD,     /* this is no such stream */
};

/* What a stream begins with. */
struct bytes frame_prefix(void);
/* Whether IN, its first octets, may become that; false: it is another protocol. */
bool frame_may_begin(struct bytes in);

/* The first packet of IN: its *CONTENT, borrowed, without what stands in front, and the octets *USED of it
 * all. */
enum frame_kind frame_next(struct bytes in, struct bytes *content, size_t *used);

/* Octets that IN, which begins with a packet, must have for it to be whole, as far as can be said. */
size_t frame_needs(struct bytes in);

/* What stands in front of an IKE message, or of a packet of ESP, of N octets, into OUT of FRAME_HEADER
 * octets; returns how many. 0: it is too large. */
size_t frame_head(bool ike, size_t n, uint8_t *out);
