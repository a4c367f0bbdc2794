/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CREATE_CHILD_SA for IKE_SAs (RFC 7296, 1.3.2, 2.8.2): a new one takes the place of the old, with all its
 * children. */
#pragma once

#include "ike/step.h"

/* Begins our exchange. */
void rekey_begin(struct draft *d);
/* Our key pair is there. */
enum verdict rekey_send(struct draft *d);
/* The secrets are there: the new IKE_SA is made, and takes over unless another one has won. */
enum verdict rekey_agreed(struct draft *d);
/* The peer has made a new IKE_SA, and ours cannot be made: D->why says why. */
enum verdict rekey_failed(struct draft *d);
/* Ours came to nothing. Theirs, if they have one, takes over; else it is tried again after about DELAY. */
enum verdict rekey_give_up(struct draft *d, uint64_t delay);
handler rekey_response, rekey_refusal, rekey_request;
/* Our answer to theirs, with its first key exchange. */
struct message rekey_answer(const struct draft *d);
/* Their key exchanges are computed: the new IKE_SA is made and they are answered. */
enum verdict rekey_responded(struct draft *d);
