/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of words, and the nearest word to a misspelt one. */
#include "base/names.h"

#include <strings.h>

enum { WORD_MAX = 64 };

const char *name_word(const struct name *table, int value)
{
	for (; table->word; table++)
		if (table->value == value)
			return table->word;
	return NULL;
}

const struct name *name_find(const struct name *table, const char *word)
{
	for (; table->word; table++)
		if (!strcasecmp(table->word, word))
			return table;
	return NULL;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance, by rows; words too long for that are far from everything. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[WORD_MAX + 1], diagonal, above;
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT32_MAX;
	for (unsigned j = 0; j <= nb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= na; i++) {
		diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= nb; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[nb];
}

const char *name_nearest(const char *word, const char *(*next)(void *ctx), void *ctx)
{
	unsigned best = (unsigned)strlen(word) / 3 + 1;
	const char *candidate, *nearest = NULL;

	while ((candidate = next(ctx))) {
		unsigned d = distance(word, candidate);

		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = candidate;
		}
	}
	return nearest;
}
