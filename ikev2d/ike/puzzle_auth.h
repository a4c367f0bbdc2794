/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles in IKE_AUTH (RFC 8019, 7.2): who is half open and sends nonsense as its first sealed request makes
 * the responder agree on keys for nothing. While many do, whoever has solved a puzzle in IKE_SA_INIT solves
 * another one, over Nr | SPIr, before that work is done.
 *
 *   initiator                                     responder
 *   HDR, N(COOKIE), PS, SAi1, KEi, Ni   -->
 *                                       <--       HDR, SAr1, KEr, Nr, N(PUZZLE)
 *   HDR, PS, SK {IDi, AUTH, …}          -->
 */
#pragma once

#include "ike/step.h"

/* Initiator: works on the puzzle that the response to IKE_SA_INIT at hand asks for; the shared secret is
 * asked for afterwards or, where there is none, at once. One that is not solved here ends the IKE_SA: nothing
 * that it sent would be looked at. */
handler puzzle_auth_begin;
handler puzzle_auth_work; /* it goes on for a slice */

/* Responder: whether the peer at hand, with which D has agreed on a suite, is to solve one: then D knows
 * which. */
bool puzzle_auth_asks(struct draft *d);
/* Says so in M, the response to IKE_SA_INIT. */
void puzzle_auth_put(const struct draft *d, struct message *m);
/* Whether what comes for SA is for this, and not for the seal, since there are no keys yet. */
bool puzzle_auth_awaits(const struct sa *sa);
/* What has come for such an SA: M is what is not sealed of DATAGRAM. With the solution the shared secret is
 * asked for; it, and what comes behind it, waits for the keys. All else is dropped. */
void puzzle_auth_take(struct step *s, struct sa *sa, const struct path *path, struct bytes datagram,
	const struct message *m);
/* Frees what waits on SA. */
void puzzle_auth_forget(struct sa *sa);
handler puzzle_auth_agreed; /* the shared secret is there: what has waited is opened next (step->again) */

/* Nonsense came for SA: where it is half open and nothing else ever came, that is counted. */
void puzzle_auth_forged(struct step *s, struct sa *sa);
