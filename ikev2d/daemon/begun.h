/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges that this machine has a part in: messages of IKE_SA_INIT that went out. What proves who we are is
 * made over such a message (RFC 7296, 2.15), so that who asks for a proof over another one, or for more than
 * an IKE_AUTH has, wants it for something else. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "ike/ike.h"

enum {
	/* Exchanges: the oldest goes. The core has no more than 4,096 half-open ones. */
	BEGUN_MAX = 1 << 17,
	/* So many stay, however old: a machine may sleep in the middle of one, and half_open_timeout be long.
	 * Of more those go whose last message is so many seconds old. */
	BEGUN_KEPT = 1 << 14,
	BEGUN_TIME = 600,
};

struct begun {
	struct map of;     /* struct beginning by the first octets of its digest */
	struct node order; /* those that were sent last are the last */
};

void begun_start(struct begun *b);
void begun_stop(struct begun *b);
/* Forgets all. */
void begun_clear(struct begun *b);

/* DATAGRAM went out at NOW (ms): noted, where it is a message of IKE_SA_INIT that one can be proved with. */
void begun_sent(struct begun *b, struct bytes datagram, uint64_t now);

/* Whether OCTETS may be signed now, for a connection where that happens TIMES in an exchange: it is counted.
 * False: WHY gets a sentence. */
bool begun_prove(struct begun *b, struct bytes octets, unsigned times, uint64_t now, struct text *why);
