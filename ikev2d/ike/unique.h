/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many IKE_SAs one pair of identities may have (RFC 7296, 2.4: INITIAL_CONTACT; swanctl's "unique"). */
#pragma once

#include "ike/step.h"

/* Initiator: whether SA would be the only one between us and the peer of its connection, so that
 * INITIAL_CONTACT may say so. */
bool unique_is_first(const struct draft *d);

/* Responder, the peer of D being authenticated, M its IKE_AUTH request: whether it must be refused because it
 * has an IKE_SA already ("keep"); D->why says so. Otherwise D notes which of the others go. */
bool unique_refuses(struct draft *d, const struct message *m);

/* SA has come up by the ticket of this number: the one that it resumes goes without a word (RFC 5723, 4.3.4).
 */
void unique_resumed(struct step *s, struct sa *sa, uint64_t ticket);

/* SA has come up: the others of the same two identities end, HOW the draft noted. */
void unique_settle(struct step *s, struct sa *sa, enum unique_end how);
