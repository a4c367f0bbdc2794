/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash table from 64-bit keys to pointers that it does not own. */
#pragma once

#include "base/bytes.h"

struct map_slot {
	uint64_t key;
	void *value; /* NULL: free */
};

/* All zero is an empty map. */
struct map {
	struct map_slot *slots;
	size_t count, cap;
	uint64_t seed; /* mixed into the hash; set it once, before the first map_put, where strangers choose
			  the keys */
};

/* The value of KEY, or NULL. */
void *map_get(const struct map *m, uint64_t key);

/* Sets KEY to VALUE (not NULL); an earlier value is replaced. */
void map_put(struct map *m, uint64_t key, void *value);

/* Takes KEY out and returns its value, or NULL when it was not there. */
void *map_take(struct map *m, uint64_t key);

/* The first value at or after slot *AT, which then stands behind it; NULL at the end. Start with *AT = 0. The
 * map must not change in between. */
void *map_next(const struct map *m, size_t *at);

/* A table of its own with the same keys and values. */
struct map map_copy(const struct map *m);

/* Frees the table; the values are their owners'. */
void map_free(struct map *m);
