/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core has to know again after a restart: of what tokens of quick crash detection are made (RFC
 * 6290), and what opens session tickets (RFC 5723). It lies in the state directory, readable by nobody else.
 */
#pragma once

#include <stdint.h>

struct world;

/* Gives them to the core, every hour: the keys of tickets are replaced in time. */
void memories_start(struct world *w);
void memories_stop(struct world *w);

/* Gives them now; drawn and written where there are none. Without them the daemon does its work, and says
 * that restarts take longer. NUMBERS: up to there they have been given away by cores before it. */
void memories_give(struct world *w, uint32_t numbers);
