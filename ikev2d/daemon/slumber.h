/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This machine sleeps, and wakes again: the core hears of it at once (EVENT_WOKEN). Timers alone do not tell,
 * since they stand still meanwhile. */
#pragma once

#include <event2/event.h>
#include <stdint.h>

struct world;

enum { SLUMBER_LEAST = 1000 /* ms: less is no sleep, and nothing is late */ };

struct slumber {
	int fd; /* a timer that never ends, but is cancelled when a clock jumps; -1: none */
	struct event *readable;
	uint64_t slept; /* ms of the machine's sleep that were noticed */
};

/* Where a sleep cannot be noticed, that is said. */
void slumber_start(struct world *w);
void slumber_stop(struct world *w);

/* ms that the machine, which has slept for SLEPT in all, has slept since it was noticed last; 0: it has not.
 */
uint64_t slumber_notice(struct slumber *s, uint64_t slept);
