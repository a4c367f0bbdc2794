/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Captive portals: a network in which somebody else answers until a person has signed in lets no IKE through,
 * and that is why a gateway is silent. Where the configuration names something to ask for (portal_url), it is
 * asked for when a connection is begun; else nothing ever is. */
#pragma once

#include "base/arena.h"
#include "model/why.h"

#include <stdbool.h>
#include <stdint.h>

struct world;

enum { PORTAL_PAUSE = 5 * 1000 /* ms: not asked again so soon */ };

struct portal {
	bool asking;
	uint64_t asked; /* ms; 0: never */
	char *seen;     /* what came instead, and in whose place; NULL: nothing */
};

/* A connection is begun. */
void portal_look(struct world *w);
void portal_stop(struct world *w);

/* WHY something failed (NULL: it did not); where that is the peer's silence, with the portal that was seen,
 * from ARENA. */
const struct why *portal_explain(const struct portal *p, const struct why *why, struct arena *arena);
