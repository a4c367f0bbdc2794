/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proofs of identity in IKE_AUTH: a shared key (RFC 7296, 2.15) or a signature with its certificates (RFC
 * 7296, 2.15 and 3.6; RFC 7427). Keys and trust are elsewhere: what they say is asked. */
#pragma once

#include "ike/step.h"

/* Round N of those that begin with FIRST, counted from 0; NULL: there are not so many. */
const struct auth_conf *proof_round(const struct auth_conf *first, unsigned n);

/* The round of proofs that D is in, of ours and of the peer: who answers has one, who begins may have several
 * (RFC 4739). NULL: D's connection has no such round. */
const struct auth_conf *proof_own(const struct draft *d);
const struct auth_conf *proof_theirs(const struct draft *d);

/* The authorities, and the responders of OCSP, that we trust from now on, as CERTREQ lists them. */
void proof_authorities(struct ike *ike, struct bytes authorities, struct bytes responders);

/* Whether CONF may be met by a signature, by a shared key: where nothing is said we sign, and the peer may do
 * either. */
bool proof_may_sign(const struct auth_conf *conf);
bool proof_may_share(const struct auth_conf *conf);

/* Whether either side of P signs. A responder tells its hash algorithms only who told its own, so it counts
 * for both. */
bool proof_signs(const struct peer *p);

/* Adds the hash algorithms that we take signatures with (RFC 7427, 4), and keeps those of the peer. */
void proof_hashes_put(struct draft *d, struct message *m);
void proof_hashes_get(struct draft *d, const struct message *m);

/* Adds the CERTREQs that PEER's connection needs where the peer is to prove itself by a signature: for
 * certificates (RFC 7296, 3.7), for OCSP answers (RFC 4806), for a raw key (RFC 7670); and keeps the peer's.
 */
void proof_certreq_put(struct draft *d, const struct peer *peer, struct message *m);
void proof_certreq_get(struct draft *d, const struct message *m);

/* Asks for our proof; the SA waits for it in STATE. It ends where the peer does not take such a one
 * (announce.h). */
enum verdict proof_ask(struct draft *d, enum sa_state state);
/* The same with the keys of CORE. */
enum verdict proof_ask_with(struct draft *d, const struct sa_core *core, enum sa_state state);

/* A question about AUTH, for the answer to which the SA waits in STATE: KIND is ASK_PROOF or ASK_CHECK. What
 * is particular is the caller's to add. */
struct ike_question *proof_question(struct draft *d, enum ike_ask_kind kind, enum sa_state state);

/* Adds our proof: AUTH, and what CERT payloads it takes. */
void proof_put(const struct draft *d, struct message *m);

/* Keeps what D's answer brought for proof_put, when something else has to be asked before. */
void proof_take(struct draft *d);

/* Keeps the peer's IKE_AUTH, D's message, while its proof is being checked; and parses it again. */
void proof_keep(struct draft *d);
void proof_kept(const struct draft *d, struct message *out);

/* Asks whether the proof in M is right; the SA waits for the answer in STATE. */
enum verdict proof_check(struct draft *d, const struct message *m, enum sa_state state);

/* It is: keeps what the answer says of its certificates. And only what the peer has proved itself with, where
 * the answer has it: that will be judged again. */
void proof_checked(struct draft *d);
void proof_keep_certs(struct draft *d);

/* A copy in ARENA. */
struct ike_certs proof_certs_copy(struct arena *arena, const struct ike_certs *certs);

/* How CONF says that is proved: "psk", "pubkey", "eap-mschapv2", … From ARENA. */
const char *proof_way(const struct auth_conf *conf, struct arena *arena);

/* D->why, which says that the peer does not let in who calls himself ID, gets what may be the cause of it. */
void proof_doubted(struct draft *d, const struct id *id);

/* How the peer's proof in M is made, in the same words; NULL: by a method that is unknown here. */
const char *proof_seen(const struct message *m);

/* What keeps the peer's proof in M from being of the kind that CONF asks for, from ARENA; NULL: nothing. No
 * AUTH at all is a wish for EAP. */
const char *proof_unfit(const struct auth_conf *conf, const struct message *m, struct arena *arena);
