/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and certificates that an OpenSSL provider keeps: on tokens (PKCS#11), in a TPM, or in a file. */
#pragma once

#include "model/conf.h"
#include "pki/bundle.h"

/* URI, or where it is NULL that of the object with CKA_ID HANDLE (hexadecimal) in SLOT (NULL: any) of MODULE
 * (NULL: any), of TYPE ("private", "cert"), as RFC 7512 has it. From ARENA. */
const char *token_uri(const char *uri, const char *handle, const char *module, const uint32_t *slot,
	const char *type, struct arena *arena);

/* The private key that K names. Errors as of key_uri. */
enum err token_key(
	const struct key_conf *k, struct arena *arena, struct key **out, struct why *why) MUST_CHECK;

/* Whether C is no file and not itself written. */
static inline bool token_has(const struct cert_conf *c)
{
	return c->handle || c->uri;
}

/* The certificates that C names; errors as of bundle_uri. */
enum err token_certs(
	const struct cert_conf *c, struct arena *arena, struct bundle *out, struct why *why) MUST_CHECK;
