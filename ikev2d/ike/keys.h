/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key derivation (RFC 7296, 2.14, 2.15, 2.17; RFC 9370). */
#pragma once

#include "ike/state.h"

/* The SK_* keys of CORE (its suite and SPIs are set), from the shared secret and the nonces. */
enum err keys_ike(
	struct sa_core *core, struct bytes shared, struct bytes nonce_i, struct bytes nonce_r) MUST_CHECK;

/* The secrets of one exchange: of its key exchange, or none, and of additional ones, one behind the other. */
struct secrets {
	struct bytes shared, more;
};

/* The same for the IKE_SA that replaces OLD: SKEYSEED comes from the old SK_d by the old PRF (2.18). With
 * CORE for OLD, after an additional key exchange: the next keys of the same IKE_SA (RFC 9370, 2.2.2). */
enum err keys_rekey(struct sa_core *core, const struct sa_core *old, const struct secrets *secrets,
	struct bytes nonce_i, struct bytes nonce_r) MUST_CHECK;

/* The same for one that is resumed (RFC 5723, 5.1): SKEYSEED comes from the SK_d of the one that was lost. */
enum err keys_resume(
	struct sa_core *core, struct bytes old_d, struct bytes nonce_i, struct bytes nonce_r) MUST_CHECK;

/* The next keys of the same IKE_SA, with a post-quantum preshared key: SEED is SKEYSEED', prf+ (PPK, SK_d) of
 * PRF->out octets (RFC 9867, 3.1.1). */
enum err keys_mixed(
	struct sa_core *core, struct bytes seed, struct bytes nonce_i, struct bytes nonce_r) MUST_CHECK;

/* The keys of a CHILD_SA, as slices of KEYMAT in ARENA: the initiator of the exchange sends with e_i and a_i.
 */
struct child_keys {
	struct bytes e_i, a_i, e_r, a_r;
};
/* SECRETS: of the exchange's own key exchanges, if it has any (2.17; RFC 9370, 2.2.4). */
enum err keys_child(const struct sa_core *core, const struct suite *suite, const struct secrets *secrets,
	struct bytes nonce_i, struct bytes nonce_r, struct arena *arena, struct child_keys *out) MUST_CHECK;

/* What one more message of IKE_INTERMEDIATE adds to AUTH (RFC 9242, 3.3.2): the one that begins with FRONT
 * (the octets from its header to that of SK or, of a fragmented one, of SKF in the first fragment; whatever
 * lengths they say) and, sealed in it, the payloads INNER, the first of type FIRST, which INITIATOR (the
 * original one) or the responder has sent, as if it were not fragmented. HS holds the sum so far, and the new
 * one in KEEP; SCRATCH is for what is needed meanwhile. ERR_SYNTAX when FRONT is no such thing. */
enum err keys_intermediate(const struct sa_core *core, struct handshake *hs, bool initiator,
	struct bytes front, uint8_t first, struct bytes inner, struct arena *keep,
	struct arena *scratch) MUST_CHECK;

/* The keys of a key exchange of HS are there: its secret is wiped, and is none any more. */
void keys_agreed(struct handshake *hs);

/* The octets that the initiator (INITIATOR) or the responder signs: its first message, the other's nonce,
 * prf(SK_p, body of its ID payload), and what was exchanged between. From ARENA; empty when the library
 * refuses. */
struct bytes keys_signed_octets(
	const struct sa_core *core, const struct handshake *hs, bool initiator, struct arena *arena);

/* The AUTH value of a shared key over OCTETS (2.15) into OUT of PRF->out octets; used by whoever keeps the
 * key. */
enum err keys_psk_auth(
	const struct transform *prf, struct bytes psk, struct bytes octets, uint8_t *out) MUST_CHECK;

/* What a post-quantum preshared key PPK makes of KEYS, pieces of PRF->out octets, into OUT of as many octets
 * as they: prf+ (PPK, each) (RFC 8784, 3; RFC 9867, 3.1.1). And what shows that somebody has it, over OCTETS,
 * into OUT of PPK_CONFIRMATION (RFC 9867, 3.1). Used by whoever keeps it. */
enum err keys_ppk_mix(
	const struct transform *prf, struct bytes ppk, struct bytes keys, uint8_t *out) MUST_CHECK;
enum err keys_ppk_confirm(
	const struct transform *prf, struct bytes ppk, struct bytes octets, uint8_t *out) MUST_CHECK;
