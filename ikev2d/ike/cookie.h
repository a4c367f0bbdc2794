/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stateless cookies (RFC 7296, 2.6): who sends one back gets what is sent to its address. */
#pragma once

#include "ike/step.h"

/* What a cookie is bound to: of a request that an IKE_SA begins with. Borrowed. */
struct cookie_of {
	const struct ip *ip;
	uint64_t spi_i;
	struct bytes nonce;
};

/* A cookie for OF, made with the newest secret; from the scratch arena. */
struct bytes cookie_new(struct step *s, const struct cookie_of *of);

/* Whether COOKIE is one for OF, made with one of the last two secrets. */
bool cookie_right(struct step *s, const struct cookie_of *of, struct bytes cookie);
