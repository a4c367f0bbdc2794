/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Randomness of the kernel, fetched in portions: the IVs of CBC need 16 octets for each packet. */
#pragma once

#include "base/rng.h"

struct pool {
	struct rng rng; /* first: what is handed out */
	size_t left;    /* of OCTETS, at their end */
	uint8_t octets[2048];
};

/* An empty pool, of one thread. The process ends when the kernel has no randomness for it. */
void pool_init(struct pool *p);
