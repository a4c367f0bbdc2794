/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session resumption (RFC 5723): an IKE_SA that was lost is set up again from a ticket, without a key
 * agreement, and without proofs but that of the old keys.
 *
 *   client                                        gateway
 *   HDR, [COOKIE,] Ni, TICKET_OPAQUE    -->
 *                                       <--       HDR, Nr
 *                                       <--  or   HDR, N(COOKIE), N(TICKET_NACK), N(REDIRECT)
 *
 * and then IKE_AUTH. Additional key exchanges (RFC 9370) are not made again: the old keys have them in them.
 */
#pragma once

#include "ike/step.h"

/* -------------------------------------------------------------------- client */

/* Begins so where there is a ticket for D's IKE_SA, whose path is known; false: there is none. */
bool resume_begin(struct draft *d);
handler resume_response, resume_refusal, resume_unanswered;

/* IKE_AUTH was refused: all is begun anew, without a ticket. */
enum verdict resume_fall_back(struct draft *d, const char *why);

/* What is wrong with the answer M to IKE_AUTH, the AUTH of which the old keys make; NULL: nothing. */
const char *resume_wrong(struct draft *d, const struct message *m);

/* ------------------------------------------------------------------- gateway */

handler resume_request;

/* What is wrong with the client's IKE_AUTH M; NULL: nothing, and our AUTH is made. */
const char *resume_accept(struct draft *d, const struct message *m);
