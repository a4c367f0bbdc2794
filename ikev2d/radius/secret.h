/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a secret that is shared with RADIUS servers is used for. Who has it looks at packets once more before
 * he uses it, so that it is good for nothing else; who makes and reads them has no more than a reference, and
 * asks him. */
#pragma once

#include "radius/grant.h"

/* Whom it is shared with: a server that we ask (RFC 2865, 2866), or those who give orders (RFC 5176). */
enum radius_role { RADIUS_OF_SERVER, RADIUS_OF_ORDERS };

/* ------------------------------------------------------------ who has it */

/* Signs PACKET, which is whole but for its authenticators, into OUT of as many octets (it may be the same
 * place). REQUEST: of an answer, the authenticator of what it answers to; else NULL. ERR_DENIED: it is no
 * packet that we send who have a secret of ROLE, or does not begin with a Message-Authenticator where it must
 * (all but an Accounting-Request); others as of radius_sign. */
enum err radius_secret_sign(enum radius_role role, struct bytes secret, struct bytes packet,
	const uint8_t *request, uint8_t *out) MUST_CHECK;

/* Whether PACKET was made by somebody who knows SECRET. ERR_DENIED: it is no packet that such a one sends;
 * others as of radius_verify, for which answers to an Access-Request must have a Message-Authenticator. */
enum err radius_secret_check(
	enum radius_role role, struct bytes secret, struct bytes packet, const uint8_t *request) MUST_CHECK;

/* The key in PACKET, an Access-Accept from the server of SECRET, into MSK, *N octets of it; wiped by who had
 * it opened. ERR_DENIED and ERR_AUTH as above; others as of radius_msk_open. */
enum err radius_secret_open(struct bytes secret, struct bytes packet, const uint8_t *request,
	uint8_t msk[RADIUS_MSK_MAX], size_t *n) MUST_CHECK;

/* ------------------------------------------------------------ who asks him */

struct radius_holder;

/* A secret that HOLDER has under HANDLE. */
struct radius_secret {
	const struct radius_holder *holder;
	void *ctx; /* the holder's */
	uint64_t handle;
};

/* The same three. ERR_BUSY: he does not answer just now, so that it is as if the packet had been lost. */
struct radius_holder {
	enum err (*sign)(const struct radius_secret *s, struct bytes packet, const uint8_t *request,
		uint8_t *out) MUST_CHECK;
	enum err (*check)(const struct radius_secret *s, const struct radius_packet *p,
		const uint8_t *request) MUST_CHECK;
	enum err (*open)(const struct radius_secret *s, const struct radius_packet *accept,
		const uint8_t *request, uint8_t msk[RADIUS_MSK_MAX], size_t *n) MUST_CHECK;
};

/* Ends the packet in W, as radius_sign does. */
enum err radius_finish(struct wr *w, const struct radius_secret *s, const uint8_t *request) MUST_CHECK;

/* Whether A and B are the same secret of the same holder. */
static inline bool radius_secret_same(const struct radius_secret *a, const struct radius_secret *b)
{
	return a->holder == b->holder && a->ctx == b->ctx && a->handle == b->handle;
}
