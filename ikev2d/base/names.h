/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers and their words. A table ends with a row whose word is NULL. */
#pragma once

#include "base/bytes.h"

struct name {
	int value;
	const char *word;
};

/* The word of VALUE, or NULL when the table has it not. */
const char *name_word(const struct name *table, int value);

/* The row with WORD (case does not count), or NULL. */
const struct name *name_find(const struct name *table, const char *word);

/* The candidate that is most like WORD, for "did you mean": NEXT yields candidates one by one, then NULL.
 * Returns NULL when none is near (more than a third of its letters differ). */
const char *name_nearest(const char *word, const char *(*next)(void *ctx), void *ctx);
