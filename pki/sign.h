/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AUTH payloads by signature: which scheme, made and checked (RFC 7296, 2.15 and 3.8; RFC 4754; RFC 7427; RFC
 * 8420). OCTETS are always those of RFC 7296, 2.15, that are to be signed. */
#pragma once

#include "model/announce.h"
#include "pki/key.h"

enum { SIGN_AUTH_MAX = 8192 /* octets of authentication data; ML-DSA-87 has 4,641 */ };

/* What we may sign with. */
struct sign_policy {
	struct constraints constraints; /* of the local side: only IKE's signatures count */
	uint32_t hashes; /* bits that the peer announced in SIGNATURE_HASH_ALGORITHMS; 0: it did not, or we
			    may not use it: classic methods */
	struct announced peer; /* what it announced (RFC 9593); nothing: any of the above */
	bool prefer_pss;       /* RSA: PSS before PKCS#1, strongswan.conf's rsa_pss */
};

/* The scheme for KEY: a hash as strong as the key if the peer has it, else a stronger one, else a weaker one.
 * NULL when none fits, and WHY, from ARENA. */
const struct scheme *sign_choose(
	const struct key *key, const struct sign_policy *p, struct arena *arena, struct why *why);

/* The authentication data for Auth Method S->method, from ARENA, made with the private KEY. ERR_CRYPTO when
 * OpenSSL (or a provider: a token that was pulled) refuses. */
enum err sign_octets(const struct key *key, const struct scheme *s, struct bytes octets, struct arena *arena,
	struct bytes *out, struct why *why) MUST_CHECK;

/* The same for TLS: the bare signature, ECDSA's in DER. */
enum err sign_bare(const struct key *key, const struct scheme *s, struct bytes octets, struct arena *arena,
	struct bytes *out, struct why *why) MUST_CHECK;

/* Whether AUTH, the authentication data of Auth Method METHOD, is KEY's signature over OCTETS, of a kind that
 * C admits. ERR_AUTH: it is not; ERR_DENIED: C does not admit it; ERR_UNSUPPORTED: a method or algorithm we
 * have not; ERR_SYNTAX. *USED (which may be NULL) is the scheme. WHY, from ARENA, says what came and what was
 * wanted. */
enum err sign_check(const struct key *key, uint8_t method, struct bytes auth, struct bytes octets,
	const struct constraints *c, struct arena *arena, const struct scheme **used,
	struct why *why) MUST_CHECK;
