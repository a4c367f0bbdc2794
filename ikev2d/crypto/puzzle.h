/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puzzles of IKEv2 (RFC 8019, 7.1.2): keys with which a PRF over a cookie ends in zero bits. All of it may
 * run in any thread. */
#pragma once

#include "base/err.h"
#include "model/transform.h"

/* Of ours: the number of a key, in network order. */
enum { PUZZLE_KEY_OCTETS = 4 };

/* How many bits at the end of B are zero. */
unsigned puzzle_zero_bits(struct bytes b);

/* The zero bits at the end of PRF(KEY, COOKIE) into *BITS. Errors as those of prf(). */
enum err puzzle_measure(
	const struct transform *prf, struct bytes key, struct bytes cookie, unsigned *bits) MUST_CHECK;

/* Tries the keys with the numbers from *NEXT on, TRIES of them at the most, until one gives BITS zero bits at
 * least. ERR_OK: it stands in KEY. ERR_RANGE: none of them does. *NEXT is the first that was not tried.
 * Errors as those of prf(). */
enum err puzzle_search(const struct transform *prf, unsigned bits, struct bytes cookie, unsigned tries,
	uint32_t *next, uint8_t key[PUZZLE_KEY_OCTETS]) MUST_CHECK;
