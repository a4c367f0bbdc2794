/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and private keys as they are now: those of the folders beside the configuration file, named
 * and used as swanctl's are (x509, x509ca, x509ocsp, x509crl, private, rsa, ecdsa, pkcs8, pkcs12), and those
 * that came over VICI. */
#pragma once

#include "conf/files.h"
#include "model/conf.h"
#include "model/constraints.h"
#include "pki/bundle.h"
#include "pki/paper.h"
#include "pki/store.h"

/* How what may be read by somebody else is read: a file that may have a private key in it, with the
 * passphrase of K (NULL: without one), like bundle_read; one of WHAT, PAPER_CERTS_ONLY or PAPER_KEY, in which
 * none may be; and what a provider of OpenSSL has at URI: the private key, with the PIN of K, or with K NULL
 * certificates, like key_uri and bundle_uri. */
struct key_opener {
	enum err (*open)(void *ctx, struct bytes data, const struct key_conf *k, struct arena *arena,
		struct bundle *out, struct why *why);
	enum err (*read)(void *ctx, struct bytes data, enum paper_of what, struct arena *arena,
		struct bundle *out, struct why *why);
	enum err (*fetch)(void *ctx, const char *uri, const struct key_conf *k, struct arena *arena,
		struct bundle *out, struct why *why);
	void *ctx;
	size_t max; /* octets of a file, for OPEN */
};

struct creds {
	struct store store;
	struct key_opener opener; /* at the start: here, and private keys stay in the store */
};

void creds_start(struct creds *c);
/* Keys are wiped. */
void creds_stop(struct creds *c);

/* Reads the folders in FOLDER in place of what was read before, with the passphrases of CONF, and the
 * authorities of CONF. A file that cannot be used is noted; one that CONF names fails: then nothing changes
 * and WHY says what is wrong. */
enum err creds_read(struct creds *c, const char *folder, const struct conf *conf,
	const struct conf_files *files, struct text *why, struct text *notes) MUST_CHECK;

/* Calls EACH with CTX for what CONF wants of providers: the private key of K at URI, or with K NULL the
 * certificates there. */
typedef void creds_wanted(void *ctx, const char *uri, struct key_conf *k);
void creds_wants(const struct conf *conf, creds_wanted *each, void *ctx);

/* The Ith of the folders in FOLDER that are read, from ARENA; NULL behind the last. */
const char *creds_folder(const char *folder, unsigned i, struct arena *arena);

/* Reads the certificates and public keys that P names, from FOLDER (NULL: there is none) or as C does from
 * providers, into P, which nobody else has yet, and takes our identity from our certificate where P names
 * none or one that it is not about, which is noted. ERR_SYNTAX and a sentence in WHY. */
enum err creds_fill(const struct creds *c, struct peer *p, const char *folder, const struct conf_files *files,
	struct text *why, struct text *notes) MUST_CHECK;

/* The same of an authority that a client of VICI has written; one that is on a token is looked at. WHY, from
 * ARENA. */
enum err creds_fill_authority(
	const struct creds *c, struct authority *a, struct arena *arena, struct why *why) MUST_CHECK;

/* The folder beside the configuration file PATH, from ARENA; NULL where PATH is. */
const char *creds_beside(const char *path, struct arena *arena);

/* Both for CONF, which was read from PATH (NULL: from nowhere): with its certificates and keys it is right as
 * a whole, or not at all. CONF stays the caller's. */
enum err creds_load(struct creds *c, const char *path, const struct conf *conf,
	const struct conf_files *files, struct text *why, struct text *notes) MUST_CHECK;

/* The authorities that we trust, as CERTREQ lists them. From ARENA. */
struct bytes creds_authorities(const struct creds *c, struct arena *arena);
/* The same of those who sign OCSP answers (RFC 4806, 3.1). */
struct bytes creds_responders(const struct creds *c, struct arena *arena);

/* The subject of the certificate in C, from ARENA; NULL: it has none itself, or it cannot be read. */
const char *cert_conf_subject(const struct cert_conf *c, struct arena *arena);

/* The certificates in LIST, from ARENA; they end with certs_free. One that is a file in the folder KIND
 * ("x509", "x509ca") is as S has it now, since it may have been renewed. What cannot be read was refused by
 * creds_fill. */
struct cert_list {
	struct cert **v;
	unsigned n;
};
struct cert_list certs_of(
	const struct cert_confs *list, const struct store *s, const char *kind, struct arena *arena);
void certs_free(struct cert_list *l);

/* What A asks of keys and signatures. Its words were read when its connection was, so they are right. */
struct constraints creds_constraints(const struct auth_conf *a, struct arena *arena);

/* The private key in S of the first public key in LIST that has one; NULL, and WHY: none. */
struct key *pubkeys_own(const struct cert_confs *list, const struct store *s, struct why *why);
