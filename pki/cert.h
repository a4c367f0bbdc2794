/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates (RFC 5280), read once into plain data. Immutable and counted. Reading is no judgement: path.h
 * judges. */
#pragma once

#include "model/id.h"
#include "pki/key.h"

struct x509_st; /* OpenSSL's X509 */

enum {
	CERT_MAX = UINT16_MAX, /* octets: it must fit a CERT payload */
	CERT_SANS_MAX = 256,
	CERT_URIS_MAX = 8,     /* of a kind; more are not looked at */
	CERT_URI_MAX = 1024,   /* octets; a longer one is not looked at */
	CERT_SERIAL_MAX = 64,  /* octets; RFC 5280 has 20 */
	FINGERPRINT_SIZE = 32, /* SHA-256 */
};

/* Extended key usages (RFC 5280, 4.2.1.12; RFC 4945, 5.1.3.12) as bits; 0: the extension is not there. */
enum cert_eku {
	EKU_SERVER = 1,
	EKU_CLIENT = 2,
	EKU_IKE =
		4, /* ipsecIKE, or one of the older ipsecEndSystem, ipsecTunnel, ipsecUser, iKEIntermediate */
	EKU_ANY = 8,
	EKU_OCSP = 16,
	EKU_OTHER = 32,
};

struct uris {
	const char *v[CERT_URIS_MAX];
	unsigned n;
};

struct cert {
	unsigned refs;
	struct arena arena;   /* of what follows */
	struct x509_st *x509; /* NULL: it was read elsewhere (paper.h) */
	struct bytes der;
	struct id subject, issuer; /* ID_DER_ASN1_DN */
	const struct id *sans;     /* FQDN, RFC822_ADDR, addresses, DNs */
	unsigned n_sans;
	struct key *key;               /* NULL: one that cannot be used */
	const char *no_key;            /* why not */
	struct bytes serial;           /* big-endian, without zeros in front */
	int64_t not_before, not_after; /* seconds since 1970, UTC */
	uint8_t fingerprint[FINGERPRINT_SIZE];
	uint8_t sha1[KEYID_SIZE];   /* of it all: how CERT payloads name it by its place (RFC 7296, 3.6) */
	uint8_t key_id[KEYID_SIZE]; /* SHA-1 of SubjectPublicKeyInfo: what CERTREQ holds (RFC 7296, 3.7) */
	uint8_t subj[KEYID_SIZE];   /* SHA-1 of the public key's bits */
	struct bytes subject_key_id, authority_key_id; /* the extensions; empty: not there */
	unsigned eku;
	bool ca;          /* basicConstraints says so */
	int path_len;     /* -1: not limited */
	bool self_signed; /* issued by its own subject and key, as far as names and identifiers say */
	struct uris crls, ocsps;
	/* The fingerprint of who is known to have signed it (store_issuer); zeros: nobody yet. NULL: it was
	 * read elsewhere. */
	uint8_t *issued_by;
};

/* One certificate in DER, as a CERT payload holds it (RFC 7296, 3.6, encoding 4). ERR_SYNTAX or ERR_RANGE,
 * and WHY in one sentence from ARENA. */
enum err cert_read(struct bytes der, struct arena *arena, struct cert **out, struct why *why) MUST_CHECK;

struct cert *cert_ref(struct cert *c);
/* NULL does nothing. */
void cert_unref(struct cert *c);

static inline bool cert_eq(const struct cert *a, const struct cert *b)
{
	return bytes_eq(a->der, b->der);
}

/* Whether C is about ID, which may have wildcards: a DN is its subject (or a directoryName among its
 * subjectAltNames), a name or an address one of its subjectAltNames, a key id one of its key's. The common
 * name is not looked at. */
bool cert_has_id(const struct cert *c, const struct id *id);

/* The same of who claims to be ID: what would be wildcards is nothing but a name. */
bool cert_is_of(const struct cert *c, const struct id *id);

/* The same, and WHY, from ARENA, when it is not: what the certificate has, and what to write. */
bool cert_confirms(const struct cert *c, const struct id *id, struct arena *arena, struct why *why);

/* The identity to use where the configuration names none: the subject, or where that is empty the first
 * subjectAltName. Borrowed. */
const struct id *cert_main_id(const struct cert *c);

/* What to call it in sentences: "CN=moon", or a subjectAltName, or its serial number. From ARENA. */
const char *cert_name(const struct cert *c, struct arena *arena);

/* All its names, from ARENA: "CN=moon | moon.example". */
const char *cert_names(const struct cert *c, struct arena *arena);

/* "2026-11-25 18:52:53 UTC", from ARENA. */
const char *cert_time(int64_t t, struct arena *arena);

/* Octets as hexadecimal digits with colons, as fingerprints and serial numbers are shown. From ARENA. */
const char *cert_hex(struct bytes b, struct arena *arena);
