/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process esp (carrier.h), as guard knows it: orders go there, reports come back. It is started with the
 * first order, or before. Lost, it is started again and told all but the SAs: nobody else has their keys, nor
 * knows how far these were used, so that each child is rekeyed at once. */
#pragma once

#include "daemon/world.h"

/* The link for the back end. With --one what the process does is done here. */
struct esp_link *datapath_esp_start(struct world *w);
/* Begins to start the process, of which it is known that orders will come; and ends it where they will not.
 */
void datapath_esp_launch(struct world *w);
void datapath_esp_unused(struct world *w);
/* Ends the process, and with it all SAs and devices that it had. */
void datapath_esp_stop(struct world *w);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool datapath_esp_take_done(void *ctx, const struct ipc_message *m);
bool datapath_esp_take_report(void *ctx, const struct ipc_message *m);
