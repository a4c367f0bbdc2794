/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ring of bits and the two cases of RFC 4303, appendix A2.2. */
#include "xfrm/user/replay.h"

/* Without a window an extended number is taken to be the one nearest to the top. */
#define SPAN_WITHOUT_WINDOW 0x80000000U

static uint32_t words_of(uint32_t size)
{
	uint32_t words = 2;

	while (words < (size + 63) / 64 + 1)
		words *= 2;
	return size ? words : 0;
}

void replay_init(struct replay *r, uint32_t size, bool esn, struct arena *arena)
{
	*r = (struct replay){ .size = size, .words = words_of(size), .esn = esn, .arena = arena };
}

static void make_bits(struct replay *r)
{
	arena_expect(r->arena, r->words * sizeof *r->bits);
	r->bits = ARENA_ARRAY(r->arena, r->words, uint64_t);
}

/* The whole number that LOW must be the lower half of; false when there is none. */
static bool infer(const struct replay *r, uint32_t low, uint64_t *seq)
{
	uint32_t before = (r->size ? r->size : SPAN_WITHOUT_WINDOW) - 1;
	uint32_t top = (uint32_t)r->top, high = (uint32_t)(r->top >> 32);
	uint32_t bottom = top - before;

	if (top >= before && low < bottom) { /* the window lies in one half; LOW is in the next */
		if (high == UINT32_MAX)
			return false;
		high++;
	} else if (top < before && low >= bottom) { /* it reaches back into the half before */
		if (!high)
			return false;
		high--;
	}
	*seq = (uint64_t)high << 32 | low;
	return true;
}

static uint64_t *word_of(const struct replay *r, uint64_t seq)
{
	return &r->bits[seq / 64 & (r->words - 1)];
}

static bool is_new(const struct replay *r, uint64_t seq)
{
	if (!r->size || seq > r->top)
		return true;
	return r->top - seq < r->size && !(r->bits && *word_of(r, seq) >> seq % 64 & 1);
}

bool replay_check(const struct replay *r, uint32_t low, uint64_t *seq)
{
	*seq = low;
	if (r->esn && !infer(r, low, seq))
		return false;
	return *seq && is_new(r, *seq);
}

/* Empties the words that numbers above the top up to SEQ open. */
static void clear_ahead(struct replay *r, uint64_t seq)
{
	uint64_t ahead = seq / 64 - r->top / 64;

	if (ahead > r->words)
		ahead = r->words;
	for (uint64_t i = 1; i <= ahead; i++)
		*word_of(r, r->top + 64 * i) = 0;
}

enum replay_place replay_advance(struct replay *r, uint64_t seq)
{
	bool top = seq > r->top;

	if (!is_new(r, seq))
		return REPLAY_SEEN;
	if (r->size) {
		if (!r->bits)
			make_bits(r);
		if (top)
			clear_ahead(r, seq);
		*word_of(r, seq) |= 1ULL << seq % 64;
	}
	if (top)
		r->top = seq;
	return top ? REPLAY_TOP : REPLAY_IN;
}
