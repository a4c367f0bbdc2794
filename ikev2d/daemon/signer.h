/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our proofs by signature: what is signed with. */
#pragma once

#include "creds/creds.h"
#include "ike/ike.h"

struct signing {
	const struct key *key; /* borrowed from the store; private, or what refers to a private one */
	const struct scheme *scheme;
};

/* How Q's octets are to be signed as its connection says, at NOW (seconds since 1970); OUT gets the method
 * and the certificates (or the raw key) to send, from ARENA. ERR_MISSING: no certificate or no private key;
 * ERR_UNSUPPORTED: none of our algorithms suits the peer. WHY of OUT is set then. SHOWN gets the certificates
 * that are sent, ours first, to be freed with certs_free in any case. */
enum err signer_choose(const struct creds *c, const struct ike_question *q, int64_t now, struct arena *arena,
	struct signing *by, struct ike_answer *out, struct cert_list *shown) MUST_CHECK;
