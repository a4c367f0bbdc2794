/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the packet side has, and the functions its files share. The packet threads see none of it: they see
 * snapshots made from it. */
#pragma once

#include "xfrm/user/plane.h"
#include "xfrm/user/worker.h"

struct plane {
	unsigned n_workers; /* in each direction; 0: it is not open yet */
	struct outer outer[WORKERS_MAX];
	struct crew crew;
	struct channel channel;
	struct meters meters;
	struct tables tables;    /* what packet threads see from the next publication on */
	struct retired *retired; /* and what not */
	struct board board;
	struct worker *workers[WORKER_WAYS][WORKERS_MAX];
	struct map sas;                      /* by xfrm_sa_key (struct plane_sa) */
	struct map policies;                 /* by number (struct plane_policy) */
	struct device *devices[DEVICES_MAX]; /* by slot: also those that packet threads may still see */
	uint8_t body[CHANNEL_BODY];
};

/* plane.c */

/* Shows the packet threads the tables as they are now. */
void plane_publish(struct plane *p);

/* plane_tables.c: one function for each order. */
enum err plane_sa_add(struct plane *p, const struct esp_order *o, struct text *why) MUST_CHECK;
void plane_sa_del(struct plane *p, uint32_t child, bool inbound);
void plane_sa_move(struct plane *p, const struct esp_order *o);
enum err plane_policy_add(struct plane *p, const struct esp_order *o, struct text *why) MUST_CHECK;
void plane_policy_del(struct plane *p, uint32_t id);
void plane_policy_lead(struct plane *p, uint32_t id, uint32_t child);
/* All of them, once no thread runs. */
void plane_tables_end(struct plane *p);
