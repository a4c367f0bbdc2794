/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three rounds of sixteen steps, words in little endian. */
#include "crypto/legacy.h"

enum { BLOCK = 64, WORDS = 16 };

static uint32_t rotated(uint32_t x, unsigned bits)
{
	return x << bits | x >> (32 - bits);
}

static uint32_t mixed(unsigned round, uint32_t x, uint32_t y, uint32_t z)
{
	switch (round) {
	case 0: return (x & y) | (~x & z);
	case 1: return (x & y) | (x & z) | (y & z);
	default: return x ^ y ^ z;
	}
}

/* The rounds of RFC 1320, 3.4: the order of the words, the turns, the constant. */
static const struct {
	uint8_t word[WORDS], turn[4];
	uint32_t constant;
} rounds[] = {
	{ { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }, { 3, 7, 11, 19 }, 0 },
	{ { 0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15 }, { 3, 5, 9, 13 }, 0x5a827999 },
	{ { 0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15 }, { 3, 9, 11, 15 }, 0x6ed9eba1 },
};

static void take_block(uint32_t state[4], const uint8_t *block)
{
	uint32_t x[WORDS], v[4];

	for (unsigned i = 0; i < WORDS; i++)
		x[i] = (uint32_t)block[4 * i] | (uint32_t)block[4 * i + 1] << 8 |
		       (uint32_t)block[4 * i + 2] << 16 | (uint32_t)block[4 * i + 3] << 24;
	memcpy(v, state, sizeof v);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < WORDS; i++) {
			uint32_t sum = v[0] + mixed(round, v[1], v[2], v[3]) + x[rounds[round].word[i]] +
				       rounds[round].constant;

			v[0] = v[3];
			v[3] = v[2];
			v[2] = v[1];
			v[1] = rotated(sum, rounds[round].turn[i % 4]);
		}
	for (unsigned i = 0; i < 4; i++)
		state[i] += v[i];
	WIPE(x);
}

static void put_little(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

void md4(struct bytes text, uint8_t out[MD4_OUT])
{
	uint32_t state[4] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476 };
	uint8_t last[2 * BLOCK] = { 0 };
	size_t whole = text.n / BLOCK * BLOCK, rest = text.n - whole,
	       n = rest + 9 > BLOCK ? 2 * BLOCK : BLOCK;

	for (size_t i = 0; i < whole; i += BLOCK)
		take_block(state, text.p + i);
	if (rest)
		memcpy(last, text.p + whole, rest);
	last[rest] = 0x80;
	put_little(last + n - 8, (uint64_t)text.n * 8, 8);
	for (size_t i = 0; i < n; i += BLOCK)
		take_block(state, last + i);
	for (unsigned i = 0; i < 4; i++)
		put_little(out + 4 * i, state[i], 4);
	WIPE(last);
	WIPE(state);
}
