/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a peer sends to prove who it is: CERT payloads taken apart (RFC 7296, 3.6; RFC 4806; RFC 7670). */
#pragma once

#include "ike/ike.h"
#include "pki/path.h"

enum { EVIDENCE_MAX = 1 + PATH_UNTRUSTED_MAX /* certificates */ };

struct evidence_place {
	struct bytes sha1; /* of the certificate */
	const char *url;
};

struct evidence {
	/* Certificates, the peer's own first; one that is NULL lies at its place, and is to be fetched. */
	struct cert *certs[EVIDENCE_MAX];
	struct evidence_place places[EVIDENCE_MAX];
	unsigned n;
	struct ocsp *stapled[PATH_UNTRUSTED_MAX];
	unsigned n_stapled;
	struct bytes raw_key; /* SubjectPublicKeyInfo; empty: none */
};

/* Takes CERTS apart; what it keeps is copied to ARENA. URLS: certificates may lie elsewhere; one that is in S
 * is not to be fetched. Encodings that are of no use here are passed over. ERR_RANGE: too many; ERR_SYNTAX:
 * what is no certificate; WHY from ARENA. To be freed in any case. */
enum err evidence_take(struct evidence *e, const struct ike_certs *certs, struct store *s, bool urls,
	struct arena *arena, struct why *why) MUST_CHECK;

/* BODY came from the place of certificate I. ERR_AUTH: it is not what was promised; other errors as of
 * cert_read. WHY from ARENA. */
enum err evidence_fetched(
	struct evidence *e, unsigned i, struct bytes body, struct arena *arena, struct why *why) MUST_CHECK;

void evidence_free(struct evidence *e);
