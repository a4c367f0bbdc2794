/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody who calls sun with requests like moon's, and solves the puzzles that it is asked for, or does not.
 */
#pragma once

#include "tests/pair/pair.h"

/* From ARENA: moon's request in the air with an SPI of its own; the cookie and the puzzle it was asked for.
 */
struct caller {
	struct arena arena;
	struct message request;
	struct bytes cookie;
	struct wire_puzzle puzzle;
};

struct addr caller_address(const char *ip, uint16_t port);

/* As if N more IKE_SAs were half open at sun, or fewer. */
void caller_crowd(struct pair *p, int n);

/* C is the one with that NUMBER; its arena is to be freed. */
void caller_begin(struct caller *c, struct pair *p, uint8_t number);

/* Whether sun asked C, at FROM, for a cookie; what with. */
bool caller_asked(struct caller *c, struct pair *p, struct addr from);
/* The same for C, which shows the cookie and the solution that it has. */
bool caller_asked_with(struct caller *c, struct pair *p, struct addr from);

/* C finds a solution of BITS zero bits; EXACTLY: of no more. */
void caller_solve(struct caller *c, unsigned bits, bool exactly);

/* Whether C comes in from FROM with the cookie, and the solution, that it has. */
bool caller_comes_in(struct caller *c, struct pair *p, struct addr from);

/* Those who may come in without a solution have come. */
void caller_fill(struct pair *p);

/* What somebody is asked for who calls while N more are half open. */
struct wire_puzzle caller_puzzle_in_crowd(struct pair *p, int n);
