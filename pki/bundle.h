/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one file holds: certificates, CRLs and private keys, in PEM (several, in any order, text between
 * them), in DER (one), or in PKCS#12. */
#pragma once

#include "pki/crl.h"
#include "pki/key.h"

enum {
	BUNDLE_MAX = CRL_MAX,   /* octets of a file */
	BUNDLE_CERTS_MAX = 512, /* a file with all CAs of a system has about 150 */
	BUNDLE_CRLS_MAX = 64,
};

/* One reference each. */
struct bundle {
	struct cert **certs;
	struct crl **crls;
	struct key *key; /* the first; NULL: none */
	unsigned n_certs, n_crls;
};

/* Reads all of DATA, or nothing. PASSWORD is borrowed, NULL for none, and is for private keys and PKCS#12.
 * ERR_AUTH and ERR_MISSING as key_private; ERR_SYNTAX, ERR_RANGE, ERR_UNSUPPORTED. WHY in one sentence from
 * ARENA. The caller wipes DATA where it may hold a key. */
enum err bundle_read(struct bytes data, const struct bytes *password, struct arena *arena, struct bundle *out,
	struct why *why) MUST_CHECK;

/* Blanks private keys in PEM in DATA, which is the caller's to write: for those who have the key in the file
 * of its certificate. What is left can be read all the same. */
void bundle_hide_keys(struct bytes data);

/* The certificates that an OpenSSL provider keeps at URI ("pkcs11:…", "file:…"). ERR_MISSING: no provider
 * knows it, or there is none; other errors as of cert_read. WHY from ARENA. */
enum err bundle_uri(const char *uri, struct arena *arena, struct bundle *out, struct why *why) MUST_CHECK;

/* Drops all references. */
void bundle_free(struct bundle *b);
