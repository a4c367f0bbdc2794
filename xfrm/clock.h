/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of the data path, which is that of the core. */
#pragma once

#include <stdint.h>
#include <time.h>

/* Milliseconds of CLOCK_BOOTTIME: what counts packets in one process is compared with it in another. */
static inline uint64_t xfrm_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
