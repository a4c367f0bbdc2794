/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes keys, certificates, CRLs and OCSP answers for tests, good ones and bad ones. What goes wrong here
 * aborts. */
#pragma once

#include "pki/crl.h"
#include "pki/ocsp.h"

#include <openssl/evp.h>

/* The time of all tests: 2026-01-01 00:00:00 UTC, in seconds since 1970. */
#define MAKER_NOW ((int64_t)1767225600)
enum { MAKER_DAY = 24 * 60 * 60 };

/* The key number I of a kind ("RSA-2048", "P-256", "P-256K" for secp256k1, "ED25519", …), made once for the
 * process. Borrowed. */
EVP_PKEY *maker_pkey(const char *kind, unsigned i);

/* The same as private and public struct key, from ARENA's point of view nothing; to be unref'ed. */
struct key *maker_key(const char *kind, unsigned i, bool secret);

/* What a certificate is to be. What is 0 or NULL is as a good one has it. */
struct recipe {
	const char *subject; /* "CN=moon"; "": empty */
	const char *key;     /* kind */
	unsigned key_number;
	const char *extensions; /* "name=value|name=value", over the defaults; no value: without it */
	const char *digest;     /* "SHA256" */
	int from, to;           /* days from now; 0: a year around now */
	unsigned serial;        /* 0: drawn by counting */
	bool forged;            /* signed by somebody else */
	bool pss;
	bool refused; /* it is so bad that it cannot be read: NULL comes back */
	int version;  /* 1 or 3; 0: 3 */
};

struct made {
	struct cert *cert;
	EVP_PKEY *pkey; /* borrowed */
};

/* ISSUER NULL: it issues itself. Defaults for a CA (a recipe whose extensions begin with "CA") and for a
 * gateway. */
struct made maker_cert(const struct recipe *r, const struct made *issuer);

/* A CRL of ISSUER that revokes the certificates of SERIALS, made FROM days from now and good until TO.
 * FORGED: signed by somebody else in its name. In DER; from ARENA. */
struct bytes maker_crl(const struct made *issuer, const struct cert *const *revoked, unsigned n, int from,
	int to, bool forged, struct arena *arena);

/* An OCSP answer about CERT by SIGNER. STATUS: enum status. */
struct bytes maker_ocsp(const struct made *issuer, const struct cert *cert, const struct made *signer,
	int status, int from, int to, struct arena *arena);

/* PEM of a certificate and of a private key (encrypted when PASSWORD), PKCS#12 of both and a CA; from ARENA.
 */
struct bytes maker_pem(const struct cert *c, struct arena *arena);
struct bytes maker_key_pem(const char *kind, unsigned i, const char *password, struct arena *arena);
struct bytes maker_p12(
	const struct made *leaf, const struct made *ca, const char *password, struct arena *arena);

/* Frees the keys. */
void maker_end(void);
/* The same, as the teardown of a group of tests. */
int maker_teardown(void **state);
