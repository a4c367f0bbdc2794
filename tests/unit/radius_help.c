/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius_help.h"

#include <stdlib.h>

struct radius_packet radius_packet_of(struct bytes datagram)
{
	struct radius_packet p;

	if (radius_parse(datagram, &p))
		abort();
	return p;
}

const uint8_t *radius_authenticator_of(struct bytes datagram)
{
	return radius_packet_of(datagram).authenticator.p;
}

void radius_reply(struct radius_reply *a, enum radius_code code, struct bytes request, bool mac)
{
	a->w = wr_of(a->octets, sizeof a->octets);
	radius_begin(&a->w, code, radius_packet_of(request).id, NULL, mac);
}

void radius_reply_vendor(struct radius_reply *a, uint32_t vendor, uint8_t type, struct bytes value)
{
	uint8_t octets[RADIUS_VALUE_MAX];
	struct wr w = wr_of(octets, sizeof octets);

	wr_u32(&w, vendor);
	wr_u8(&w, type);
	wr_u8(&w, (uint8_t)(2 + value.n));
	wr_bytes(&w, value);
	radius_put(&a->w, RADIUS_VENDOR_SPECIFIC, wr_done(&w));
}

struct bytes radius_reply_done(struct radius_reply *a, const char *secret, struct bytes request)
{
	if (radius_sign(&a->w, bytes_str(secret), radius_authenticator_of(request)))
		abort();
	return wr_done(&a->w);
}
