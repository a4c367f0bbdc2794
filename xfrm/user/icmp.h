/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Telling the sender of a packet why it went nowhere (RFC 792, 1191, 1812, 4443). Pure. */
#pragma once

#include "xfrm/user/inner.h"

enum { ICMP_ROOM = 1280 /* no answer is longer */ };

enum icmp_why {
	ICMP_TOO_BIG,    /* may not be cut, and is longer than the tunnel takes */
	ICMP_PROHIBITED, /* no policy has it */
};

/* The whole answer to the packet P, which IN describes, into OUT of ICMP_ROOM octets: from P's destination,
 * the only address that is known to be routed this way, to its source. MTU is told with ICMP_TOO_BIG. Returns
 * its length; 0 for packets that may not be answered: ICMP errors, later fragments, group and nobody's
 * addresses (RFC 1122, 3.2.2; RFC 4443, 2.4). */
size_t icmp_answer(enum icmp_why why, unsigned mtu, struct bytes p, const struct inner *in, uint8_t *out);
