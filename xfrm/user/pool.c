/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Portions out of getrandom. */
#include "xfrm/user/pool.h"

#include <stdlib.h>
#include <sys/random.h>

static void refill(struct pool *p)
{
	while (p->left < sizeof p->octets) {
		ssize_t n = getrandom(p->octets + p->left, sizeof p->octets - p->left, 0);

		if (n < 0)
			abort();
		p->left += (size_t)n;
	}
}

static void pool_fill(struct rng *rng, void *to, size_t n)
{
	struct pool *p = (struct pool *)(void *)rng;
	uint8_t *at = to;

	while (n) {
		size_t piece;

		if (!p->left)
			refill(p);
		piece = n < p->left ? n : p->left;
		p->left -= piece;
		memcpy(at, p->octets + p->left, piece);
		wipe(p->octets + p->left, piece);
		at += piece;
		n -= piece;
	}
}

void pool_init(struct pool *p)
{
	*p = (struct pool){ .rng = { pool_fill } };
}
