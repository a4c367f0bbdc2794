/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys computed a second time, with the library's HMAC alone, for the suite of the pair: PRF_HMAC_SHA2_256,
 * AES-GCM with 128 bits. What goes wrong fails the test. */
#pragma once

#include "ike/state.h"
#include "tests/pair/lab.h"

/* The nonce, and the shared secret of SECRET with the public value, of what is next in the air. */
struct bytes derive_nonce(struct lab *lab, struct arena *arena);
struct bytes derive_shared(struct lab *lab, struct bytes secret, struct arena *arena);

/* prf(KEY, the N pieces); and N octets of prf+(KEY, the pieces), (RFC 7296, 2.13). */
struct bytes derive_prf(struct bytes key, struct arena *arena, unsigned n_pieces, ...);
struct bytes derive_plus(struct bytes key, size_t n, struct arena *arena, unsigned n_pieces, ...);

/* H has installed both SAs of a child with KEYMAT (2.17): CHILD is that of whoever asked for it. */
void derive_assert_child(const struct host *h, const struct child *child, struct bytes keymat);
