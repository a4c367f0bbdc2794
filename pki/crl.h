/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificate revocation lists (RFC 5280, 5), read once. Immutable and counted. */
#pragma once

#include "pki/cert.h"

struct X509_crl_st; /* OpenSSL's X509_CRL */

enum { CRL_MAX = 16 << 20 /* octets */ };

struct crl {
	unsigned refs;
	struct arena arena;       /* of what follows */
	struct X509_crl_st *x509; /* NULL: it was read elsewhere (paper.h) */
	struct bytes der;
	struct id issuer;                 /* ID_DER_ASN1_DN */
	struct bytes number;              /* big-endian; empty: none */
	int64_t this_update, next_update; /* seconds since 1970; next_update 0: not said */
	bool delta;                       /* only changes since a complete one */
	unsigned n_revoked;
};

/* One CRL in DER. Nobody's signature is checked here: path.h does. ERR_SYNTAX, ERR_RANGE, and WHY from ARENA.
 */
enum err crl_read(struct bytes der, struct arena *arena, struct crl **out, struct why *why) MUST_CHECK;

struct crl *crl_ref(struct crl *c);
/* NULL does nothing. */
void crl_unref(struct crl *c);

/* Whether the key of CA made C. */
bool crl_is_signed_by(const struct crl *c, const struct cert *ca);

/* Whether A replaces B: it is of the same issuer, and later by number or time. */
bool crl_replaces(const struct crl *a, const struct crl *b);
