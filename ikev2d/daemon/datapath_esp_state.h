/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of the process esp, for datapath_esp.c, and for tests of the time that it has. */
#pragma once

#include "daemon/carrier.h"
#include "daemon/datapath_esp.h"
#include "daemon/delay.h"
#include "daemon/family.h"

struct datapath_esp {
	struct world *world;
	struct member member;
	bool runs, begun; /* launched; ready, and said to be so */
	struct esp_link link;
	uint64_t last, ticket; /* of the order that is waited for; 0: none is */
	enum err result;       /* of the last one, and its sentence in the arena of who waits */
	const char *what;
	struct delay delay;
	/* With --one: */
	struct carrier *inside;
	struct event *reports;
};
