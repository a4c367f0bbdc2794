/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The anti-replay window of one inbound SA (RFC 4303, 3.4.3), as a ring of bits (RFC 6479), with the
 * inference of the unsent half of an extended sequence number (RFC 4303, appendix A2). Pure. */
#pragma once

#include "base/arena.h"

enum { REPLAY_MAX = 65536 /* packets in the largest window */ };

struct replay {
	uint64_t *bits; /* the bit of number s is s modulo 64 * words; NULL: there was no packet yet */
	struct arena *arena;
	uint32_t words; /* a power of two, more than the window needs, so that clearing ahead never hits it */
	uint32_t size;  /* packets; 0: repetitions are not looked for */
	bool esn;
	uint64_t top; /* the highest authenticated number */
};

enum replay_place {
	REPLAY_SEEN, /* a repetition, or too old */
	REPLAY_IN,   /* new, behind the top */
	REPLAY_TOP,  /* new, and the window moved */
};

/* An empty window of SIZE packets (at most REPLAY_MAX), whose bits come out of ARENA with the first packet.
 */
void replay_init(struct replay *r, uint32_t size, bool esn, struct arena *arena);

/* Before opening a packet with the sent number LOW: false for a repetition or one left of the window. *SEQ
 * gets the whole number. Changes nothing, for nothing is authenticated yet. */
bool replay_check(const struct replay *r, uint32_t low, uint64_t *seq);

/* After SEQ was authenticated: notes it, and says where it stood. Looks again, since an equal number may have
 * passed the check in the same batch. */
enum replay_place replay_advance(struct replay *r, uint64_t seq);
