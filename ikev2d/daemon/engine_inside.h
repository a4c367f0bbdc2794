/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the engine share: events (engine.c), actions (engine_actions.c), and what becomes of a
 * core that is lost (engine_loss.c). */
#pragma once

#include "base/dict.h"
#include "daemon/begun.h"
#include "daemon/engine.h"
#include "daemon/family.h"
#include "daemon/held.h"

struct engine {
	struct world *world;
	struct member ike;
	struct speaker *inside; /* with --one */
	bool runs;
	bool gathers;      /* what it wants taken away waits for more of that */
	struct map handed; /* connections that it may have, by their numbers, each with a reference */
	struct dict named; /* those of them that are in the configuration */
	uint32_t last;     /* number given to one */
	uint32_t numbers;  /* the highest of the core's own that was seen, */
	uint32_t base;     /* and what those of this core are above */
	struct node orders;
	struct begun begun;                /* exchanges of this core */
	struct held held, left;            /* what it has; what the ones before it had, until */
	size_t most;                       /* IKE_SAs that were up at once */
	struct event *sweep_traps, *sweep; /* these; and the connections that it was of */
	const struct peer **parted;
	size_t n_parted;
};

/* Several of the core's messages may follow one another (ON), or no more for now. CTX: struct engine. */
void engine_gather(void *ctx, bool on);

/* The command TICKET has ended. */
void engine_order_done(struct engine *e, uint32_t ticket);

/* The core is lost. What it had is carried on for a time, so that the next one can set it up anew; then it is
 * taken away, unless that one has done so. What was under way is not gone on with. */
void engine_leave(struct engine *e);
/* Takes away what was left now: its traps, for packets would be reported that nobody knows of; all. */
void engine_sweep_traps(struct engine *e);
void engine_sweep(struct engine *e);
/* Drops the references to connections that were handed over. */
void engine_part(struct engine *e);
