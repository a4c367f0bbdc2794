/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles in IKE_SA_INIT (RFC 8019, 7.1): who begins an IKE_SA pays for it with work of its own. Those in
 * IKE_AUTH (7.2) are neither asked nor answered. */
#pragma once

#include "ike/step.h"

/* Initiator: whether the message at hand, whose cookie D has kept, asks for the solution of a puzzle that is
 * solved here. Then that is worked on, and the request goes out afterwards; else it is to go out with the
 * cookie alone, as one of who knows no puzzles does. */
bool puzzle_begin(struct draft *d);
handler puzzle_work; /* it goes on for a slice */

/* Responder. How hard puzzles are from now on: no less hard than before while there is pressure; judged anew
 * when that has lasted for another PRESSURE_TIME, or has ended. */
void puzzle_rise(struct step *s);
void puzzle_renew(struct step *s);

/* The payloads of a request that nobody has looked into yet. */
struct unread {
	struct bytes body;
	uint8_t first;
};

/* Responder: the puzzle for the request M; its bits are 0 where none is asked, or M offers no PRF of ours. */
struct wire_puzzle puzzle_for(struct step *s, const struct unread *m);
/* Whether M solves PUZZLE, which came with COOKIE. */
bool puzzle_solved(const struct wire_puzzle *puzzle, struct bytes cookie, const struct unread *m);
