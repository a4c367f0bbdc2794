/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key derivation (RFC 7296, 2.14, 2.15, 2.17). */
#pragma once

#include "ike/state.h"

/* The SK_* keys of CORE (its suite and SPIs are set), from the shared secret and the nonces. */
enum err keys_ike(
	struct sa_core *core, struct bytes shared, struct bytes nonce_i, struct bytes nonce_r) MUST_CHECK;

/* The same for the IKE_SA that replaces OLD: SKEYSEED comes from the old SK_d by the old PRF (2.18). */
enum err keys_rekey(struct sa_core *core, const struct sa_core *old, struct bytes shared,
	struct bytes nonce_i, struct bytes nonce_r) MUST_CHECK;

/* The keys of a CHILD_SA, as slices of KEYMAT in ARENA: the initiator of the exchange sends with e_i and a_i.
 */
struct child_keys {
	struct bytes e_i, a_i, e_r, a_r;
};
/* SHARED: the secret of the exchange's own key exchange, or empty (2.17). */
enum err keys_child(const struct sa_core *core, const struct suite *suite, struct bytes shared,
	struct bytes nonce_i, struct bytes nonce_r, struct arena *arena, struct child_keys *out) MUST_CHECK;

/* The octets that the initiator (INITIATOR) or the responder signs: its first message, the other's nonce, and
 * prf(SK_p, body of its ID payload). From ARENA; empty when the library refuses. */
struct bytes keys_signed_octets(
	const struct sa_core *core, const struct handshake *hs, bool initiator, struct arena *arena);

/* The AUTH value of a shared key over OCTETS (2.15) into OUT of PRF->out octets; used by whoever keeps the
 * key. */
enum err keys_psk_auth(
	const struct transform *prf, struct bytes psk, struct bytes octets, uint8_t *out) MUST_CHECK;
