/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and certificates that an OpenSSL provider keeps: on tokens (PKCS#11), in a TPM, or in a file. */
#pragma once

#include "model/conf.h"
#include "pki/bundle.h"

/* URI, or where it is NULL that of the object with CKA_ID HANDLE (hexadecimal) in SLOT (NULL: any) of MODULE
 * (NULL: any), of TYPE ("private", "cert"), as RFC 7512 has it. From ARENA. */
const char *token_uri(const char *uri, const char *handle, const char *module, const uint32_t *slot,
	const char *type, struct arena *arena);

/* The URI of the private key that K names, from ARENA. */
const char *token_key_uri(const struct key_conf *k, struct arena *arena);

/* Whether C is no file and not itself written. */
static inline bool token_has(const struct cert_conf *c)
{
	return c->handle || c->uri;
}

/* The URI of the certificates that C names, from ARENA. */
const char *token_certs_uri(const struct cert_conf *c, struct arena *arena);
