/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Elements by a key that several may have: those of one key are a ring, and a map leads to the first of it.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"

struct ring_node {
	struct node node;
	uint64_t key;
};

/* Of an element that is in no ring yet. */
void ring_init(struct ring_node *n);

/* Puts N, which is in no ring, behind all others of KEY; takes it out again, where it is in one. */
void ring_add(struct map *m, struct ring_node *n, uint64_t key);
void ring_remove(struct map *m, struct ring_node *n);

/* The next of KEY behind AT (NULL: the first), in the order in which they came; NULL at the end. */
struct ring_node *ring_next(const struct map *m, const struct ring_node *at, uint64_t key);
