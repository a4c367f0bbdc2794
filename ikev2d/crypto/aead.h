/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing and opening with an AEAD, or with a cipher and a MAC over its output: one interface, for the SK
 * payload of IKE (RFC 7296, 3.14; RFC 5282) and for ESP (RFC 4303, 4106, 3602, 4868, 7634). */
#pragma once

#include "base/err.h"
#include "model/transform.h"

/* A context for one pair of transforms. IKE keeps one per pair and keys it for each message; ESP one per SA
 * and direction, keyed once. Threads may use different contexts at the same time, never the same one. */
struct aead;

/* INTEG is NULL for an AEAD, and a MAC for a cipher that needs one. The rows must outlive the context. NULL
 * when the library has not the algorithms, or they make no pair. */
struct aead *aead_new(const struct transform *encr, const struct transform *integ);

/* Wipes and frees it. NULL does nothing. */
void aead_free(struct aead *a);

/* Sets the keys for sealing or for opening: ENCR_KEY of encr->key + encr->salt octets (the salt behind the
 * key), INTEG_KEY of integ->key octets or empty. Both are copied. ERR_RANGE for other lengths, ERR_CRYPTO
 * when the library refuses. */
enum err aead_key(struct aead *a, bool sealing, struct bytes encr_key, struct bytes integ_key) MUST_CHECK;

/* What is sealed or opened: DATA of N octets, in place. IV: the encr->iv octets that travel; they must never
 * repeat under one key for an AEAD, and be unpredictable for CBC. AAD: octets that travel before the IV and
 * are authenticated. TAIL: for a cipher with a MAC, octets authenticated behind the data (the high half of an
 * ESN); ignored by an AEAD, whose AAD holds them. */
struct aead_job {
	struct bytes aad;
	const uint8_t *iv;
	uint8_t *data;
	size_t n;
	struct bytes tail;
	uint8_t *icv; /* transform_icv() octets: written by sealing, compared by opening */
};

/* Of a context keyed for sealing. ERR_RANGE when N is not a multiple of the cipher's block (encr->block, for
 * a cipher with a MAC only) or N or the AAD exceeds INT_MAX; ERR_CRYPTO when the library refuses. */
enum err aead_seal(struct aead *a, const struct aead_job *job) MUST_CHECK;

/* Of a context keyed for opening. ERR_AUTH when the tag is not right: DATA is worthless then. Nothing is
 * deciphered before a separate MAC was checked. Else errors as above. */
enum err aead_open(struct aead *a, const struct aead_job *job) MUST_CHECK;
