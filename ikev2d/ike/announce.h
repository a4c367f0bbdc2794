/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announcing which proofs of the other side are taken (RFC 9593):
 *
 *   initiator                                     responder
 *   HDR, SAi1, KEi, Ni                  -->
 *                                       <--       HDR, SAr1, KEr, Nr, N(SUPPORTED_AUTH_METHODS)
 *   HDR, SK {IDi, AUTH, …, N(SUPPORTED_AUTH_METHODS)} -->
 *
 * It is said where it tells something: with shared keys alone there is nothing to choose, with EAP it is not
 * AUTH that is chosen, and who takes every signature need not make IKE_SA_INIT, which cannot go in fragments,
 * twice as large for that. */
#pragma once

#include "ike/step.h"

/* Responder: says in M, IKE_SA_INIT, what any of the candidates takes. */
void announce_candidates(struct draft *d, struct message *m);
/* Initiator: says in M, IKE_AUTH, what D's connection takes. */
void announce_theirs(struct draft *d, struct message *m);

/* Keeps what M says. An empty list says that it comes in IKE_INTERMEDIATE. */
void announce_keep(struct draft *d, const struct message *m);

/* Whether the peer takes the kind of proof that is ours in the round at hand; else D->why says so. Which
 * signature it is to be is chosen with the key. */
bool announce_fits(struct draft *d);
