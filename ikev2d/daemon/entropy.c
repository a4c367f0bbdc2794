/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getrandom(2), with a small pool so that a nonce costs no system call of its own. What was handed out is
 * wiped from the pool. */
#include "daemon/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

/* Without randomness there is nothing safe to do: the process ends. */
static void fetch(uint8_t *p, size_t n)
{
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

static void entropy_fill(struct rng *r, void *p, size_t n)
{
	struct entropy *e = (struct entropy *)(void *)r; /* rng is its first member */
	uint8_t *from;

	if (n > ENTROPY_POOL) {
		fetch(p, n);
		return;
	}
	if (n > e->left) {
		fetch(e->pool, ENTROPY_POOL);
		e->left = ENTROPY_POOL;
	}
	from = e->pool + ENTROPY_POOL - e->left;
	memcpy(p, from, n);
	wipe(from, n);
	e->left -= n;
}

void entropy_start(struct entropy *e)
{
	e->rng.fill = entropy_fill;
	e->left = 0;
}

void entropy_stop(struct entropy *e)
{
	wipe(e, sizeof *e);
}
