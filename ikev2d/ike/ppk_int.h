/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Post-quantum preshared keys in IKE_INTERMEDIATE (RFC 9867): all keys of the IKE_SA come from such a key, so
 * that IKE_AUTH is protected by it too. The last of these exchanges is for it, the only one where there is no
 * additional key exchange. It stays with whoever keeps it: what is made with it is asked. */
#pragma once

#include "ike/step.h"

/* Whether the IKE_INTERMEDIATE exchange at hand, or the next one, is the one in which a key is named. */
bool ppk_int_due(const struct draft *d);

/* Initiator: asks for what shows that we have the key that our connection names. */
enum verdict ppk_int_prepare(struct draft *d);
/* It is there. */
void ppk_int_prepared(struct draft *d);
/* It cannot be had: D->answer says why. False: our connection demands the key, and D->why says so. */
bool ppk_int_lacking(struct draft *d);
/* Names the key in M, the request. */
void ppk_int_name(struct draft *d, struct message *m);
/* Reads M, the answer. False: the key is not to be used and is demanded, or another one is; D->why says so.
 */
bool ppk_int_answered(struct draft *d, const struct message *m);

/* Responder: keeps which keys M, the request, names, as far as one of the candidates may use them. */
void ppk_int_read(struct draft *d, const struct message *m);
/* Asks for what must show that the peer has the next of them. False: there is none any more. */
bool ppk_int_try(struct draft *d);
/* Whether it does show that, by D->answer: then it is the key of both. */
bool ppk_int_fits(struct draft *d);
/* None was found, and every candidate demands one; D->why says so. */
bool ppk_int_refused(struct draft *d);
/* Says in M, the answer, which key is used, if one is. */
void ppk_int_choose(struct draft *d, struct message *m);
/* Whether P is content with that, or with what IKE_AUTH shows yet (RFC 8784). */
bool ppk_int_suffices(const struct draft *d, const struct peer *p);
/* Whether the connection that the peer turns out to be for is. False: D->why says so. */
bool ppk_int_serves(struct draft *d);

/* Whether both have found a key, which is yet to be used. */
bool ppk_int_found(const struct draft *d);
/* Asks for the SKEYSEED that KEYS and the key lead to (RFC 9867, 3.1.1). */
enum verdict ppk_int_ask(struct draft *d, const struct sa_keys *keys, enum sa_state state);
/* It is there: CORE gets the keys that follow. False: they cannot be made. */
bool ppk_int_mix(struct draft *d, struct sa_core *core);
