/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prefixes, as routing tables want them, cut out of ranges, as traffic selectors have them. */
#pragma once

#include "model/addr.h"

struct prefix {
	struct ip ip; /* its first address */
	unsigned bits;
};

enum { PREFIX_TEXT = IP_TEXT + 4 };

/* "10.1.0.0/16", into OUT, which is returned. */
const char *prefix_print(const struct prefix *p, char out[PREFIX_TEXT]);

/* ERR_SYNTAX or ERR_RANGE for what prefix_print does not write. */
enum err prefix_parse(const char *s, struct prefix *out) MUST_CHECK;

/* Whether every address of INNER is one of OUTER. */
bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

/* What is left of a range. Start with the range and MORE true. */
struct cut {
	struct ip lo, hi;
	bool more;
};

/* Cuts the longest prefix off the front; false when nothing is left. A range makes at most 2 * (bits of an
 * address - 1) prefixes. */
bool cut_next(struct cut *cut, struct prefix *out);
