/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a judgement. For pki/ only. Those that find something set fault and why of the verdict. */
#pragma once

#include "pki/path.h"

#include <openssl/x509.h>

/* What CRLs say about the certificate at one depth of the chain. */
struct crl_finding {
	int error;    /* OpenSSL's X509_V_ERR_…; 0: a CRL counts, and the certificate is not in it */
	bool strange; /* whoever made the CRL is not the issuer: what it says does not count */
	bool revoked;
};

struct judge {
	const struct store *store;
	const struct path_request *r;
	struct arena *arena;
	struct path_verdict *v;
	bool trust_leaf;
	const char *policy; /* of this run; NULL: none */
	struct crl_finding crl[CHAIN_MAX + 1];
};

/* Before OpenSSL is asked: counts, key, pinning, usage. False: refused. */
bool path_before(struct judge *j);

/* What OpenSSL complained of, when it was about CRLs: kept in j->crl, and 1 to go on. Else 0. */
int path_crl_error(struct judge *j, X509_STORE_CTX *ctx);

/* OpenSSL refused: which certificate, which rule. */
void path_explain(struct judge *j, X509_STORE_CTX *ctx);
void path_bad_policy(struct judge *j);

/* The chain is there: CRLs, OCSP answers, and what the connection demands to know. */
void path_revocation(struct judge *j);

/* What the connection demands of keys, signatures and CAs in the chain. False: refused. */
bool path_after(struct judge *j);

/* Refuses. False, so that it can be returned. */
bool path_refuse(struct judge *j, enum path_fault fault, const char *what, const char *instead);
