/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stateless cookies (RFC 7296, 2.6): who sends one back gets what is sent to its address. Each says which
 * puzzle was asked with it (RFC 8019, 7.1.1.4). */
#pragma once

#include "ike/step.h"

/* What a cookie is bound to: of a request that an IKE_SA begins with. Borrowed. */
struct cookie_of {
	const struct ip *ip;
	uint64_t spi_i;
	struct bytes nonce;
};

/* A cookie for OF, made with the newest secret, to go with PUZZLE (bits 0: with none); from the scratch
 * arena.
 */
struct bytes cookie_new(struct step *s, const struct cookie_of *of, const struct wire_puzzle *puzzle);

/* Whether COOKIE is one for OF, made with one of the last two secrets; then *PUZZLE is what went with it. */
bool cookie_right(
	struct step *s, const struct cookie_of *of, struct bytes cookie, struct wire_puzzle *puzzle);

/* An IKE_SA has been made for a request that showed COOKIE: if a puzzle went with it, it is not to be solved
 * once more by the same keys. And whether that has been, of one that is right. */
void cookie_spend(struct step *s, const struct cookie_of *of, struct bytes cookie);
bool cookie_spent(const struct ike *ike, struct bytes cookie);
