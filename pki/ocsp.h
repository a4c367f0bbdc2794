/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OCSP (RFC 6960): what to ask, and what an answer says. Answers carry no nonce: they are joined and cached
 * per URL, and their own times bound their age. Immutable and counted. */
#pragma once

#include "pki/cert.h"

enum {
	OCSP_MAX = 64 << 10,        /* octets of an answer */
	OCSP_SKEW = 300,            /* seconds that clocks may differ */
	OCSP_AGE_MAX = 24 * 60 * 60 /* seconds that an answer counts which does not say for how long */
};

struct ocsp_basic_response_st; /* OpenSSL's OCSP_BASICRESP */

struct ocsp {
	unsigned refs;
	struct bytes der;
	struct arena arena;
	struct ocsp_basic_response_st *basic;
};

enum status { STATUS_UNKNOWN, STATUS_GOOD, STATUS_REVOKED };

/* The body of a POST that asks whether CERT, issued by ISSUER, is revoked; or the octets for RFC 4806's
 * content. From ARENA; empty when OpenSSL refuses. */
struct bytes ocsp_request(const struct cert *cert, const struct cert *issuer, struct arena *arena);

/* An answer in DER: the body of an HTTP response, or of a CERT payload (RFC 4806, encoding 14). ERR_SYNTAX,
 * ERR_RANGE; ERR_DENIED: the responder refused ("tryLater"); WHY from ARENA. Nobody's signature is checked
 * here. */
enum err ocsp_read(struct bytes der, struct arena *arena, struct ocsp **out, struct why *why) MUST_CHECK;

struct ocsp *ocsp_ref(struct ocsp *o);
/* NULL does nothing. */
void ocsp_unref(struct ocsp *o);

/* What O says at NOW about CERT, issued by ISSUER. It counts when signed by ISSUER, by a signer to whom
 * ISSUER gave the usage OCSPSigning, or by one of SIGNERS, whom the configuration trusts. STATUS_UNKNOWN when
 * it does not count, is too old, or is about others; *REASON, from ARENA, says why. *UNTIL: until when it
 * counts. */
enum status ocsp_status(const struct ocsp *o, const struct cert *cert, const struct cert *issuer,
	struct cert *const *signers, unsigned n_signers, int64_t now, struct arena *arena, int64_t *until,
	const char **reason);
