/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet threads, one for each direction: each reads a batch, carries it to the other side in one stack
 * frame, and sleeps when there is none. No queue stands between them, and no lock; a lone packet never waits.
 */
#pragma once

#include "xfrm/user/channel.h"
#include "xfrm/user/outer.h"
#include "xfrm/user/pace.h"

enum worker_way { WORKER_IN, WORKER_OUT };
_Static_assert((int)WORKER_OUT < (int)BOARD_READERS, "each packet thread holds a snapshot of its own");

/* What the threads share; all of it outlives them. */
struct worker_setup {
	struct board *board; /* with a snapshot on it */
	struct outer *outer;
	const struct channel *channel;
	struct drops *drops;
	struct pace *pace;
};

struct worker;

/* Starts the thread of one direction. WHY gets a sentence on failure. */
enum err worker_start(enum worker_way way, const struct worker_setup *setup, struct worker **out,
	struct text *why) MUST_CHECK;

/* Ends the thread and frees it. NULL does nothing. */
void worker_stop(struct worker *w);

/* From now on W (the one of WORKER_OUT) reads from D, once a snapshot has it; and no longer. */
enum err worker_watch(struct worker *w, const struct device *d, struct text *why) MUST_CHECK;
void worker_unwatch(struct worker *w, const struct device *d);
