/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CREATE_CHILD_SA for CHILD_SAs: further ones, and new ones in place of old ones. */
#pragma once

#include "ike/step.h"

/* Begins the exchange of the task T (a child created or rekeyed). False: there is nothing to do any more. */
bool create_begin(struct draft *d, const struct task *t);

/* Cells of the table; IKE_SAs that are rekeyed go on to rekey.h. */
handler create_request, create_response, create_refusal, create_late;

/* The question of X, D->ours or D->theirs, was answered. */
enum verdict create_answered(struct draft *d, struct negotiation *x);

/* The child that their exchange made is installed, or could not be: they are answered; that ours made: it is
 * over. */
enum verdict create_answer(struct draft *d, struct child *child, bool success);
enum verdict create_made(struct draft *d, struct child *child, bool success);

/* What both kinds of CREATE_CHILD_SA share. */

/* Our key pair for X->ke is asked for. */
enum verdict create_ask_key_pair(struct draft *d);

/* The peer wants the group in N (INVALID_KE_PAYLOAD): begins again with it if it is one of OFFERED. */
bool create_other_group(struct draft *d, const struct wire_notify *n, struct proposals offered);

/* Theirs: the key exchange that was agreed on is computed; or, where the KE payload is of another group,
 * asked for again. */
enum verdict create_ask_respond(struct draft *d);

/* Their exchange comes to nothing; what it was to replace lives on. */
void create_withdraw(struct draft *d);

/* The KE payload of the key exchange at hand, if there is one, into M. */
void create_put_ke(const struct negotiation *x, struct message *m);

/* Our exchange was refused for now. */
enum verdict create_again(struct draft *d, uint64_t delay);

/* Their request, taken in an earlier step, is refused. */
enum verdict create_refuse_later(struct draft *d, uint16_t notify);

/* Our request was refused for good, or answered with what cannot be: D->why says why. */
enum verdict create_failed(struct draft *d);
