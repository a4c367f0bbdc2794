/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key exchange methods (RFC 7296, 2.12, 3.4; RFC 3526, 5903, 8031; FIPS 203 as
 * draft-ietf-ipsecme-ikev2-mlkem has it). A private value is KE->key random octets
 * that the caller brings and wipes; everything else follows from it. All of it may run in any thread. */
#pragma once

#include "base/err.h"
#include "model/transform.h"

enum { KEX_PRIVATE_MAX = 66, KEX_PUBLIC_MAX = 1568, KEX_SHARED_MAX = 512 };

/* Whether the library has it. */
bool kex_available(const struct transform *ke);

/* All fail with ERR_UNSUPPORTED when the library has not the group, and ERR_CRYPTO when it refuses. */

/* The public value (KE->out octets) of the private value SECRET (KE->key octets), as it travels. ERR_RANGE
 * when SECRET is not usable (zero, or not below the order of the curve): draw another. */
enum err kex_public(const struct transform *ke, const uint8_t *secret, uint8_t *public) MUST_CHECK;

/* The shared secret (KE->shared octets) of SECRET and the peer's public value: g^ir of RFC 7296, 2.14, for a
 * curve its x. The peer's value is judged first as RFC 6989 demands: ERR_SHORT when it is not KE->out octets
 * long (kex_answer_size of a KEM, of which this is the end for who began), ERR_AUTH when it is not a point of
 * the curve (ECP), not between 2 and p-2 (MODP), or leads to a secret of zeros only (Curve25519, Curve448:
 * RFC 8031, 3.2). ERR_RANGE as above. */
enum err kex_shared(
	const struct transform *ke, const uint8_t *secret, struct bytes peer, uint8_t *shared) MUST_CHECK;

/* What who answers does, in one: the public value (kex_answer_size octets) of SECRET, and the shared secret
 * with the peer's public value; a KEM encapsulates one for the peer's key, made of SECRET, and checks that
 * first (FIPS 203, 7.2: ERR_AUTH). Errors as above. */
enum err kex_answer(const struct transform *ke, const uint8_t *secret, struct bytes peer, uint8_t *public,
	uint8_t *shared) MUST_CHECK;
size_t kex_answer_size(const struct transform *ke);
