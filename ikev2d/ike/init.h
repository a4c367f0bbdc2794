/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of IKE_SA_INIT. */
#pragma once

#include "ike/step.h"

handler init_routed;       /* ASK_ROUTE answered: now a key pair is needed */
handler init_key_pair;     /* ASK_KEY_PAIR answered: the request goes out */
handler init_response;     /* the peer's answer: now the shared secret is needed */
handler init_refusal;      /* COOKIE and INVALID_KE_PAYLOAD start over, errors end it */
handler init_request;      /* a peer's request: cookie, candidates, proposal, group */
handler init_key_exchange; /* the key pair is asked for */
handler init_responded;    /* ASK_RESPOND answered: the answer goes out, the SA is half open */

/* Whether we ask for encapsulation in UDP without a NAT: the userspace path is much faster with it. */
bool init_wants_encap(const struct ike *ike, const struct peer *p);

/* Both go on on port 4500 once a NAT was seen, or faked (RFC 7296, 2.23); with MOBIKE, which may meet one
 * later, as soon as the peer knows of NATs at all, which NATD says (RFC 4555, 3.3). */
void init_float(struct draft *d, bool natd);
