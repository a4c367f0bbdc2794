/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Post-quantum preshared keys: which both have, and how they are used. RFC 8784: SK_d, SK_pi and SK_pr are
 * mixed with a secret that both have besides, in IKE_AUTH. It stays with whoever keeps it: mixing is asked.
 * Earlier, in IKE_INTERMEDIATE: ppk_int.h. */
#pragma once

#include "ike/step.h"

/* Initiator: whether PEER has a key that IKE_INTERMEDIATE exchanges are needed for. */
bool ppk_offers_early(const struct peer *peer);
/* Initiator: says in M, IKE_SA_INIT, that PEER has such a key, if it has one, and when it may be used
 * (USE_PPK_INT, USE_PPK). */
void ppk_offer(const struct draft *d, const struct peer *peer, struct message *m);
/* What both have said. False: PEER demands a key and the other side has said nothing; D->why says so. */
bool ppk_agree(struct draft *d, const struct peer *peer, const struct message *m);
/* Responder: one of the two, if M, IKE_SA_INIT, and one of the candidates have it; the earlier one rather. */
void ppk_choose(struct draft *d, const struct message *m);
/* Says so in M, the answer. */
void ppk_answer(const struct draft *d, struct message *m);
/* Whether ID is a key that PEER uses. */
bool ppk_serves(const struct peer *peer, const struct id *id);

/* What becomes of the keys before AUTH is made or checked. */
enum ppk_choice {
	PPK_NONE,    /* they stay as they are */
	PPK_MIX,     /* they are to be mixed */
	PPK_PLAIN,   /* they stay as they are, and NO_PPK_AUTH is AUTH */
	PPK_REFUSED, /* D->why says why */
};

/* Initiator: PPK_NONE or PPK_MIX. */
enum ppk_choice ppk_choose_ours(const struct draft *d);
/* Responder: by M, IKE_AUTH. */
enum ppk_choice ppk_choose_theirs(struct draft *d, const struct message *m);
/* The same when there is no such key after all: D->answer says so. */
enum ppk_choice ppk_missing(struct draft *d, const struct message *m);

/* Asks for the keys mixed with the key of id ID. */
enum verdict ppk_ask(struct draft *d, const struct id *id, enum sa_state state);
/* They are there: the ones before are kept for a peer that can do without. False: they cannot be. */
bool ppk_mix(struct draft *d);
/* The ones before are in force again. */
void ppk_undo(struct draft *d);

/* Initiator: whether AUTH is needed once more, without the key; then *OUT to make it with, which the caller
 * wipes. */
bool ppk_optional(const struct draft *d);
void ppk_core_before(const struct draft *d, struct sa_core *out);
/* Initiator: says in M, IKE_AUTH, which key is used, and adds AUTH without it. Responder: that it is used.
 * Neither where the IKE_SA is resumed: the old keys are mixed. */
void ppk_name(const struct draft *d, struct message *m);
/* Initiator: whether M, the answer, uses the key; else the keys before are in force. False: we demand it, and
 * D->why says so. */
bool ppk_answered(struct draft *d, const struct message *m);

/* Of a PPK_IDENTITY notify; ID_ANY: it has none. From ARENA. */
struct id ppk_identity(struct bytes data, struct arena *arena);
/* The other way round; from the step. */
struct bytes ppk_identity_put(const struct draft *d, const struct id *id);

/* Initiator: our key cannot be used, D->answer says why. False: it is demanded, and D->why says so. */
bool ppk_go_without(struct draft *d);
/* D->why: WHAT, with the KEY of the connection D is for (or P) that is to be changed, and to INSTEAD (NULL:
 * nothing is). */
void ppk_explain(struct draft *d, const char *what, const char *key, const char *instead);
void ppk_explain_for(
	struct draft *d, const struct peer *p, const char *what, const char *key, const char *instead);
/* D->why: the peer uses ID, the connection does not. */
void ppk_explain_other(struct draft *d, const struct id *id);
