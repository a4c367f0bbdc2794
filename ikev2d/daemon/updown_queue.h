/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose turn it is among updown scripts. Those of one tunnel run one after the other, in the order of what
 * happened to it, also where the tunnel has come back as another CHILD_SA meanwhile: the same child of the
 * same connection with the same peer. Different tunnels run beside each other. A tunnel that goes before its
 * first script began has never been there: no script hears of it. */
#pragma once

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"

#include <event2/event.h>

enum {
	UPDOWN_AT_ONCE = 16, /* scripts that run at the same time */
	/* Rekeyings that are known back, for a contest between them may be decided late. */
	UPDOWN_GENERATIONS = 4,
};

/* One run of a script when the tunnel comes, and one when it goes. */
struct updown_run {
	const char *up, *down; /* "PLUTO_VERB=…" */
	const char **env;      /* [0] is the place of one of them; NULL at the end */
};

/* A CHILD_SA with scripts, rekeyed or not. */
struct updown {
	struct arena arena; /* all texts */
	const char *conn, *child, *peer;
	uint32_t sa, id; /* of the IKE_SA and the CHILD_SA it began as */
	const char *command;
	uint64_t limit_ms; /* for one run; 0: none */
	struct updown_run *runs;
	unsigned n_runs;
	/* The queue's own. */
	struct updown_queue *queue;
	struct node of_all, turn;
	struct script *script;
	uint32_t ids[UPDOWN_GENERATIONS]; /* the latest numbers of the CHILD_SA; 0: none */
	unsigned newest, next;            /* among IDS, and among RUNS */
	bool going, over; /* DOWN's turn, not UP's; the tunnel has gone while UP was running */
};

/* A line about U: of a script, or of ours. */
typedef void updown_say(void *ctx, enum log_level level, const struct updown *u, const char *text);

struct updown_queue {
	struct event_base *base;
	updown_say *say;
	void *ctx;
	struct node all; /* that stand, or wait to */
	struct node waiting, running;
	unsigned n_running;
	struct map by_child; /* those of ALL, by each of their IDS */
};

void updown_queue_start(struct updown_queue *q, struct event_base *base, updown_say *say, void *ctx);
/* Kills what runs, forgets what waits. */
void updown_queue_stop(struct updown_queue *q);

/* A new one, to be filled and handed over. Never NULL. */
struct updown *updown_new(void);

/* U's tunnel has come up. Takes U. */
void updown_queue_up(struct updown_queue *q, struct updown *u);
/* The CHILD_SA CHILD has taken the place of OLD. */
void updown_queue_rekeyed(struct updown_queue *q, uint32_t child, uint32_t old);
/* CHILD is gone; one that is not known is fine. */
void updown_queue_down(struct updown_queue *q, uint32_t child);
/* All are gone. */
void updown_queue_down_all(struct updown_queue *q);

/* Tunnels of which a script runs or waits. */
unsigned updown_queue_busy(const struct updown_queue *q);
