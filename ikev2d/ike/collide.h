/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Simultaneous requests (RFC 7296, 2.25): THE table of our exchange under way and theirs that comes; and who
 * wins when both replace the same SA (2.8.1, 2.8.2).
 *
 * When both ask for the same new child at once, both stay: several SAs with the same selectors are allowed,
 * and none is to be deleted for being like another one (2.8); neither end could know which of them the other
 * one keeps. One that has not been asked for yet when the peer's stands is not asked for (create.c). */
#pragma once

#include "ike/step.h"

enum theirs { THEIRS_CREATE, THEIRS_REKEY_CHILD, THEIRS_REKEY_IKE, THEIRS_DELETE_CHILD, THEIRS_COUNT };

enum rule {
	RULE_TAKE,     /* as if we did nothing */
	RULE_BUSY,     /* TEMPORARY_FAILURE */
	RULE_CONTEST,  /* taken too; the nonces decide between the two afterwards */
	RULE_SILENT,   /* a delete of what we delete: answered without a Delete payload */
	RULE_GIVE_WAY, /* taken; ours, which nobody has seen yet, is put off */
};

/* What to do with their request; CHILD is the one that it is about, or NULL. */
enum rule collide(const struct draft *d, enum theirs theirs, const struct child *child);

/* Their exchange X has replaced what ours is replacing: the lower of its nonces is kept for our answer. */
void contest_note(struct draft *d, const struct negotiation *x);

/* Whether ours, X, which is complete, has the lowest of the four nonces: then what it made goes again. */
bool contest_lost(const struct negotiation *x);
