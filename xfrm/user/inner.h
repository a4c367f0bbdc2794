/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP packets as selectors see them (RFC 4301, 4.4.1), and the fields of their headers a tunnel's end changes.
 * Pure. */
#pragma once

#include "model/ts.h"
#include "xfrm/header.h"

struct inner {
	struct ip src, dst;
	uint8_t proto;    /* behind the extension headers */
	uint8_t tos;      /* DSCP and ECN */
	bool ports_known; /* a later fragment, or a protocol without ports, shows none */
	bool df;          /* may not be cut: DF, or IPv6 */
	bool fragment, later_fragment;
	uint16_t sport, dport; /* ICMP: type * 256 + code in both */
	size_t header;         /* octets before the upper protocol */
	size_t n;              /* octets of the packet by its own header */
};

/* False when P does not begin with a whole IPv4 or IPv6 packet. At most INNER_EXTENSIONS IPv6 extension
 * headers are gone through; behind more, the protocol is that of the next one. */
enum { INNER_EXTENSIONS = 8 };
bool inner_parse(struct bytes p, struct inner *out);

/* Whether it belongs to neighbour discovery or another link-local matter of IPv6, which never enters a
 * tunnel. */
bool inner_is_neighbour(const struct inner *in);

/* Sums octets in pairs, as all checksums of the internet do (RFC 1071): the sum of SUM and B, not yet folded;
 * B starts at an even place. */
uint32_t inner_sum(uint32_t sum, struct bytes b);

/* The checksum a sum stands for. */
uint16_t inner_checksum(uint32_t sum);

/* The sum of the pseudo header of TCP and UDP with N octets in the packet at P (RFC 9293, 3.1; RFC
 * 8200, 8.1). */
uint32_t inner_pseudo(const uint8_t *p, uint8_t proto, size_t n);

/* Writes the 16-bit word V at P, and corrects the checksum at CHECKSUM that covers it (RFC 1624). */
void inner_replace(uint8_t *p, uint16_t v, uint8_t *checksum);

/* Sets DSCP and ECN of the packet at P. */
void inner_set_tos(uint8_t *p, uint8_t tos);

/* 16 bits of a header. */
static inline uint16_t inner_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void inner_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}
