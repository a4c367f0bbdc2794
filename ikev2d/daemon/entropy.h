/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's randomness, as the rng that is handed to the core. */
#pragma once

#include "base/rng.h"

enum { ENTROPY_POOL = 256 /* octets fetched at once: a handshake takes some 150 */ };

struct entropy {
	struct rng rng;
	uint8_t pool[ENTROPY_POOL];
	size_t left; /* octets of the pool's end that were not handed out yet */
};

void entropy_start(struct entropy *e);

/* Wipes what is left. */
void entropy_stop(struct entropy *e);
