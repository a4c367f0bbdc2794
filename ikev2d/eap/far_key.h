/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A private key that is elsewhere, as one of OpenSSL's: a signature with it is waited for. Who is at work
 * with it (libssl) runs as a job of OpenSSL's (ASYNC_start_job) and is left there until the signature has
 * come. For eap/ only; OpenSSL is seen in far_key.c. */
#pragma once

#include "base/bytes.h"
#include "model/scheme.h"

/* A signature: wanted, come, or never to come. */
struct far_signature {
	const struct scheme *scheme; /* by which; NULL: none is wanted */
	struct bytes octets;         /* what is to be signed; valid as long as it is wanted */
	uint8_t made[4096];          /* as TLS has it: ECDSA's in DER */
	size_t made_n;
	bool over; /* it has come; with MADE_N 0 it was refused */
};

/* Where such keys are at home. NULL: OpenSSL refuses. It outlives its keys. */
struct far_keys;
struct far_keys *far_keys_new(void);
void far_keys_free(struct far_keys *f); /* NULL does nothing */

/* An EVP_PKEY with the public part SPKI, in DER, whose signatures are waited for in WAITS, which outlives it.
 * NULL: of a kind that is not signed with in TLS, or no memory. */
void *far_key_new(const struct far_keys *f, struct bytes spki, struct far_signature *waits);
