/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long the loop was busy at a time: what comes meanwhile waits for so long. */
#pragma once

#include <stdint.h>

/* All zero: not measured yet. */
struct pulse {
	uint64_t since;   /* us: when this turn of the loop began to work; 0: it has not */
	uint64_t longest; /* us */
};

/* Work begins, if it has not begun in this turn: for whatever is called by the loop and may take long. */
void pulse_begin(struct pulse *p);
/* The turn is over. */
void pulse_end(struct pulse *p);

/* The longest so far, ms. */
double pulse_longest(const struct pulse *p);
