/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identities (RFC 7296, 3.5). */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/siphash.h"

enum id_type {
	ID_ANY = 0, /* only in configurations: matches all */
	ID_IPV4_ADDR = 1,
	ID_FQDN = 2,
	ID_RFC822_ADDR = 3,
	ID_IPV4_ADDR_SUBNET = 4, /* this and the other addresses of several: only in configurations, */
	ID_IPV6_ADDR = 5,
	ID_IPV6_ADDR_SUBNET = 6, /* with the data they had in IKEv1: address and mask, */
	ID_IPV4_ADDR_RANGE = 7,  /* or the first and the last address */
	ID_IPV6_ADDR_RANGE = 8,
	ID_DER_ASN1_DN = 9,
	ID_DER_ASN1_GN = 10,
	ID_KEY_ID = 11,
	ID_REGEX = 255, /* only in configurations: the type of those it matches, then the expression */
};

struct id {
	uint8_t type;
	struct bytes data; /* as on the wire */
};

/* The identity a configuration's text means, by swanctl's rules: an address, a prefix or a range of
 * addresses, "fqdn", "@fqdn", "user@fqdn", "@@user@fqdn", "@#hex" (key id), "%any", a DN such as "C=DE,
 * O=Example, CN=gw" or "/C=DE/O=Example/CN=gw", or with its type in front ("fqdn:", "email:", "ipv4:",
 * "keyid:", "dn:", …, or
 * "{11}:"). What is between ^ and $ is a POSIX extended regular expression (id_regex.h). The data is taken
 * from ARENA. ERR_SYNTAX otherwise. */
enum err id_parse(const char *s, struct arena *arena, struct id *out) MUST_CHECK;

/* The identity that OCTETS of a peer mean: where they are printed ones, what a configuration's text would; a
 * key id otherwise, and where that would stand for many. From ARENA. */
struct id id_of_octets(struct bytes octets, struct arena *arena);

/* The text of ID, safe for logs (control and non-ASCII octets escaped), from ARENA. "%any" for ID_ANY. */
const char *id_print(const struct id *id, struct arena *arena);

/* The words "FQDN", "RFC822_ADDR", …; "?" for an unknown type. */
const char *id_type_name(uint8_t type);

/* Same type and data; the case of FQDN and RFC822_ADDR does not count. */
bool id_eq(const struct id *a, const struct id *b);
/* A hash of it: of equal ones the same. */
uint64_t id_hash(const struct id *id, const struct siphash_key *key);

/* Whether ID is of a type that is only in configurations, and not ID_ANY. */
bool id_is_pattern(const struct id *id);

/* Whether ID is what PATTERN, an identity of a configuration, allows: equal, ID_ANY, or with wildcards
 * ("*.example.org", "*@example.org", "CN=*"), in a prefix or range of addresses, or what a regular expression
 * matches as a whole, whatever its case. */
bool id_matches(const struct id *pattern, const struct id *id);

struct id id_copy(struct arena *arena, const struct id *id);
