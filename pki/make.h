/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making keys, certificates, requests and CRLs (RFC 5280, RFC 2986, RFC 4945): what is to be in them goes in,
 * DER comes out. Time, serial numbers and randomness for them are given; keys are OpenSSL's to draw.
 * Everything that goes in is borrowed, what comes out is from ARENA, and a failure is one sentence in WHY. */
#pragma once

#include "pki/cert.h"

enum {
	MAKE_SERIAL_SIZE = 16,    /* octets, random */
	MAKE_REQUEST_MAX = 65536, /* octets of a request */
};

/* What a certificate is for, which decides its keyUsage, extendedKeyUsage and basicConstraints. */
enum make_profile { MAKE_CA, MAKE_GATEWAY, MAKE_USER };

/* Names that a CA may issue, or may not: a name and all below it, an address with the length of its prefix.
 */
struct make_scope {
	struct id name;
	unsigned bits;
};

struct make_scopes {
	const struct make_scope *v;
	unsigned n;
};

/* A certificate to be. */
struct make_spec {
	enum make_profile profile;
	struct id subject; /* ID_DER_ASN1_DN */
	const struct id *sans;
	unsigned n_sans;
	const struct key *key;                  /* whose certificate it is; its public part is enough */
	struct bytes serial;                    /* MAKE_SERIAL_SIZE octets */
	int64_t not_before, not_after;          /* seconds since 1970 */
	struct make_scopes permitted, excluded; /* nameConstraints of a CA */
	const char *crl_uri, *ocsp_uri;         /* where its revocation is to be asked; NULL: nowhere */
};

/* A key that signs: "ecdsa" (P-256), "ecdsa-384", "ecdsa-521", "rsa" (3072 bits), "rsa-4096", "ed25519",
 * "ed448", "mldsa44" and its like. ERR_UNKNOWN for another word; ERR_CRYPTO where OpenSSL has it not. */
enum err make_key(const char *kind, struct arena *arena, struct key **out, struct why *why) MUST_CHECK;

/* The words that make_key knows, one after the other; NULL at the end. For name_nearest. */
const char *make_key_kind(unsigned i);

/* The text of a scope: "example.org", "email:example.org", "192.0.2.0/24", "2001:db8::/32", or a DN. */
enum err make_scope_parse(
	const char *s, struct arena *arena, struct make_scope *out, struct why *why) MUST_CHECK;

/* The certificate, signed by SIGNER, the key of ISSUER; ISSUER NULL: it issues itself. ERR_CRYPTO when
 * OpenSSL refuses, ERR_SYNTAX for a name that cannot be in a certificate. */
enum err make_cert(const struct make_spec *s, const struct cert *issuer, const struct key *signer,
	struct arena *arena, struct bytes *out, struct why *why) MUST_CHECK;

/* Reasons for a revocation (RFC 5280, 5.3.1), by their words there; -1 for another word. */
int make_reason(const char *word);
const char *make_reason_word(int reason);
/* The words, one after the other. */
const char *make_reason_at(unsigned i);

struct make_revoked {
	struct bytes serial;
	int64_t when;
	int reason;
};

/* The CRL number NUMBER of ISSUER, good from NOW until NEXT. */
enum err make_crl(const struct cert *issuer, const struct key *signer, const struct make_revoked *revoked,
	unsigned n, uint64_t number, int64_t now, int64_t next, struct arena *arena, struct bytes *out,
	struct why *why) MUST_CHECK;

/* A request for a certificate about SUBJECT and SANS, signed by KEY. */
enum err make_request(const struct id *subject, const struct id *sans, unsigned n_sans, const struct key *key,
	struct arena *arena, struct bytes *out, struct why *why) MUST_CHECK;

/* What a request asks for. */
struct request {
	struct id subject;
	const struct id *sans;
	unsigned n_sans;
	struct key *key; /* one reference: key_unref */
};

/* Reads a request in PEM or DER, and checks that it is signed by its own key (ERR_AUTH). ERR_SYNTAX,
 * ERR_RANGE, ERR_UNSUPPORTED. Anything but names and the key is not looked at: the CA decides the rest. */
enum err request_read(
	struct bytes data, struct arena *arena, struct request *out, struct why *why) MUST_CHECK;

/* DER as PEM: WHAT is "CERTIFICATE", "CERTIFICATE REQUEST", "X509 CRL". */
struct bytes make_pem(const char *what, struct bytes der, struct arena *arena);

/* A private key as PKCS#8 in PEM, encrypted with AES-256 when PASSWORD is not NULL. */
enum err make_key_pem(const struct key *key, const struct bytes *password, struct arena *arena,
	struct bytes *out, struct why *why) MUST_CHECK;

/* How PKCS#12 is sealed. OLD: 3DES and SHA-1, which everybody reads, among them macOS before 15, iOS before
 * 18 and Windows before 10; NEW: AES-256 and SHA-256. */
enum p12_seal { P12_OLD, P12_NEW };

/* A private key, its certificate, and N others of its chain as PKCS#12 (RFC 7292), called NAME. */
enum err make_p12(const struct key *key, const struct cert *cert, struct cert *const *chain, unsigned n,
	const char *name, struct bytes password, enum p12_seal seal, struct arena *arena, struct bytes *out,
	struct why *why) MUST_CHECK;

/* CONTENT signed by KEY (RFC 5652), with CERT and N others of its chain in it. */
enum err make_signed(const struct key *key, const struct cert *cert, struct cert *const *chain, unsigned n,
	struct bytes content, struct arena *arena, struct bytes *out, struct why *why) MUST_CHECK;
