/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "radius_help.h"

#include <stdlib.h>

/* ------------------------------------------------------------ secrets that are here */

bool radius_deaf;

static enum radius_role role_of(struct bytes packet)
{
	return packet.p[0] < RADIUS_DISCONNECT_REQUEST ? RADIUS_OF_SERVER : RADIUS_OF_ORDERS;
}

static enum err plain_sign(
	const struct radius_secret *s, struct bytes packet, const uint8_t *request, uint8_t *out)
{
	return radius_deaf ? ERR_BUSY
			   : radius_secret_sign(role_of(packet), bytes_str(s->ctx), packet, request, out);
}

static enum err plain_check(
	const struct radius_secret *s, const struct radius_packet *p, const uint8_t *request)
{
	return radius_deaf ? ERR_BUSY
			   : radius_secret_check(role_of(p->whole), bytes_str(s->ctx), p->whole, request);
}

static enum err plain_open(const struct radius_secret *s, const struct radius_packet *accept,
	const uint8_t *request, uint8_t msk[RADIUS_MSK_MAX], size_t *n)
{
	return radius_deaf ? ERR_BUSY : radius_secret_open(bytes_str(s->ctx), accept->whole, request, msk, n);
}

struct radius_secret radius_plain(const char *secret)
{
	static const struct radius_holder here = { plain_sign, plain_check, plain_open };

	return (struct radius_secret){ &here, (void *)secret, 1 };
}

/* ------------------------------------------------------------------- packets */

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
