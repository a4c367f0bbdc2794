/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extensions of certificates to be made. For pki/ only. */
#pragma once

#include "pki/make.h"

#include <openssl/x509v3.h>

/* All extensions of S when ISSUER issues it (NULL: itself), to be freed with sk_X509_EXTENSION_pop_free.
 * NULL, and WHY, for a name that cannot be in a certificate; without WHY where OpenSSL refuses. */
STACK_OF(X509_EXTENSION) * make_extensions(const struct make_spec *s, const struct cert *issuer,
				   struct arena *arena, struct why *why);

/* Only the subjectAltNames: what a request has. */
STACK_OF(X509_EXTENSION) *
	make_san_extension(const struct id *sans, unsigned n, struct arena *arena, struct why *why);

/* A DN as OpenSSL's, or NULL. */
X509_NAME *make_dn(const struct id *dn);

/* The hash to sign with: as strong as the key; NULL for keys that have their own. */
const EVP_MD *make_hash(const struct key *key);

/* OpenSSL refused to make WHAT: its reason, and ERR_CRYPTO. */
enum err make_refused(const char *what, struct arena *arena, struct why *why);
