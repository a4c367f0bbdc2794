/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the core: events go in, its actions are carried out, and the answers they bring go in again. */
#pragma once

#include "daemon/world.h"

/* An answer on its way to the core. What it points to lives in its arena. */
struct answer {
	struct node node;
	struct arena arena;
	struct ike_answer a;
	struct cert_list shown; /* a proof: our certificates that go along, and */
	const char *connection; /* whose peer wants OCSP answers about them; NULL: it does not */
};

enum err engine_start(struct world *w, struct text *why) MUST_CHECK;
void engine_stop(struct world *w);

/* One event, its actions, and all that follows from them at once. Not from within an action. */
void engine_feed(struct world *w, const struct ike_event *event);

/* Gives the core the configuration as it is now, but for what it has nothing to do with: connections that
 * cannot be used, and shunts, which are installed here. */
void engine_configure(struct world *w);
/* The same where only the connection NAME has changed, has come or is gone. */
void engine_configure_one(struct world *w, const char *name);

/* A new answer to the question or action TICKET. */
struct answer *answer_new(uint32_t ticket);
void answer_free(struct answer *a);

/* Hands A over. It reaches the core after the step under way, or at once when there is none. */
void engine_answer(struct world *w, struct answer *a);
