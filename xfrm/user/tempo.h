/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a packet thread rests for a moment, so that packets that come fast and one by one gather, and share
 * the calls that carry them: what network cards call moderation of interrupts. A processor that sleeps
 * between any two packets wakes for each, and each costs several times what it costs among others. A packet
 * that comes alone finds the thread waiting for it, and so do the first ones of many. Questions, each of
 * which waits for the answer to the one before, come as fast as a stream, but few gather, and all of them
 * have waited. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	TEMPO_QUICK = 50000,         /* ns: packets are fast that come within this */
	TEMPO_RUN = 4,               /* so many batches right behind each other begin a stream, */
	TEMPO_RUN_AGAIN = 1,         /* so many the next one, where the last rest was worth it, */
	TEMPO_RUN_MOST = 4096,       /* and so many where they have been none again and again */
	TEMPO_REST = 20000,          /* ns; the kernel may make up to 50,000 more of it (its timer slack) */
	TEMPO_LATE = 4 * TEMPO_REST, /* ns; who wakes later than this has no processor to spare for rests */
	TEMPO_WORTH = 8,             /* packets that a rest has to gather */
	TEMPO_ENOUGH = 16,           /* packets in a batch, of which more would save nothing */
};

struct tempo {
	uint64_t since;  /* ns: the end of the last batch, or of the rest behind it */
	unsigned quick;  /* batches, each soon after the one before */
	unsigned wanted; /* of them, before the next rest; 0: TEMPO_RUN */
	bool rested;     /* before the next batch */
	bool late;       /* and for longer than it was to */
};

/* A batch that took N reads ended at NOW (ns of a clock that never goes back). Returns how long to rest
 * before more is looked for, in ns; 0: not at all. */
unsigned tempo_rest(struct tempo *t, uint64_t now, unsigned n);

/* The rest has ended, at NOW. */
void tempo_woke(struct tempo *t, uint64_t now);
