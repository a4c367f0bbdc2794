/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys: of ours private, of peers public. Immutable and counted; the last reference wipes a private one,
 * which is never printed. */
#pragma once

#include "base/err.h"
#include "model/scheme.h"
#include "model/why.h"

struct evp_pkey_st;    /* OpenSSL's EVP_PKEY */
struct X509_pubkey_st; /* and its X509_PUBKEY */
struct kept;

enum {
	KEYID_SIZE = 20,         /* SHA-1 */
	KEY_FILE_MAX = 1 << 20,  /* octets of a file or a blob with keys */
	KEY_RSA_BITS_MIN = 2048, /* fewer are refused everywhere */
};

struct key {
	unsigned refs;
	struct arena arena;       /* of what follows */
	struct evp_pkey_st *pkey; /* NULL: it was read elsewhere (paper.h) */
	enum key_type type;
	unsigned bits;
	bool pss_only;     /* an RSA key whose own text says id-RSASSA-PSS (RFC 4055, 1.2) */
	bool secret;       /* it has its private part */
	struct kept *kept; /* the private part is kept elsewhere, and this refers to it; NULL: it is not */
	void (*end)(struct kept *kept);
	struct bytes spki;        /* SubjectPublicKeyInfo in DER */
	uint8_t id[KEYID_SIZE];   /* of SPKI: what CERTREQ holds */
	uint8_t subj[KEYID_SIZE]; /* of the public key's bits: subjectKeyIdentifier, strongSwan's "subjkey",
				   what VICI's load-key returns */
};

/* A private key: PEM or DER; PKCS#8, encrypted or not, or the older RSA and EC forms. PASSWORD is borrowed,
 * NULL for none. ERR_MISSING: it is encrypted and there was none; ERR_AUTH: the password is wrong;
 * ERR_SYNTAX, ERR_RANGE (too large a file, too weak a key), ERR_UNSUPPORTED (a type that IKE has not). WHY
 * says it in one sentence, from ARENA. The caller wipes DATA. */
enum err key_private(struct bytes data, const struct bytes *password, struct arena *arena, struct key **out,
	struct why *why) MUST_CHECK;

/* A public key: SubjectPublicKeyInfo or RSAPublicKey in PEM or DER, a line of OpenSSH ("ssh-ed25519 AAAA…"),
 * or the octets of a DNS KEY record's RSA key (RFC 3110). Errors as above. */
enum err key_public(struct bytes data, struct arena *arena, struct key **out, struct why *why) MUST_CHECK;

/* URI as it may be said, from ARENA: a PIN that stands in it (pin-value: RFC 7512, 2.4) is left out. */
const char *key_uri_said(const char *uri, struct arena *arena);

/* The private key that an OpenSSL provider keeps at URI: "pkcs11:…", "handle:0x81000001" (TPM 2.0), "file:…".
 * PIN as PASSWORD above. ERR_AUTH: not by this PIN, as far as is known, and a token counts: it is not to be
 * tried again; ERR_BUSY: the device failed; ERR_MISSING: no provider knows the URI or nothing is there, or it
 * wants a PIN. */
enum err key_uri(const char *uri, const struct bytes *pin, struct arena *arena, struct key **out,
	struct why *why) MUST_CHECK;

/* Takes over PKEY, OpenSSL's; NULL and WHY for a type that IKE has not. */
struct key *key_take(struct evp_pkey_st *pkey, bool secret, struct arena *arena, struct why *why);

/* The same for a public key that was read from PUB, in a certificate or a request: its identifiers are those
 * of the octets there, and OpenSSL, which is slow at that, has nothing to encode. */
struct key *key_take_from(
	struct evp_pkey_st *pkey, struct X509_pubkey_st *pub, struct arena *arena, struct why *why);

struct key *key_ref(struct key *k);
/* NULL does nothing. */
void key_unref(struct key *k);

/* Whether both are of one pair, or the same. */
bool key_eq(const struct key *a, const struct key *b);

/* "RSA 3072 bits", "ECDSA P-256", "Ed25519". From ARENA. */
const char *key_print(const struct key *k, struct arena *arena);

/* A key id as hexadecimal digits, into OUT, which is returned. */
enum { KEYID_TEXT = 2 * KEYID_SIZE + 1 };
const char *keyid_print(const uint8_t id[KEYID_SIZE], char out[KEYID_TEXT]);
