/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy a packet from a tun device meets (RFC 4301, 4.4.1): that of the smallest priority, which is as
 * configured, or else made from the selectors: the most specific ones first. Pure. */
#pragma once

#include "xfrm/user/inner.h"

struct sa_slot;
struct policy_live;

/* One pair of selectors of a policy. */
struct spd_entry {
	unsigned device; /* its slot: packets of other devices do not meet it */
	struct ts local, remote;
	uint32_t priority; /* the smaller is tried first */
	bool trap;
	uint64_t age; /* the larger, the newer the policy */
	struct policy_live *policy;
	const struct sa_slot *sa; /* outbound; NULL: there is none */
};

/* The priority of a policy with these selectors that none is configured for. It is strongSwan's, so that
 * configured ones fall between the same numbers: 400000 less 512 for each bit of both network prefixes, 256
 * for a protocol, 4 for each bit that all ports of a side have in common. (Its bit for traps is left out:
 * spd_sort knows them.) */
uint32_t spd_priority(const struct ts *local, const struct ts *remote);

/* Into the order in which they are tried: by device; then by priority; of the same priority the narrower
 * remote and local addresses, a protocol before every protocol, fewer ports; of the same selectors those with
 * an SA first, so that a new policy takes over when it can carry, then CHILD policies before traps, newer
 * before older. */
void spd_sort(struct spd_entry *v, size_t n);

/* The first of N entries (of one device) whose selectors the packet matches, or NULL. */
const struct spd_entry *spd_find(const struct spd_entry *v, size_t n, const struct inner *in);
