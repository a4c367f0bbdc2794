/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our proofs by signature. */
#pragma once

#include "creds/creds.h"
#include "ike/ike.h"

/* Signs Q's octets as its connection says, at NOW (seconds since 1970), with the certificates (or the raw
 * key) to send, from ARENA, into OUT. ERR_MISSING: no certificate or no private key; ERR_UNSUPPORTED: none of
 * our algorithms suits the peer; ERR_CRYPTO. WHY of OUT is set then. SHOWN gets the certificates that are
 * sent, ours first, to be freed with certs_free in any case. */
enum err signer_prove(const struct creds *c, const struct ike_question *q, int64_t now, struct arena *arena,
	struct ike_answer *out, struct cert_list *shown) MUST_CHECK;
