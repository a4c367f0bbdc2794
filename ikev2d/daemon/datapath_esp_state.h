/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the process esp, for datapath_esp.c, and for tests of the time that it has. */
#pragma once

#include "daemon/carrier.h"
#include "daemon/datapath_esp.h"
#include "daemon/delay.h"
#include "daemon/family.h"

/* That are not answered: they and their answers fit into a socket, so that nobody waits for room there while
 * the other one does. */
enum {
	ORDERS_AHEAD = 64,
	ORDERS_OCTETS = IPC_MAX, /* of all of them together; one alone may be as large */
};

/* Who waits for an order; another one may be given and waited for while he does. */
struct esp_wait {
	struct esp_wait *outer;
	uint64_t ticket;     /* 0: it is known how it went */
	enum err result;     /* then, ERR_MISSING where nobody is there any more, */
	const char *what;    /* and its sentence, in */
	struct arena *arena; /* of who waits */
};

struct datapath_esp {
	struct world *world;
	struct member member;
	bool runs, begun; /* launched; ready, and said to be so */
	struct esp_link link;
	uint64_t last, answered; /* orders that were given; those of which it is known how they went */
	uint64_t led;            /* of the last one that nobody is answered for */
	size_t octets;           /* at most, of those since the last time that all were answered */
	struct esp_wait *waits;  /* the last who began to */
	struct delay delay;
	bool ahead; /* orders are not waited for; those that failed since: */
	struct esp_failure {
		uint64_t ticket;
		enum err result;
		const char *what;
	} failed[ORDERS_AHEAD];
	unsigned n_failed;
	struct arena failures;
	/* With --one: */
	struct carrier *inside;
	struct event *reports;
};
