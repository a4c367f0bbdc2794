/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announced authentication methods (RFC 9593): which proofs somebody takes from the other side. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "model/constraints.h"

/* Sets of schemes are bits by their places in schemes[]. */
#define SCHEME_BIT(s) (1u << ((s)-schemes))

struct announced {
	bool said;        /* something was announced, perhaps nothing that we know */
	bool psk;         /* a shared key */
	uint32_t schemes; /* signatures */
};

/* Schemes of AUTH payloads that C admits, whatever the size of the key. SCRATCH is for words. */
uint32_t schemes_admitted(const struct constraints *c, struct arena *scratch);

/* The notification data of SUPPORTED_AUTH_METHODS (RFC 9593, 3.2) that says A, in our order of preference,
 * from ARENA: each method of signing without a link to an authority, since all that we trust are as good.
 * Empty where A has nothing to say. */
struct bytes announce_put(const struct announced *a, struct arena *arena);

/* What DATA says. What is unknown is left out; data that is no list of announcements says nothing. */
struct announced announce_get(struct bytes data);

/* A in words for people, from ARENA: "psk, ecdsa-sha256, ed25519". */
const char *announce_print(const struct announced *a, struct arena *arena);
