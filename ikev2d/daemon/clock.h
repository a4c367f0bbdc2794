/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clock of the core and of all records. */
#pragma once

#include <stdint.h>

/* Milliseconds of CLOCK_BOOTTIME: it never goes back, and lifetimes count through a suspend. */
uint64_t clock_ms(void);

/* Milliseconds of them that the machine has slept: never too many. */
uint64_t clock_slept(void);

/* Seconds since 1970, for what outlives the machine: certificates, tickets. */
int64_t clock_wall(void);
