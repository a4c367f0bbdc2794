/* SPDX-License-Identifier: GPL-2.0-or-later */
/* THE table of signature schemes: how an AUTH payload may be signed (RFC 7296, 3.8; RFC 4754; RFC 7427; RFC
 * 8420; draft-ietf-ipsecme-ikev2-pqc-auth). All that is known of one stands in its row (scheme.c). */
#pragma once

#include "base/names.h"

/* Hash algorithms of SIGNATURE_HASH_ALGORITHMS (RFC 7427, 4; RFC 8420, 2). */
enum hash_id {
	HASH_SHA1 = 1,
	HASH_SHA2_256 = 2,
	HASH_SHA2_384 = 3,
	HASH_SHA2_512 = 4,
	HASH_IDENTITY = 5, /* the signature takes the octets themselves */
	HASH_IDS           /* one more than the greatest */
};

/* Sets of them are bits. */
#define HASH_BIT(id) (1u << (id))

enum key_type {
	KEY_RSA,
	KEY_ECDSA,
	KEY_ED25519,
	KEY_ED448,
	KEY_MLDSA44,
	KEY_MLDSA65,
	KEY_MLDSA87,
	KEY_TYPES
};

/* Values of Auth Method (RFC 7296, 3.8; RFC 4754, 4; RFC 7427, 3). */
enum {
	SCHEME_METHOD_RSA = 1,
	SCHEME_METHOD_ECDSA_256 = 9,
	SCHEME_METHOD_ECDSA_384 = 10,
	SCHEME_METHOD_ECDSA_521 = 11,
	SCHEME_METHOD_SIGNATURE = 14,
};

struct scheme {
	const char *name;  /* "rsa/pss-sha256"; classic methods begin with "classic" */
	uint8_t key;       /* enum key_type */
	bool pss;          /* RSASSA-PSS */
	uint8_t hash;      /* enum hash_id */
	uint8_t method;    /* Auth Method */
	uint16_t curve;    /* bits of the only curve the method admits; 0: any key of the type */
	const char *algid; /* AlgorithmIdentifier in DER, as RFC 7427, appendix A, has it; NULL: a classic
			      method */
	uint8_t algid_n;
	const char *digest; /* OpenSSL's name; NULL: the signature has its own */
};

enum { SCHEMES = 19 };
extern const struct scheme schemes[SCHEMES]; /* of one key the preferred first */

/* "rsa", "ecdsa", "ed25519", …, as swanctl.conf has them. */
const char *key_type_name(enum key_type t);

/* "sha1", "sha256", …, "identity"; hash_name gives "?" for an unknown number. */
extern const struct name hash_names[];
const char *hash_name(unsigned id);

/* The set "sha256, sha384" as text for people, into OUT of HASHES_TEXT octets, which is returned. */
enum { HASHES_TEXT = 64 };
const char *hashes_print(uint32_t hashes, char out[HASHES_TEXT]);

/* Those that we announce: everything that some scheme of method 14 needs. */
uint32_t hashes_known(void);

/* Whether METHOD is an Auth Method by which some scheme signs. */
bool scheme_method(uint8_t method);

static inline bool scheme_is_classic(const struct scheme *s)
{
	return s->method != SCHEME_METHOD_SIGNATURE;
}
