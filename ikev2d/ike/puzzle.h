/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles (RFC 8019): who begins an IKE_SA pays for it with work of its own. How they are solved, and those
 * in IKE_SA_INIT (7.1); for those in IKE_AUTH see puzzle_auth.h. */
#pragma once

#include "ike/step.h"

/* Initiator: whether the message at hand, whose cookie D has kept, asks for the solution of a puzzle that is
 * solved here. Then that is worked on, and the request goes out afterwards; else it is to go out with the
 * cookie alone, as one of who knows no puzzles does. */
bool puzzle_begin(struct draft *d);
handler puzzle_work; /* it goes on for a slice */

/* Initiator: why ASKED is not solved here, from the scratch arena; NULL: it is. */
const char *puzzle_refuses(const struct draft *d, const struct wire_puzzle *asked);
/* ASKED, over a string that D keeps, is worked on from now on, in STATE, whose deadline comes for each slice:
 * a slice of it is done, unless it is another one's turn; and whether it is over: *E says whether hs.solution
 * is the solution then (else there is none). */
void puzzle_start(struct draft *d, const struct wire_puzzle *asked, struct bytes over, enum sa_state state);
bool puzzle_over(struct draft *d, enum err *e);
/* The solution that D has, if any, into M. */
void puzzle_put_solution(const struct draft *d, struct message *m);

/* Responder. How hard puzzles are from now on: no less hard than before while there is pressure; judged anew
 * when that has lasted for another PRESSURE_TIME, or has ended. */
void puzzle_rise(struct step *s);
void puzzle_renew(struct step *s);

/* The payloads of a request that nobody has looked into yet. */
struct unread {
	struct bytes body;
	uint8_t first;
};

/* Responder: the puzzle for the request M; none where none is asked, or M offers no PRF of ours. It is the
 * harder the more half-open IKE_SAs and nonsense of M's address there are, SUSPICION in all, and may be asked
 * for these alone. Of 0 bits it is as hard as the peer likes (7.1.1.1). */
struct wire_puzzle puzzle_for(struct step *s, const struct unread *m, uintptr_t suspicion);
/* Whether PUZZLE is one, and not the place of none. */
static inline bool puzzle_is_one(const struct wire_puzzle *puzzle)
{
	return puzzle->prf;
}
/* The zero bits, at least, of all keys of SOLUTION, the body of a payload PS (empty: there is none), for
 * PUZZLE over the string OVER: of IKE_SA_INIT the cookie that it came with. 0: it is no solution. */
unsigned puzzle_measured(const struct wire_puzzle *puzzle, struct bytes over, struct bytes solution);
/* Whether it solves PUZZLE, which says how hard it is. */
bool puzzle_solved(const struct wire_puzzle *puzzle, struct bytes over, struct bytes solution);
/* Responder: whether who was asked with PUZZLE in IKE_SA_INIT, and has found so many zero bits (0: no
 * solution), comes in: also one of the few who may with less. */
bool puzzle_lets_in(struct step *s, const struct wire_puzzle *puzzle, unsigned found);
/* What it is asked for then if it does not: more work, if it has chosen too little; else nothing. */
struct wire_puzzle puzzle_after(const struct wire_puzzle *puzzle, unsigned found);
