/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet threads, one or more for each direction: each reads a batch, carries it to the other side in one
 * stack frame, and sleeps when there is none. No queue stands between them; a lone packet never waits, many
 * that come fast may for a moment (tempo.h). Those
 * of one direction have each a socket of each kind and a queue of each device. The kernel gives a flow's
 * packets to the same queue, and those of an inbound SA to the same socket, so that they keep their order.
 * Where more come by one socket than its thread can open, idle ones help (crew.h), and the order is kept. */
#pragma once

#include "xfrm/user/channel.h"
#include "xfrm/user/crew.h"
#include "xfrm/user/outer.h"
#include "xfrm/user/pace.h"

enum worker_way { WORKER_IN, WORKER_OUT, WORKER_WAYS };
_Static_assert(
	(int)WORKER_WAYS *(int)WORKERS_MAX <= (int)BOARD_READERS, "each thread holds a snapshot of its own");

/* What a thread works with; all but the number is shared with others, and outlives it. */
struct worker_setup {
	unsigned number;      /* among those of its direction, less than WORKERS_MAX */
	struct board *board;  /* with a snapshot on it */
	struct outer *outers; /* of each number, shared with the thread of that in the other direction */
	struct crew *crew;    /* of those that receive */
	const struct channel *channel;
	struct drops *drops;
	struct pace *pace;
};

struct worker;

/* Starts a thread of one direction. WHY gets a sentence on failure. */
enum err worker_start(enum worker_way way, const struct worker_setup *setup, struct worker **out,
	struct text *why) MUST_CHECK;

/* Ends the thread and frees it. NULL does nothing. */
void worker_stop(struct worker *w);

/* From now on W (one of WORKER_OUT) reads its queue of D, once a snapshot has it; and no longer. */
enum err worker_watch(struct worker *w, const struct device *d, struct text *why) MUST_CHECK;
void worker_unwatch(struct worker *w, const struct device *d);
