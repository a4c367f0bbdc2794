/* SPDX-License-Identifier: GPL-2.0-or-later */
/* By the clock that stands still in a suspend, which is no stall. */
#include "daemon/pulse.h"

#include <time.h>

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void pulse_begin(struct pulse *p)
{
	if (!p->since)
		p->since = now_us();
}

void pulse_end(struct pulse *p)
{
	uint64_t took = p->since ? now_us() - p->since : 0;

	p->since = 0;
	p->longest = took > p->longest ? took : p->longest;
}

double pulse_longest(const struct pulse *p)
{
	return (double)p->longest / 1000;
}
