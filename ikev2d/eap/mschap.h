/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of MSCHAPv2 (RFC 2759) and of its keys (RFC 3079), for EAP-MSCHAPv2 and for MSCHAPv2 inside
 * TTLS. For eap/ only. Functions are false when the library has no SHA-1, and as said. */
#pragma once

#include "base/rng.h"
#include "eap/eap.h"

enum {
	MSCHAP_HASH = 16,
	MSCHAP_CHALLENGE = 16,
	MSCHAP_RESPONSE = 24,
	MSCHAP_PROOF = 2 + 40 /* "S=" and hexadecimal digits */
};

/* What both sides know of one try. USER is the name without its domain. */
struct mschap {
	uint8_t hash[MSCHAP_HASH]; /* NtPasswordHash */
	uint8_t challenge[MSCHAP_CHALLENGE], peer_challenge[MSCHAP_CHALLENGE];
	struct bytes user;
};

/* NtPasswordHash (8.3) of a password in UTF-8. False also when it is longer than EAP_MAX_PASSWORD or no
 * UTF-8. */
bool mschap_nt_hash(struct bytes password, uint8_t hash[MSCHAP_HASH]);

/* The same of a secret; false when it has none to give, and the hash is drawn from R then. */
bool mschap_secret(const struct eap_secret *secret, struct rng *r, uint8_t hash[MSCHAP_HASH]);

/* The name without a "DOMAIN\" before it. */
struct bytes mschap_user(struct bytes name);

/* GenerateNTResponse (8.1). */
bool mschap_response(const struct mschap *m, uint8_t response[MSCHAP_RESPONSE]);

/* GenerateAuthenticatorResponse (8.7), as the text it travels as; no NUL at its end. */
bool mschap_proof(const struct mschap *m, const uint8_t response[MSCHAP_RESPONSE], char proof[MSCHAP_PROOF]);

/* The MSK: what the authenticator receives with, what it sends with (RFC 3079, 3.3), then zeros. */
bool mschap_msk(const struct mschap *m, const uint8_t response[MSCHAP_RESPONSE], uint8_t msk[EAP_MSK]);
