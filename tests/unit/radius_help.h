/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A server of RADIUS for tests: what it answers is made by hand. */
#pragma once

#include "radius/secret.h"

/* An answer that is being made. */
struct radius_reply {
	uint8_t octets[RADIUS_MAX];
	struct wr w;
};

/* Begins the answer CODE to the request REQUEST, with a Message-Authenticator if MAC. */
void radius_reply(struct radius_reply *a, enum radius_code code, struct bytes request, bool mac);

/* Appends an attribute of VENDOR's. */
void radius_reply_vendor(struct radius_reply *a, uint32_t vendor, uint8_t type, struct bytes value);

/* The answer, signed with SECRET. */
struct bytes radius_reply_done(struct radius_reply *a, const char *secret, struct bytes request);

/* SECRET, which lives as long as who has this: its holder is here. While RADIUS_DEAF is true he answers
 * nothing. */
struct radius_secret radius_plain(const char *secret);
extern bool radius_deaf;

/* The authenticator of DATAGRAM, which is a packet; and its packet. */
const uint8_t *radius_authenticator_of(struct bytes datagram);
struct radius_packet radius_packet_of(struct bytes datagram);
