/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What certificates, CRLs and public keys say, as plain data: one process reads them with OpenSSL, and only
 * it is lost where that goes wrong; another one takes from it what they say, field by field and within
 * bounds, and never looks into their DER. What is made of a paper has no x509 and no pkey: it can be found,
 * shown and compared, and no signature checked with it (path.h, crl_is_signed_by, sign.h). */
#pragma once

#include "base/buf.h"
#include "pki/bundle.h"

/* The paper of B, with the public part of its key, from ARENA; empty: it has more than MAX octets. */
struct bytes paper_of_bundle(const struct bundle *b, size_t max, struct arena *arena);

/* What is to be read. */
enum paper_of {
	PAPER_CERTS,      /* certificates and CRLs; a private key among them is left out */
	PAPER_CERTS_ONLY, /* the same, and no private key may be among them */
	PAPER_KEY,        /* a public key */
};

/* The paper of WHAT is in DATA. Where it cannot be read, or its paper would have more than MAX octets (at
 * least PAPER_MIN), that says why. From ARENA. */
enum { PAPER_MIN = 4096 };
struct bytes paper_of(struct bytes data, enum paper_of what, size_t max, struct arena *arena);

/* The paper of what was not looked at, and WHY. From ARENA. */
struct bytes paper_refusing(enum err e, const struct why *why, struct arena *arena);

/* Whether PAPER, of paper_of, does not say why not. */
bool paper_is_read(struct bytes paper);

/* What the paper at R says, all of it or nothing, with octets copied. What stands behind it is left in R.
 * ERR_SYNTAX: it is none; else the error of who has read it, and his sentence in WHY, from ARENA. */
enum err paper_take(struct rd *r, struct arena *arena, struct bundle *out, struct why *why) MUST_CHECK;
