/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random words that people can read out and type: no letter looks like another. */
#pragma once

#include "base/arena.h"

/* GROUPS of four letters, 20 bits each, with "-" between, from ARENA. */
char *letters_draw(struct arena *arena, unsigned groups);

/* The letter that stands for N, of which the five lowest bits count. */
char letters_of(unsigned n);

/* Octets of the kernel's randomness. */
void letters_octets(uint8_t *out, size_t n);
