/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy a packet from a tun device meets (RFC 4301, 4.4.1): that of the smallest priority, which is as
 * configured, or else made from the selectors: the most specific ones first. Pure.
 *
 * Found by hashing: for each pair of lengths that prefixes of both sides have (there are few of them, however
 * many policies there are) the packet's addresses, cut to these lengths, lead to the entries that may match.
 */
#pragma once

#include "base/map.h"
#include "xfrm/user/inner.h"
#include "xfrm/user/retired.h"

struct sa_own;
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
	struct sa_own *own;       /* those for some packet threads alone; NULL: all have one */
};

/* Entries within the same networks, in order. Never changed, but replaced. */
struct spd_bucket {
	struct retired retired;
	unsigned n;
	struct spd_entry v[];
};

/* The lengths, in bits, of the smallest prefixes around both ranges of a pair of selectors. */
struct spd_shape {
	uint8_t v, local, remote; /* V: 4 or 6 */
	size_t entries;           /* that have it */
};

/* All zero is an empty table. */
struct spd {
	struct map buckets;
	struct spd_shape *shapes;
	unsigned n_shapes;
};

/* The priority of a policy with these selectors that none is configured for. It is strongSwan's, so that
 * configured ones fall between the same numbers: 400000 less 512 for each bit of both network prefixes, 256
 * for a protocol, 4 for each bit that all ports of a side have in common. (Its bit for traps is left out:
 * spd_order knows them.) */
uint32_t spd_priority(const struct ts *local, const struct ts *remote);

/* Less than 0 when A is tried before B: by priority; of the same priority the narrower remote and local
 * addresses, a protocol before every protocol, fewer ports; of the same selectors those with an SA first, so
 * that a new policy takes over when it can carry, then CHILD policies before traps, newer before older. */
int spd_order(const struct spd_entry *a, const struct spd_entry *b);

/* Adds the N entries at V, all of one policy. Buckets that are no longer in use then go to GONE. */
void spd_put(struct spd *s, const struct spd_entry *v, size_t n, struct retired **gone);

/* Takes away what spd_put was given. */
void spd_take(struct spd *s, const struct spd_entry *v, size_t n, struct retired **gone);

/* A copy that stays as it is; it shares the buckets. */
struct spd spd_copy(const struct spd *s);

/* Frees the table, but no bucket. */
void spd_free(struct spd *s);

/* The first entry of DEVICE whose selectors the packet matches, or NULL. */
const struct spd_entry *spd_find(const struct spd *s, unsigned device, const struct inner *in);
