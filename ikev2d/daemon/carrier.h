/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that carries the packets of the userspace path (xfrm/user/plane.h): it has the keys of child
 * SAs, which nobody else has once it has them, its threads, and the descriptors that it was handed. It has no
 * files, and no way to open anything. */
#pragma once

#include "daemon/ipc.h"
#include "xfrm/user/plane.h"

struct carrier {
	struct ipc_channel guard; /* our end */
	struct plane *plane;
	uint64_t done; /* the last order that went well, of which guard is yet to be told; 0: it is */
	/* What guard had no room for: nothing more is taken from the threads before it has gone. */
	bool waits;
	struct ipc_message report; /* its body is the plane's */
};

/* Has libraries do once what the sandbox forbids. */
void carrier_warm(void);

void carrier_start(struct carrier *c);
/* Ends the threads, and wipes all keys. */
void carrier_stop(struct carrier *c);

/* The next order, and its answer. False when guard is gone, or has broken the rules: it must end then. */
bool carrier_serve(struct carrier *c);

/* Passes reports of the threads on, of which carrier.plane has some (plane_fd), as far as guard has room. */
void carrier_report(struct carrier *c);

/* Serves until guard is gone. */
void carrier_run(struct carrier *c);

/* What is done with messages (ipc_table.c); CTX is the process. */
bool carrier_take_order(void *ctx, const struct ipc_message *m);
