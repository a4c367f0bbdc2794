/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP conversations with peers that RADIUS servers lead, as ike sees them: who the peer is, and what was
 * said. */
#pragma once

#include "daemon/ipc_radius.h"

struct lead;
struct world;

/* What a conversation is about. */
struct lead_about {
	/* Who the peer says he is; ASK: it is asked for that instead (RFC 3748, 5.1). */
	struct bytes identity;
	bool ask;
	struct radius_session session; /* without its user */
};

/* A conversation, of which nothing was said yet. ABOUT is copied. */
struct lead *lead_new(struct world *w, const struct lead_about *about);

/* The peer says PACKET (empty: nothing yet). What it is to be told comes by DONE, once, maybe before this
 * returns. Not to be called before the last one is done. */
typedef void lead_done(void *ctx, const struct ipc_relayed *turn);
void lead_take(struct lead *l, struct bytes packet, lead_done *done, void *ctx);

/* The name that the peer gave, or has; valid as long as L. */
struct bytes lead_name(const struct lead *l);

/* DONE comes no more. NULL is none. */
void lead_free(struct lead *l);
