/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a step of the core returned, as lines for people and for comparison: two steps are equal when their
 * lines are. */
#pragma once

#include "daemon/tape.h"

struct summary {
	const char **lines; /* one an action */
	unsigned n;
	char digest[TAPE_DIGEST]; /* of the lines and of the time at which the core wants to be woken */
};

/* From ARENA, before IKE sees another event. Octets stand in the lines as a digest of theirs ("sum=").
 * Without SECRETS a sealed datagram counts as what was sealed in it (daemon/opened.h), or as its header where
 * the IKE_SA that made it has ended with it, and keys, proofs and what is to be signed count by their length
 * only. Where a line of the configuration was written is never in them. */
void summary_make(
	struct ike *ike, const struct ike_out *out, bool secrets, struct arena *arena, struct summary *s);

/* A datagram in words, from ARENA: "IKE_AUTH request 1: SK {IDi, AUTH, SA, TSi, TSr}"; "?" where it has no
 * form. OPENED: what was sealed in it, or NULL. */
struct opened;
const char *summary_datagram(struct bytes datagram, const struct opened *opened, struct arena *arena);
