/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How large packets may be that go into a tunnel. */
#pragma once

#include "model/transform.h"

#include <stdbool.h>

enum { LIMIT_MTU6_LEAST = 1280 /* octets that every IPv6 link carries (RFC 8200, 5) */ };

/* What ESP pads to: the block of ENCR, or 4 octets (RFC 4303, 2.4). */
unsigned limit_unit(const struct transform *encr);

/* Octets before an ESP packet that travels in IPv6 or IPv4, in UDP or not. */
unsigned limit_before(bool v6, bool encap);

/* The longest inner packet, in octets, that fits a path of MTU octets in tunnel mode, outside IPv6 or IPv4,
 * in UDP or not; 0 where none does. INTEG is NULL with an AEAD. */
unsigned limit_inner(
	const struct transform *encr, const struct transform *integ, unsigned mtu, bool v6, bool encap);

/* The same before there is an SA: with the suite that adds most, in UDP. */
unsigned limit_expected(unsigned mtu, bool v6);
