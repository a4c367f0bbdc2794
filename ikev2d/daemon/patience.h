/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands whose client does not wait without end. When its time is over the client gets an answer; what it
 * asked for goes on. */
#pragma once

#include "daemon/world.h"

/* The command TICKET is waited for MS more. UP: it brings something up. */
void patience_set(struct world *w, uint32_t ticket, bool up, int64_t ms);

/* The command has ended in time. */
void patience_over(struct world *w, uint32_t ticket);

void patience_stop(struct world *w);
