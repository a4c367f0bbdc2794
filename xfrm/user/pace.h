/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many packets travel at once: what a call costs is shared by those that it carries. */
#pragma once

#include "base/text.h"

#include <stdatomic.h>

enum pace_call {
	PACE_READ,     /* from a device */
	PACE_SENT,     /* messages to peers */
	PACE_RECEIVED, /* from peers */
	PACE_WRITTEN,  /* to a device */
	PACE_RESTED,   /* rests, and what was read right behind them */
	PACE_SHARED,   /* batches from peers that were opened beside others of the same socket */
	PACE_MAX
};

/* Any thread counts, any thread reads. */
struct pace {
	_Atomic uint64_t calls[PACE_MAX], packets[PACE_MAX];
};

static inline void pace_count(struct pace *p, enum pace_call call, unsigned calls, unsigned packets)
{
	atomic_fetch_add_explicit(&p->calls[call], calls, memory_order_relaxed);
	atomic_fetch_add_explicit(&p->packets[call], packets, memory_order_relaxed);
}

/* Appends packets per call, "read=41.2 sent=38.0", of all calls there were, each with a space before it. */
void pace_print(const struct pace *p, struct text *out);
