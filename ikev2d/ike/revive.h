/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels that are to come back: authenticated anew, after the peer has closed them or was found dead. */
#pragma once

#include "ike/step.h"

/* Whether SA is about to be replaced by another one that authenticates anew, or has just done so itself. */
bool revive_under_way(const struct ike *ike, const struct sa *sa);

/* Authenticates the peer of SA anew (RFC 7296, 2.8.3), by a new IKE_SA with the same children: before the old
 * one goes or, where so configured, after. Only the original initiator does. Where that is
 * under way already, later. */
void revive_reauth(struct step *s, struct sa *sa);

/* The peer of SA sends us to the gateway TO: a new IKE_SA with the same children is made there, and SA goes.
 */
void revive_moved(struct step *s, struct sa *sa, const struct gateway *to);

/* SA is ending, its children are still there: if that was for authentication anew, it is started again. */
void revive_ended(struct step *s, struct sa *sa);

/* What is to become of FROM becomes of INTO, which has taken its place. */
void revive_adopted(struct ike *ike, struct sa *from, struct sa *into);

/* The IKE_SA SA is up, and perhaps its children: the one that it takes the place of goes. */
void revive_check(struct step *s, struct sa *sa);
