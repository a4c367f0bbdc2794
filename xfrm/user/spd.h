/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy a packet from a tun device meets (RFC 4301, 4.4.1): the most specific selectors first. Pure.
 */
#pragma once

#include "xfrm/user/inner.h"

struct sa_slot;
struct policy_live;

/* One pair of selectors of a policy. */
struct spd_entry {
	unsigned device; /* its slot: packets of other devices do not meet it */
	struct ts local, remote;
	bool trap;
	uint64_t age; /* the larger, the newer the policy */
	struct policy_live *policy;
	const struct sa_slot *sa; /* outbound; NULL: there is none */
};

/* Into the order in which they are tried: by device; then the narrower remote and local addresses, a protocol
 * before every protocol, fewer ports; of the same selectors those with an SA first, so that a new policy
 * takes over when it can carry, then CHILD policies before traps, newer before older. */
void spd_sort(struct spd_entry *v, size_t n);

/* The first of N entries (of one device) whose selectors the packet matches, or NULL. */
const struct spd_entry *spd_find(const struct spd_entry *v, size_t n, const struct inner *in);
