/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connection a peer means: an ordered list that shrinks as more is known of it. */
#pragma once

#include "ike/step.h"

/* The connections whose addresses allow the path of the IKE_SA_INIT request at hand, the most specific first,
 * into D->hs (kept). False when there is none; D->why says so. */
bool candidates_by_address(struct draft *d);

/* Chooses the proposal from the best candidate that accepts one of OFFERED with the key exchange GROUP of the
 * KE payload, or else with any; those that accept none are excluded. False when none does; D->why explains
 * the nearest. */
bool candidates_by_proposal(
	struct draft *d, struct proposals offered, uint16_t group, const struct proposal **chosen);

/* Leaves those whose identities allow IDi and, where the peer sent it, IDr of the IKE_AUTH request M, and
 * that want the kind of proof it has; D->core.peer is the best one then. False when none is left; D->why
 * lists the candidates and what excluded each. */
bool candidates_by_identity(struct draft *d, const struct message *m);

/* Whether D->core.peer allows IDi of M, a further IKE_AUTH request, and the kind of proof it has. False:
 * D->why says so. */
bool candidate_stays(struct draft *d, const struct message *m);

/* Leaves those that allow what EAP has proved (D->hs.eap): the identity, its groups, and the method it was
 * proved with; D->core.peer is the best one then. False when none is left; D->why says so. */
bool candidates_by_eap(struct draft *d);

/* D->core.peer is out, because of WHY (NULL: not known), and the next one takes its place. False when none is
 * left. */
bool candidates_next(struct draft *d, const char *why);
