/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ESP in tunnel mode adds to a packet (RFC 4303, 2). */
#include "xfrm/limit.h"

#include "xfrm/header.h"

unsigned limit_unit(const struct transform *encr)
{
	return encr->block > 4 ? encr->block : 4;
}

unsigned limit_before(bool v6, bool encap)
{
	return (v6 ? IP6_HEADER : IP4_HEADER) + (encap ? UDP_HEADER : 0U);
}

unsigned limit_inner(
	const struct transform *encr, const struct transform *integ, unsigned mtu, bool v6, bool encap)
{
	unsigned around = limit_before(v6, encap) + ESP_HEADER + encr->iv + transform_icv(encr, integ);
	unsigned unit = limit_unit(encr), data = mtu > around ? (mtu - around) / unit * unit : 0;

	return data > ESP_TRAILER ? data - ESP_TRAILER : 0;
}

unsigned limit_expected(unsigned mtu, bool v6)
{
	const struct transform *encr = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 256);
	const struct transform *integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, 0);

	return limit_inner(encr, integ, mtu, v6, true);
}
