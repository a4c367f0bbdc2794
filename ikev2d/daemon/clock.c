/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock, read. */
#include "daemon/clock.h"

#include <time.h>

static uint64_t read_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t clock_ms(void)
{
	return read_ms(CLOCK_BOOTTIME);
}

/* In this order: what passes between the two is taken off. */
uint64_t clock_slept(void)
{
	uint64_t boot = read_ms(CLOCK_BOOTTIME), awake = read_ms(CLOCK_MONOTONIC);

	return boot > awake ? boot - awake : 0;
}

int64_t clock_wall(void)
{
	return (int64_t)time(NULL);
}
