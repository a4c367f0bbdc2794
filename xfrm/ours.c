/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparing addresses alone. */
#include "xfrm/ours.h"

static struct ts addresses(const struct ts *ts)
{
	return (struct ts){ .lo = ts->lo, .hi = ts->hi, .port_hi = UINT16_MAX };
}

static bool inside_wider(const struct ts *inner, struct tss set)
{
	for (unsigned i = 0; i < set.n; i++) {
		struct ts outer = addresses(&set.v[i]);

		if (outer.lo.v && ts_contains(&outer, inner) && !ts_contains(inner, &outer))
			return true;
	}
	return false;
}

struct tss ours_of(struct tss local, struct tss remote, struct arena *arena)
{
	struct ts *v = ARENA_ARRAY(arena, local.n, struct ts);
	unsigned n = 0;

	for (unsigned i = 0; i < local.n; i++) {
		v[n] = addresses(&local.v[i]);
		n += v[n].lo.v && inside_wider(&v[n], remote);
	}
	return (struct tss){ v, n };
}
