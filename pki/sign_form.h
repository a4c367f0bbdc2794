/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How signatures stand in AUTH payloads. For pki/ only. */
#pragma once

#include "pki/key.h"

#include <openssl/evp.h>

/* Sets how RSA pads, with a salt of SALT octets for PSS; nothing to do for other keys. */
bool sign_set_padding(EVP_PKEY_CTX *ctx, const struct key *k, const struct scheme *s, int salt);

/* The authentication data for OpenSSL's SIGNATURE. With method 14 the algorithm stands in front (RFC 7427,
 * 3); the classic methods of ECDSA have r | s of the curve's size instead of DER (RFC 4754, 7). False: no
 * memory, or no signature. */
bool sign_form_put(const struct key *k, const struct scheme *s, struct bytes signature, struct arena *arena,
	struct bytes *out);

/* A signature as it came, in OpenSSL's form. */
struct signature {
	const struct scheme *scheme;
	struct bytes octets;
	int salt; /* octets of salt of PSS */
};

/* Reads the data of method 14: its algorithm and what is behind it. ERR_SYNTAX, ERR_UNSUPPORTED; WHY from
 * ARENA. */
enum err sign_form_get(
	struct bytes auth, struct arena *arena, struct signature *out, struct why *why) MUST_CHECK;

/* r | s of KEY's curve as DER. Empty: not of that size. */
struct bytes sign_form_ecdsa(const struct key *key, struct bytes raw, struct arena *arena);
