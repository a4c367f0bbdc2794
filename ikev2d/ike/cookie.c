/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cookie is a generation and SHA-256(Ni | IPi | SPIi | secret); two generations of the secret are honoured.
 */
#include "ike/cookie.h"

static struct bytes cookie_make(struct draft *d, uint8_t generation)
{
	struct ike *ike = d->step->ike;
	uint8_t *out = arena_alloc(d->step->scratch, 1 + 64), spi[8];
	struct wr w = wr_of(spi, sizeof spi);
	struct bytes parts[4] = {
		d->message->nonce,
		ip_bytes(&d->path->remote.ip),
		bytes_of(spi, sizeof spi),
		bytes_of(ike->cookie_secret[generation & 1], sizeof ike->cookie_secret[0]),
	};
	size_t n = 0;

	wr_u64(&w, d->message->header.spi_i);
	out[0] = generation;
	if (digest("SHA256", parts, 4, out + 1, &n))
		return (struct bytes){ 0 };
	return bytes_of(out, COOKIE_OCTETS);
}

/* The newest secret; replaced when it is old, the one before being overwritten. */
static uint8_t current_generation(struct step *s)
{
	struct ike *ike = s->ike;

	if (s->now >= ike->cookie_due) {
		uint8_t generation = ++ike->cookie_generation;

		rng_fill(s->rng, ike->cookie_secret[generation & 1], sizeof ike->cookie_secret[0]);
		if (!ike->cookie_due)
			rng_fill(s->rng, ike->cookie_secret[~generation & 1], sizeof ike->cookie_secret[0]);
		ike->cookie_due = s->now + COOKIE_LIFETIME;
	}
	return ike->cookie_generation;
}

bool cookie_needed(struct draft *d, struct bytes *cookie)
{
	struct ike *ike = d->step->ike;
	const struct wire_notify *n = message_notify(d->message, COOKIE);
	uint8_t generation;

	if (ike->half_open < ike->settings.cookie_threshold)
		return false;
	generation = current_generation(d->step);
	*cookie = cookie_make(d, generation);
	if (!n || n->data.n != COOKIE_OCTETS || (uint8_t)(generation - n->data.p[0]) > 1)
		return true;
	return !bytes_eq_secret(n->data, cookie_make(d, n->data.p[0]));
}
