/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_FOLLOWUP_KE (RFC 9370, 2.2.4): the additional key exchanges of a CREATE_CHILD_SA exchange, one after
 * the other; what that was for is made when the last of them is over. */
#pragma once

#include "ike/step.h"

/* X has the secret of the key exchange at hand. */
void followup_keep(struct negotiation *x, struct bytes shared, struct arena *keep);
/* Turns X, ours, to its next additional key exchange; false: there is none. */
bool followup_next(struct negotiation *x);

/* Ours: takes what links the answer at hand with the exchange that must follow it, if one must. False: it is
 * not there, and D->why says so. */
bool followup_linked(struct draft *d);
/* Ours: our key pair is there. */
enum verdict followup_send(struct draft *d);

/* Ours, of which CREATE_CHILD_SA is over: whether there is more to do and it would be for nothing, the peer
 * replacing the same SA with the better nonces. Then it ends here, and theirs goes on. */
bool followup_lost(const struct negotiation *x);
enum verdict followup_yield(struct draft *d);
/* Ours has won: the rest of theirs will not come. */
void followup_won(struct draft *d);

/* Theirs: the request at hand is answered, and the next additional key exchange awaited. */
enum verdict followup_await(struct draft *d);
/* Theirs: it did not come. */
void followup_missed(struct draft *d);
/* A message with the public value at hand of X. */
struct message followup_message(const struct negotiation *x);

/* Cells of the table. */
handler followup_request, followup_response, followup_refusal;
