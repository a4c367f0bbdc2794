/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo-random functions (RFC 7296, 2.13; RFC 4868) and plain digests. All of it may run in any thread. */
#pragma once

#include "base/err.h"
#include "model/transform.h"

enum { PRF_OUT_MAX = 64, PRF_PLUS_MAX = 255 * PRF_OUT_MAX };

/* prf(KEY, PARTS[0] | PARTS[1] | …) into OUT of PRF->out octets. KEY may have any length: HMAC shortens long
 * ones itself. ERR_UNSUPPORTED when the library has not the algorithm, ERR_CRYPTO when it refuses. */
enum err prf(const struct transform *prf, struct bytes key, const struct bytes *parts, unsigned n_parts,
	uint8_t *out) MUST_CHECK;

/* HMAC (RFC 2104) with DIGEST, OpenSSL's name of it as below, for protocols that are older than IKEv2: RADIUS
 * has "MD5". OUT gets as many octets as the digest has. Errors as above. */
enum err digest_hmac(const char *digest, struct bytes key, const struct bytes *parts, unsigned n_parts,
	uint8_t *out) MUST_CHECK;

/* prf+(KEY, PARTS[0] | PARTS[1] | …) into N octets of OUT (RFC 7296, 2.13). ERR_RANGE when N exceeds 255
 * times the output of PRF; else errors as above, and OUT is wiped. */
enum err prf_plus(const struct transform *prf, struct bytes key, const struct bytes *parts, unsigned n_parts,
	uint8_t *out, size_t n) MUST_CHECK;

/* The digest DIGEST of the parts, for NAT detection, cookies and RADIUS. DIGEST is OpenSSL's name, a string
 * that lives as long as the process: "SHA1", "SHA256", "MD5". OUT holds PRF_OUT_MAX octets; *N gets the
 * length. Errors as above. */
enum err digest(
	const char *digest, const struct bytes *parts, unsigned n_parts, uint8_t *out, size_t *n) MUST_CHECK;
