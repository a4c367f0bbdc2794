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

/* From now on (ON) orders for SAs and policies that come are given one after the other and not waited for,
 * with ERR_OK where they could be given; or each is waited for again. How they went is known once they are
 * settled. */
void datapath_esp_ahead(struct world *w, bool on);
bool datapath_esp_goes_ahead(const struct world *w);
/* The number of the last order; those that follow have the next ones. */
uint64_t datapath_esp_given(const struct world *w);
/* Waits until all are done. Those that had been given to a process that was lost count as done: it is with
 * them as with those that it had done before. */
void datapath_esp_settle(struct world *w);
/* The same before somebody else hears of what was done: where an SA was selected, for which there is no
 * answer. */
void datapath_esp_fence(struct world *w);
/* How those above FROM up to TO went since the last that were not waited for began. WHAT: the first one's
 * sentence, or NULL. */
enum err datapath_esp_went(const struct world *w, uint64_t from, uint64_t to, const char **what);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool datapath_esp_take_done(void *ctx, const struct ipc_message *m);
bool datapath_esp_take_report(void *ctx, const struct ipc_message *m);
