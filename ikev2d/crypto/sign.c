/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures that the library has. */
#include "crypto/sign.h"

#include <openssl/err.h>
#include <openssl/evp.h>

bool sign_available(enum key_type t)
{
	static const char *const names[KEY_TYPES] = { "RSA", "ECDSA", "ED25519", "ED448", "ML-DSA-44",
		"ML-DSA-65", "ML-DSA-87" };
	enum { UNKNOWN, YES, NO };
	static _Atomic int known[KEY_TYPES];
	EVP_SIGNATURE *s;

	if (known[t] == UNKNOWN) {
		s = EVP_SIGNATURE_fetch(NULL, names[t], NULL);
		known[t] = s ? YES : NO;
		EVP_SIGNATURE_free(s);
		ERR_clear_error();
	}
	return known[t] == YES;
}
