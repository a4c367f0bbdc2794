/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two rounds for each word, four at the end. */
#include "base/siphash.h"

struct sip {
	uint64_t v[4];
	uint64_t word; /* octets that do not make a whole one yet, the first lowest */
	size_t n;      /* octets so far */
};

static uint64_t rotated(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static void rounds(uint64_t v[4], unsigned n)
{
	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotated(v[1], 13) ^ v[0];
		v[3] = rotated(v[3], 16) ^ v[2];
		v[0] = rotated(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotated(v[1], 17) ^ v[2];
		v[3] = rotated(v[3], 21) ^ v[0];
		v[2] = rotated(v[2], 32);
	}
}

static void take_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	rounds(s->v, 2);
	s->v[0] ^= word;
}

static void take_octet(struct sip *s, uint8_t octet)
{
	s->word |= (uint64_t)octet << 8 * (s->n % 8);
	if (++s->n % 8)
		return;
	take_word(s, s->word);
	s->word = 0;
}

static uint64_t word_at(const uint8_t *p)
{
	uint64_t word = 0;

	for (unsigned i = 0; i < 8; i++)
		word |= (uint64_t)p[i] << 8 * i;
	return word;
}

static void take(struct sip *s, struct bytes b)
{
	size_t i = 0;

	while (i < b.n && s->n % 8)
		take_octet(s, b.p[i++]);
	for (; b.n - i >= 8; i += 8, s->n += 8)
		take_word(s, word_at(b.p + i));
	while (i < b.n)
		take_octet(s, b.p[i++]);
}

uint64_t siphash(const struct siphash_key *key, const struct bytes *parts, unsigned n)
{
	struct sip s = { .v = { key->a ^ 0x736f6d6570736575, key->b ^ 0x646f72616e646f6d,
				 key->a ^ 0x6c7967656e657261, key->b ^ 0x7465646279746573 } };

	for (unsigned i = 0; i < n; i++)
		take(&s, parts[i]);
	take_word(&s, s.word | (uint64_t)s.n << 56);
	s.v[2] ^= 0xff;
	rounds(s.v, 4);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}
