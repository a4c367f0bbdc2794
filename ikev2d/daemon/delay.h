/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long another process may hold us up, however many answers we wait for: what it has taken it has again
 * only after as long a time in which we did something else. What an answer takes from one that means it, with
 * all the ways between, is given to it: who asks without end does not use that time up. But that has an end,
 * too, which grows with what there is to be asked about: who invents that has no more. No wait uses up more
 * than there is, and what it is given remains: where the machine slept, or we were stopped, nobody else is to
 * blame. */
#pragma once

#include <stdint.h>

enum {
	DELAY_MAX = 5000,    /* ms */
	DELAY_GIVEN = 30000, /* ms, given for answers, and MORE */
	DELAY_ANSWER = 2,    /* ms given for an answer, on the average: ten thousand IKE_SAs have 20 s, */
	DELAY_ORDER = 50,    /* and for an order that is carried out */
	DELAY_OURS = 10000,  /* ms for our own work on what comes before one answer */
	DELAY_AGAIN = 10, /* ms for one of those that are given again to another process, on a slow machine */
};

/* All zero: it has all of its time. */
struct delay {
	uint64_t taken, given; /* ms, as it was */
	uint64_t at;           /* then (ms) */
	uint64_t more;         /* ms that may be given besides: as much as is known to be there */
};

/* How long it may still take, at NOW (ms). */
unsigned delay_left(struct delay *d, uint64_t now);
/* We have waited for an answer of it from FROM to NOW (ms), for which it is given GIFT (ms). */
void delay_add(struct delay *d, uint64_t from, uint64_t now, unsigned gift);
