/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash that nobody can foresee without the key, and
 * cheap enough for each packet of a flood. */
#pragma once

#include "base/bytes.h"

struct siphash_key {
	uint64_t a, b; /* random, both */
};

/* The hash of the PARTS, one behind the other: where one ends and the next begins does not count. */
uint64_t siphash(const struct siphash_key *key, const struct bytes *parts, unsigned n);
