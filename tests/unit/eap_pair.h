/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two EAP conversations face to face: our authenticator and our peer, alone or with somebody in between. */
#pragma once

#include "base/arena.h"
#include "eap/eap.h"

enum { PAIR_PACKETS = 400, PAIR_ROOM = 4096 };

struct pair_secret {
	const char *name;
	struct eap_secret secret;
};

/* What is wanted, and what came of it. */
struct pair {
	struct eap_settings authenticator, peer;
	const struct pair_secret *known; /* the authenticator's users; ends with a row without a name */
	struct eap_secret own;           /* the peer's */
	/* Signs where TLS needs it; NULL: refuses. CTX is SIGN_CTX. */
	struct bytes (*sign)(void *ctx, unsigned side, const struct scheme *scheme, struct bytes octets,
		struct arena *arena);
	void *sign_ctx;
	bool distrusted; /* the server's certificate, where others judge it */
	uint64_t seed;
	bool dull; /* all randomness is zeros instead */
	/* Changes packet NUMBER (0 is the authenticator's first) of *N octets at P, which has room for
	 * PAIR_ROOM. */
	void (*tamper)(void *ctx, unsigned number, uint8_t *p, size_t *n);
	void *ctx;

	enum eap_what outcome[2]; /* the authenticator's, the peer's */
	char why[2][256];
	uint8_t msk[2][EAP_MSK];
	size_t msk_n[2];
	char name[2][EAP_MAX_NAME + 1];
	char asked[EAP_MAX_NAME + 1]; /* for whose secret the authenticator asked last; "": for none */
	size_t certificate_n;         /* of the peer's, as the authenticator has it */
	unsigned method, packets, asks[2], signatures[2], shows;
	size_t size[PAIR_PACKETS]; /* of packets as they were sent */
};

/* Runs the conversation to its end, or until a side has nothing to say. Aborts when it has no end. */
void pair_run(struct pair *p);

/* Whether both sides succeeded, with the same key. */
bool pair_agreed(const struct pair *p);
