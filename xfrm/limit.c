/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ESP in tunnel mode adds to a packet (RFC 4303, 2). */
#include "xfrm/limit.h"

enum { ESP_HEADER = 8, TRAILER = 2, UDP_HEADER = 8, IPV4_HEADER = 20, IPV6_HEADER = 40 };

unsigned limit_unit(const struct transform *encr)
{
	return encr->block > 4 ? encr->block : 4;
}

unsigned limit_inner(
	const struct transform *encr, const struct transform *integ, unsigned mtu, bool v6, bool encap)
{
	unsigned outer = (v6 ? IPV6_HEADER : IPV4_HEADER) + (encap ? UDP_HEADER : 0U);
	unsigned around = outer + ESP_HEADER + encr->iv + (integ ? integ->icv : encr->icv);
	unsigned unit = limit_unit(encr), data = mtu > around ? (mtu - around) / unit * unit : 0;

	return data > TRAILER ? data - TRAILER : 0;
}

unsigned limit_expected(unsigned mtu, bool v6)
{
	const struct transform *encr = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 256);
	const struct transform *integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, 0);

	return limit_inner(encr, integ, mtu, v6, true);
}
