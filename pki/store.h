/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known here: trusted CAs, other certificates, private keys, CRLs, OCSP answers, and what the
 * configuration says about CAs. Each thing has an origin and a name (a path, VICI's id), by which it is taken
 * away again. */
#pragma once

#include "base/list.h"
#include "pki/crl.h"
#include "pki/key.h"
#include "pki/ocsp.h"
#include "pki/recent.h"

enum {
	STORE_MAX = 16384, /* things */
	CHAIN_MAX = 8,     /* certificates in a chain, its anchor included */
};

enum stored_kind {
	STORED_CA,          /* a certificate that is trusted: an anchor (VICI: flag CA) */
	STORED_CERT,        /* any other: ours, intermediate ones, a peer's */
	STORED_OCSP_SIGNER, /* a certificate trusted to sign OCSP answers */
	STORED_KEY,
	STORED_PUBKEY, /* of somebody who has no certificate */
	STORED_CRL,
	STORED_OCSP,
	STORED_AUTHORITY,
};

enum stored_origin { STORED_BY_FILE, STORED_BY_VICI, STORED_BY_FETCH };

/* The section authorities.NAME. */
struct ca_info {
	struct cert *cacert;
	struct uris crls, ocsps;
	const char *cert_uri_base;
};

struct stored {
	struct node node;
	enum stored_kind kind;
	enum stored_origin origin;
	const char *name;
	struct cert *cert; /* STORED_CA, STORED_CERT, STORED_OCSP_SIGNER */
	struct key *key;
	struct crl *crl;
	struct ocsp *ocsp;
	struct ca_info authority;
	struct arena arena; /* of the name, and of an authority's URIs */
	bool copied;        /* for who keeps a copy of the store: it is in there */
};

struct store {
	struct node all; /* struct stored, in the order in which they came */
	unsigned n;
	uint64_t changes, losses; /* how often something was put in; how often something has gone */
	struct recent recent;     /* certificates of others that were read */
};

void store_init(struct store *s);
void store_free(struct store *s);

/* Every thing of S: use as list_each(n, &s->all), with this. */
static inline struct stored *store_at(struct node *n)
{
	return node_owner(n, struct stored, node);
}

/* Puts something in; the store takes references of its own and copies NAME. ERR_EXISTS: the same is there
 * from the same origin under that name (nothing to do), or for CRLs and OCSP answers a newer one; an older
 * one is replaced. ERR_RANGE: STORE_MAX. */
enum err store_add_cert(struct store *s, enum stored_kind kind, struct cert *c, enum stored_origin origin,
	const char *name) MUST_CHECK;
enum err store_add_key(
	struct store *s, struct key *k, enum stored_origin origin, const char *name) MUST_CHECK;
enum err store_add_pubkey(
	struct store *s, struct key *k, enum stored_origin origin, const char *name) MUST_CHECK;
enum err store_add_crl(
	struct store *s, struct crl *c, enum stored_origin origin, const char *name) MUST_CHECK;
enum err store_add_ocsp(
	struct store *s, struct ocsp *o, enum stored_origin origin, const char *name) MUST_CHECK;
enum err store_add_authority(
	struct store *s, const struct ca_info *a, enum stored_origin origin, const char *name) MUST_CHECK;

/* Takes away what ORIGIN put in under NAME (NULL: everything of it). Returns how many. */
unsigned store_drop(struct store *s, enum stored_origin origin, const char *name);

/* Takes E away. */
void store_drop_one(struct store *s, struct stored *e);

/* The private key of the pair with this id (key.h, id), or NULL. Borrowed. */
struct key *store_key(const struct store *s, const uint8_t id[KEYID_SIZE]);

/* What the peer wants of a certificate. */
struct cert_wish {
	struct bytes certreq; /* its CAs: SHA-1 hashes, one behind the other, as in RFC 7296, 3.7; empty: it
			       * asked for nothing */
	uint32_t keys;        /* types of keys, bits by enum key_type; 0: any */
};

/* Which of our certificates to show: one with a private key here that is about ID (ID_ANY: any), of
 * CANDIDATES where the configuration names some (N 0: of all). Preferred: one for a key that WISH names, then
 * one whose chain leads to a CA of it, then one that is valid at NOW, then the one that was made last. NULL:
 * none; WHY, from ARENA, says what was missing. Borrowed. */
struct cert *store_own(const struct store *s, struct cert *const *candidates, unsigned n, const struct id *id,
	const struct cert_wish *wish, int64_t now, struct arena *arena, struct why *why);

/* The one that issued C, of UNTRUSTED first, then of the store; NULL: not here, or C is self-signed.
 * Borrowed. */
struct cert *store_issuer(
	const struct store *s, const struct cert *c, struct cert *const *untrusted, unsigned n);

/* Whether E is a section of the configuration about the authority CA. */
bool store_is_about(const struct stored *e, const struct cert *ca);

/* Where certificates that CA has issued are to be fetched, their SHA-1 behind it; NULL: nowhere. Borrowed. */
const char *store_uri_base(const struct store *s, const struct cert *ca);

/* The certificate of S whose DER has this SHA-1, as CERT payloads name one by its place (RFC 7296, 3.6);
 * NULL: it is not here. Borrowed. */
struct cert *store_by_hash(const struct store *s, struct bytes sha1);

/* cert_read, but a certificate that S has, or that was read a moment ago, is not read once more: *OUT is
 * another reference to that one. */
enum err store_read(struct store *s, struct bytes der, struct arena *arena, struct cert **out,
	struct why *why) MUST_CHECK;

/* The certificates to send behind LEAF: from its issuer up, without a self-signed one. Borrowed, into OUT. */
unsigned store_chain(const struct store *s, const struct cert *leaf, struct cert *out[CHAIN_MAX]);

/* What CERTREQ asks for: the hashes of CAS, or (N 0) of all trusted CAs. From ARENA. */
struct bytes store_certreq(const struct store *s, struct cert *const *cas, unsigned n, struct arena *arena);
