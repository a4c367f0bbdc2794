/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of RADIUS: octets to attributes and back, signed and checked (RFC 2865, 3; RFC 2866, 3; RFC
 * 3579, 3.2; RFC 5176, 2.3). */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "radius/names.h"

enum {
	RADIUS_HEADER = 20,        /* octets in front of the attributes */
	RADIUS_MAX = 4096,         /* of a packet */
	RADIUS_VALUE_MAX = 253,    /* of an attribute's value */
	RADIUS_AUTHENTICATOR = 16, /* of an authenticator, and of the value of a Message-Authenticator */
	RADIUS_ATTRIBUTES_MAX = RADIUS_MAX - RADIUS_HEADER - 2 - RADIUS_AUTHENTICATOR,
	RADIUS_MICROSOFT = 311, /* a vendor: RFC 2548 */
};

/* A packet of well-formed attributes. All of it is borrowed from the datagram it was read from. */
struct radius_packet {
	uint8_t code, id; /* enum radius_code */
	struct bytes authenticator;
	struct bytes attributes;
	struct bytes whole; /* without octets behind its length, which count for nothing */
};

/* An attribute, or one inside a Vendor-Specific. */
struct radius_attribute {
	uint32_t vendor; /* 0: none */
	uint8_t type;    /* enum radius_type where there is no vendor */
	struct bytes value;
};

/* Reads DATAGRAM. ERR_SHORT: there is less of it than it says; ERR_SYNTAX: a length in it is wrong. */
enum err radius_parse(struct bytes datagram, struct radius_packet *p) MUST_CHECK;

/* The next attribute of R, which begins as a reader over the attributes of a packet that was parsed. False:
 * that was all. A Vendor-Specific is given as the attribute inside it, if there is exactly one; else as it
 * is. */
bool radius_next(struct rd *r, struct radius_attribute *a);

/* The value of the first attribute TYPE of P. False: there is none. */
bool radius_find(const struct radius_packet *p, enum radius_type type, struct bytes *value);

/* The values of all attributes TYPE one behind the other, as EAP-Message has them (RFC 3579, 3.1), into OUT
 * of CAP octets. Returns how many; 0 also where they have no room. */
size_t radius_join(const struct radius_packet *p, enum radius_type type, uint8_t *out, size_t cap);

/* Whether VALUE is a number of 32 bits, which goes to *N. */
bool radius_number(struct bytes value, uint32_t *n);

/* Whether VALUE, of a Tunnel-Type, is ESP, whatever the tag before it (RFC 2868, 3.1). */
bool radius_is_esp(struct bytes value);

/* Begins a packet in W, which holds RADIUS_MAX octets. AUTHENTICATOR: of an Access-Request 16 random octets;
 * else NULL. MAC: with a Message-Authenticator, which stands in front of all that an attacker could choose.
 */
void radius_begin(struct wr *w, enum radius_code code, uint8_t id, const uint8_t *authenticator, bool mac);

/* Appends an attribute. One that is longer than RADIUS_VALUE_MAX octets, or empty, makes W bad: there is none
 * such (RFC 2865, 5). */
void radius_put(struct wr *w, enum radius_type type, struct bytes value);
void radius_put_number(struct wr *w, enum radius_type type, uint32_t n);

/* Appends VALUE in as many attributes of TYPE as it takes. */
void radius_put_long(struct wr *w, enum radius_type type, struct bytes value);

/* Ends the packet in W: its length, its Message-Authenticator if it has one, its authenticator. REQUEST: of
 * an answer, the authenticator of what it answers to; else NULL. ERR_SPACE: it is longer than it may be;
 * ERR_UNSUPPORTED: OpenSSL has no MD5; ERR_CRYPTO: it refuses. */
enum err radius_sign(struct wr *w, struct bytes secret, const uint8_t *request) MUST_CHECK;

/* Whether P was made by somebody who knows SECRET: its authenticator is right and, where there is one, its
 * Message-Authenticator. MAC: there must be one. REQUEST as above. The authenticator of an Access-Request is
 * random: it proves nothing, and a Message-Authenticator must be there. ERR_MISSING: it has none; ERR_AUTH:
 * it was forged, or the secrets differ; others as of radius_sign. */
enum err radius_verify(
	const struct radius_packet *p, struct bytes secret, const uint8_t *request, bool mac) MUST_CHECK;
