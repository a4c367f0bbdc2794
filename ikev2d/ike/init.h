/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The handlers of IKE_SA_INIT. */
#pragma once

#include "ike/step.h"

handler init_routed;          /* ASK_ROUTE answered: now a key pair is needed */
handler init_key_pair;        /* ASK_KEY_PAIR answered: the request goes out */
handler init_send_request;    /* again too: with a cookie, and the solution of a puzzle, where there are */
handler init_response;        /* the peer's answer: now the shared secret is needed */
handler init_refusal;         /* COOKIE and INVALID_KE_PAYLOAD start over, errors end it */
handler init_request;         /* a peer's request: cookie, candidates, proposal, group */
handler init_key_exchange;    /* the key pair is asked for */
handler init_responded;       /* ASK_RESPOND answered: the answer goes out, the SA is half open */
handler init_responded_later; /* ASK_KEY_PAIR answered: the same, and the peer has to solve a puzzle (7.2) */

/* Initiator: the shared secret with the peer's public value PUBLIC is asked for. */
enum verdict init_agree(struct draft *d, struct bytes public);

/* Whether we ask for encapsulation in UDP without a NAT: the userspace path is much faster with it. */
bool init_wants_encap(const struct ike *ike, const struct peer *p);

/* Whether SA's IKE_SA_INIT was left without an answer over UDP for long enough, and its connection allows
 * TCP: then it begins anew over that. */
bool init_over_tcp(struct step *s, struct sa *sa);

/* What IKE_SA_INIT has in common with IKE_SESSION_RESUME.
 *
 * Initiator: the SPI, our nonce, the peer's cookie and NAT detection, into the request M. */
void init_put(struct draft *d, struct message *m);
/* Initiator: sends M when it is complete but for what we announce; the SA waits for the answer in STATE. */
enum verdict init_send(struct draft *d, uint8_t exchange, enum sa_state state, struct message *m);
/* Initiator: takes the SPI, the nonce and what the peer announces from the message at hand, the answer; what
 * follows goes to port 4500 if it must. */
void init_answered(struct draft *d);
/* Responder: D is a new half-open IKE_SA, for the request at hand. */
void init_taken(struct draft *d);
