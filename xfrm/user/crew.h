/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of the threads that receive, who has nothing to do, and whom it may help. A thread has sockets of its own,
 * and takes from another one's only when it was called: where packets have come faster than one thread opens
 * them, for a call costs as much as some dozen packets. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "xfrm/user/outer_kind.h"
#include "xfrm/user/turns.h"

struct crew {
	unsigned n;                           /* threads */
	struct turns turns[WORKERS_MAX];      /* at the sockets of each */
	int call[WORKERS_MAX];                /* descriptors, readable when somebody has called */
	_Atomic uint32_t idle;                /* a bit for each thread that waits for packets */
	_Atomic unsigned wanted[WORKERS_MAX]; /* by each that was called: whose sockets, and which */
	_Atomic uint64_t calm_ms;             /* until then nobody is called */
};

/* Of N threads. ERR_SYSTEM and a sentence. */
enum err crew_open(struct crew *c, unsigned n, struct text *why) MUST_CHECK;
/* One that was never opened is all zero. */
void crew_close(struct crew *c);

/* Thread NUMBER has nothing to do; it has. */
void crew_idle(struct crew *c, unsigned number);
void crew_busy(struct crew *c, unsigned number);

/* Calls one of the others, if one is idle, to the sockets of thread NUMBER of that KIND; NOW in ms. */
void crew_call(struct crew *c, unsigned number, enum outer_kind kind, uint64_t now);

/* Who was called, as NUMBER, hears to whose sockets; it is one of its helpers then, until it leaves. */
void crew_join(struct crew *c, unsigned number, unsigned *whose, enum outer_kind *kind);
void crew_leave(struct crew *c, unsigned whose);

/* Turns are long in coming: this machine has no processor to spare, and for some time nobody is called. */
void crew_calm(struct crew *c, uint64_t now);
