/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Randomness is given, never fetched: the daemon hands in the kernel's, a test its own seeded stream. */
#pragma once

#include "base/bytes.h"

struct rng {
	void (*fill)(struct rng *r, void *p, size_t n); /* sets N octets at P */
};

static inline void rng_fill(struct rng *r, void *p, size_t n)
{
	r->fill(r, p, n);
}

uint32_t rng_u32(struct rng *r);
uint64_t rng_u64(struct rng *r);

/* A number below BOUND (not 0), each equally likely. */
uint32_t rng_below(struct rng *r, uint32_t bound);

/* A stream that a seed decides whole: for tests and simulations, never for keys. */
struct rng_seeded {
	struct rng rng;
	uint64_t state;
};

void rng_seed(struct rng_seeded *r, uint64_t seed);
