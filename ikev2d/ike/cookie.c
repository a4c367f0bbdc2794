/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cookie is a generation and SipHash(secret, SPIi | IPi | Ni); two generations of the secret are honoured.
 */
#include "ike/cookie.h"

static struct bytes cookie_make(struct step *s, const struct cookie_of *of, uint8_t generation)
{
	uint8_t head[9];
	struct wr w = wr_of(head, sizeof head);
	struct bytes parts[] = { bytes_of(head, sizeof head), ip_bytes(of->ip), of->nonce };

	/* With the version no two lists of parts make one row of octets. */
	wr_u64(&w, of->spi_i);
	wr_u8(&w, of->ip->v);
	w = wr_of(arena_alloc(s->scratch, COOKIE_OCTETS), COOKIE_OCTETS);
	wr_u8(&w, generation);
	wr_u64(&w, siphash(&s->ike->cookie_secret[generation & 1], parts, ARRAY_SIZE(parts)));
	return wr_done(&w);
}

/* The newest secret; replaced when it is old, the one before being overwritten, or both when that is old too.
 */
static uint8_t current_generation(struct step *s)
{
	struct ike *ike = s->ike;

	if (s->now >= ike->cookie_due) {
		uint8_t generation = ++ike->cookie_generation;

		rng_fill(s->rng, &ike->cookie_secret[generation & 1], sizeof ike->cookie_secret[0]);
		if (!ike->cookie_due || s->now >= ike->cookie_due + COOKIE_LIFETIME)
			rng_fill(s->rng, &ike->cookie_secret[~generation & 1], sizeof ike->cookie_secret[0]);
		ike->cookie_due = s->now + COOKIE_LIFETIME;
	}
	return ike->cookie_generation;
}

struct bytes cookie_new(struct step *s, const struct cookie_of *of)
{
	return cookie_make(s, of, current_generation(s));
}

bool cookie_right(struct step *s, const struct cookie_of *of, struct bytes cookie)
{
	uint8_t generation = current_generation(s);

	return cookie.n == COOKIE_OCTETS && (uint8_t)(generation - cookie.p[0]) <= 1 &&
	       bytes_eq_secret(cookie, cookie_make(s, of, cookie.p[0]));
}
