/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cookie is a generation, the PRF and the bits of a puzzle, and SipHash(secret, those | SPIi | IPi | Ni);
 * two generations of the secret are honoured. */
#include "ike/cookie.h"

#include "ike/puzzle.h"

enum { HEAD = 1 + PUZZLE_OCTETS, NUMBER = 8 /* octets of the hash */ };

_Static_assert(COOKIE_OCTETS == HEAD + NUMBER, "that is all");

static struct bytes cookie_make(
	struct step *s, const struct cookie_of *of, uint8_t generation, const struct wire_puzzle *puzzle)
{
	uint8_t *cookie = arena_alloc(s->scratch, COOKIE_OCTETS);
	uint8_t head[9];
	struct wr w = wr_of(head, sizeof head);
	struct bytes parts[] = { bytes_of(cookie, HEAD), bytes_of(head, sizeof head), ip_bytes(of->ip),
		of->nonce };

	/* With the version no two lists of parts make one row of octets. */
	wr_u64(&w, of->spi_i);
	wr_u8(&w, of->ip->v);
	w = wr_of(cookie, COOKIE_OCTETS);
	wr_u8(&w, generation);
	wr_bytes(&w, puzzle_put(puzzle, s->scratch));
	wr_u64(&w, siphash(&s->ike->cookie_secret[generation & 1], parts, ARRAY_SIZE(parts)));
	return wr_done(&w);
}

static void replace_secret(struct step *s, unsigned which)
{
	rng_fill(s->rng, &s->ike->cookie_secret[which], sizeof s->ike->cookie_secret[0]);
	map_free(&s->ike->spent[which]);
	s->ike->spent[which] = (struct map){ 0 };
}

/* The newest secret; replaced when it is old, the one before being overwritten, or both when that is old too.
 */
static uint8_t current_generation(struct step *s)
{
	struct ike *ike = s->ike;

	if (s->now >= ike->cookie_due) {
		uint8_t generation = ++ike->cookie_generation;

		replace_secret(s, generation & 1);
		if (!ike->cookie_due || s->now >= ike->cookie_due + COOKIE_LIFETIME)
			replace_secret(s, ~generation & 1);
		ike->cookie_due = s->now + COOKIE_LIFETIME;
	}
	return ike->cookie_generation;
}

struct bytes cookie_new(struct step *s, const struct cookie_of *of, const struct wire_puzzle *puzzle)
{
	return cookie_make(s, of, current_generation(s), puzzle);
}

bool cookie_right(struct step *s, const struct cookie_of *of, struct bytes cookie, struct wire_puzzle *puzzle)
{
	uint8_t generation = current_generation(s);

	return cookie.n == COOKIE_OCTETS && (uint8_t)(generation - cookie.p[0]) <= 1 &&
	       puzzle_get(bytes_of(cookie.p + 1, PUZZLE_OCTETS), puzzle) &&
	       bytes_eq_secret(cookie, cookie_make(s, of, cookie.p[0], puzzle));
}

static uint64_t number_of(struct bytes cookie)
{
	struct rd r = rd_of(bytes_of(cookie.p + HEAD, NUMBER));

	return rd_u64(&r);
}

void cookie_spend(struct step *s, const struct cookie_of *of, struct bytes cookie)
{
	struct ike *ike = s->ike;
	struct wire_puzzle puzzle;
	struct map *spent;

	if (!cookie_right(s, of, cookie, &puzzle) || !puzzle_is_one(&puzzle))
		return;
	spent = &ike->spent[cookie.p[0] & 1];
	if (spent->count < PUZZLES_SPENT_MAX)
		map_put(spent, number_of(cookie), ike);
}

bool cookie_spent(const struct ike *ike, struct bytes cookie)
{
	return map_get(&ike->spent[cookie.p[0] & 1], number_of(cookie));
}
