/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from names to pointers; it owns neither. */
#pragma once

#include "base/map.h"

/* All zero is an empty one. */
struct dict {
	struct map entries; /* by hash; those of equal hash are chained */
	size_t count;
};

/* The value of NAME, or NULL. */
void *dict_get(const struct dict *d, const char *name);

/* Sets NAME, which must last until it is taken out, to VALUE (not NULL). It must not be there yet. */
void dict_put(struct dict *d, const char *name, void *value);

/* Takes NAME out and returns its value, or NULL when it was not there. */
void *dict_take(struct dict *d, const char *name);

/* Frees the table; names and values are their owners'. */
void dict_free(struct dict *d);
