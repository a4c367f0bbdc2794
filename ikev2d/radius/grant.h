/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an Access-Accept gives to who is let in. */
#pragma once

#include "model/addr.h"
#include "radius/packet.h"

enum {
	RADIUS_KEY_MAX = 64, /* octets of one MPPE key; usually 32 */
	RADIUS_MSK_MAX = 2 * RADIUS_KEY_MAX,
	RADIUS_MSK_MIN = 64,     /* RFC 3748, 7.10 */
	RADIUS_CLASSES_MAX = 16, /* Class attributes, and Filter-Ids, that count; the rest are dropped */
	RADIUS_DNS_MAX = 4,
	RADIUS_CLASS_GROUP_MAX =
		43, /* octets of a Class that is a group: longer ones are servers' own cookies */
};

struct radius_grant {
	struct bytes user; /* User-Name; empty: as it was asked for */
	struct bytes cui;  /* Chargeable-User-Identity (RFC 4372); may be empty */
	uint8_t msk[RADIUS_MSK_MAX];
	size_t n_msk; /* 0: the method has no key; radius_msk_open() */
	struct bytes classes[RADIUS_CLASSES_MAX], filters[RADIUS_CLASSES_MAX];
	unsigned n_classes, n_filters;
	bool esp; /* Tunnel-Type is ESP: the filters are groups too (RFC 2868) */
	uint32_t session_timeout, idle_timeout, interim; /* s; 0: none was given */
	bool renew; /* Termination-Action: at session_timeout authenticate anew, do not end */
	/* Framed-IP-Address; Framed-IPv6-Address, or the address in the Framed-IPv6-Prefix that the
	 * Framed-Interface-Id names, without one its first host. v 0: ours to choose. */
	struct ip ip, ip6;
	struct ip dns[RADIUS_DNS_MAX], nbns[RADIUS_DNS_MAX];
	unsigned n_dns, n_nbns;
};

/* Reads ACCEPT, which was verified, all but its key. What is borrowed is from ACCEPT. Attributes of another
 * form than they must have are as if they were not there. */
void radius_grant_read(const struct radius_packet *accept, struct radius_grant *g);

/* The key in ACCEPT, which was verified, into MSK, *N octets of it. REQUEST: the authenticator of the
 * Access-Request. ERR_AUTH: it cannot be opened with SECRET; ERR_SYNTAX: one MPPE key is there and the other
 * is not, or one has less than 16 octets; ERR_UNSUPPORTED: OpenSSL has no MD5; ERR_CRYPTO: it refuses. Wiped
 * by who had it opened. */
enum err radius_msk_open(const struct radius_packet *accept, struct bytes secret, const uint8_t *request,
	uint8_t msk[RADIUS_MSK_MAX], size_t *n) MUST_CHECK;

/* Opens an MPPE key (RFC 2548, 2.4.2) into OUT of RADIUS_KEY_MAX octets, *N of them. ERR_AUTH: it does not
 * open. And the way back: KEY hidden in VALUE, which holds RADIUS_VALUE_MAX octets. */
enum err radius_key_open(
	struct bytes value, struct bytes secret, const uint8_t *request, uint8_t *out, size_t *n) MUST_CHECK;
enum err radius_key_close(struct bytes key, uint16_t salt, struct bytes secret, const uint8_t *request,
	uint8_t *value, size_t *n) MUST_CHECK;
