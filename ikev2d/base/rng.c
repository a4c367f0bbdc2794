/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers out of a stream of random octets, and the seeded stream (splitmix64). */
#include "base/rng.h"

uint32_t rng_u32(struct rng *r)
{
	uint32_t v;

	rng_fill(r, &v, sizeof v);
	return v;
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t v;

	rng_fill(r, &v, sizeof v);
	return v;
}

uint32_t rng_below(struct rng *r, uint32_t bound)
{
	uint32_t excess = -bound % bound, v; /* 2^32 mod bound: values below it would weigh double */

	do
		v = rng_u32(r);
	while (v < excess);
	return v % bound;
}

static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static void seeded_fill(struct rng *rng, void *p, size_t n)
{
	struct rng_seeded *r = (struct rng_seeded *)(void *)rng;
	uint8_t *to = p;

	while (n) {
		uint64_t v = splitmix(&r->state);
		size_t piece = n < sizeof v ? n : sizeof v;

		memcpy(to, &v, piece);
		to += piece;
		n -= piece;
	}
}

void rng_seed(struct rng_seeded *r, uint64_t seed)
{
	*r = (struct rng_seeded){ .rng = { seeded_fill }, .state = seed };
}
