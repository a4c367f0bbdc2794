/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The SK payload (RFC 7296, 3.14; RFC 5282), and SKF (RFC 7383, 2.5). */
#pragma once

#include "ike/state.h"

/* A sealed message with header H (next and length are set here) and the payloads of M, from ARENA: one
 * datagram, or if that had more than LIMIT octets its fragments, back to back (header_cut parts them). LIMIT
 * 0: never fragments. The solution of a puzzle goes in front of the seal, in the first one (RFC 8019, 7.2.2).
 * The counter of CORE moves on. Empty when the message does not fit or the library refuses.
 */
struct bytes seal_put(struct ike *ike, struct sa_core *core, const struct wire_header *h,
	const struct message *m, size_t limit, struct rng *rng, struct arena *arena);

/* SEALED, which seal_put made with the keys that CORE has still, in datagrams of at most LIMIT octets, and in
 * more of them than before, so that the peer can tell (RFC 7383, 2.6). */
struct bytes seal_recut(struct ike *ike, struct sa_core *core, struct bytes sealed, size_t limit,
	struct rng *rng, struct arena *arena);

/* Opens SK, or SKF, in DATAGRAM, in a copy in ARENA; *INNER gets the payload chain, or its piece. ERR_AUTH
 * when the seal is broken. */
enum err seal_open(struct ike *ike, const struct sa_core *core, struct bytes datagram,
	const struct wire_sk *sk, struct arena *arena, struct bytes *inner) MUST_CHECK;

/* The context for this pair of transforms, made once; NULL when the library has it not. */
struct aead *seal_context(struct ike *ike, const struct transform *encr, const struct transform *integ);
