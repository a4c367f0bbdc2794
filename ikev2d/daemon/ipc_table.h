/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row of the table of messages, to who carries them. */
#pragma once

#include "daemon/ipc.h"

struct ipc_row {
	const char *name;
	unsigned from, to; /* bits 1 << enum ipc_process */
	unsigned phases;   /* bits 1 << enum ipc_phase */
	/* What the receiver does with it. False: nobody has waited for it, and the sender has broken the
	 * rules. */
	bool (*take)(void *ctx, const struct ipc_message *m);
};

/* NULL: there is none of that number. */
const struct ipc_row *ipc_row(unsigned kind);

/* How many descriptors may go along with a message of KIND. They are then those of who takes it. */
unsigned ipc_descriptors(enum ipc_kind kind);
