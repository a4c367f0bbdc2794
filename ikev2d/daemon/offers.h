/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets that ctl has handed to keeper, each under a number, for guard, which says by that number what is to
 * be kept of them (IPC_SECRET, IPC_FILE). So guard never sees what a client of VICI loads. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/list.h"

enum { OFFERS_MAX = 256 /* that wait; one more costs the oldest */ };

struct offers {
	struct node all; /* the latest last */
	unsigned n;
};

void offers_start(struct offers *o);
/* Wipes them. */
void offers_stop(struct offers *o);

/* Adds a copy of DATA. */
void offers_add(struct offers *o, uint64_t number, struct bytes data);

/* Moves the latest one of that number to ARENA; false: there is none. Those that came before it are wiped:
 * guard asks in the order of the offers, so it has refused what they were for. */
bool offers_take(struct offers *o, uint64_t number, struct arena *arena, struct bytes *out) MUST_CHECK;

/* Wipes those of that number, and no other. */
void offers_drop(struct offers *o, uint64_t number);
