/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of IKE_SA_INIT. */
#pragma once

#include "ike/step.h"

handler init_routed;    /* ASK_ROUTE answered: now a key pair is needed */
handler init_key_pair;  /* ASK_KEY_PAIR answered: the request goes out */
handler init_response;  /* the peer's answer: now the shared secret is needed */
handler init_refusal;   /* COOKIE and INVALID_KE_PAYLOAD start over, errors end it */
handler init_request;   /* a peer's request: cookie, candidates, proposal, group */
handler init_responded; /* ASK_RESPOND answered: the answer goes out, the SA is half open */
