/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Peers whose certificates are revoked while their IKE_SA is up, where their connection ends it then
 * (cert_revoked = close). All are looked at when what we know has changed, and every hour, when servers are
 * asked as well; one after the other, so that much else can happen in between. */
#pragma once

#include "base/arena.h"

#include <event2/event.h>

struct world;

enum { RECHECK_TIME = 60 * 60 /* s */ };

struct recheck {
	struct event *next, *hourly;
	struct arena arena;
	const uint64_t *keys; /* of the IKE_SAs of this round */
	unsigned n, at;
	bool ask; /* it may ask servers */
};

void recheck_start(struct world *w);
void recheck_stop(struct world *w);

/* The one that was being looked at has been: the next one. */
void recheck_go_on(struct world *w);

/* CRLs, OCSP answers or authorities have changed: a round begins, when nothing else is to be done. */
void recheck_soon(struct world *w);
