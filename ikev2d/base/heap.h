/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A binary heap of due times: the nodes lie inside the elements and know their place, so that one can be
 * moved or taken out without a search. */
#pragma once

#include "base/bytes.h"

#define HEAP_NEVER UINT64_MAX

/* All zero is a node in no heap. */
struct heap_node {
	uint64_t due;
	size_t place; /* 1-based; 0: in no heap */
};

struct heap {
	struct heap_node **nodes;
	size_t count, cap;
};

/* Puts N at DUE, wherever it was before; HEAP_NEVER takes it out. */
void heap_set(struct heap *h, struct heap_node *n, uint64_t due);

/* The earliest node, or NULL. */
struct heap_node *heap_first(const struct heap *h);

/* Frees the table; the nodes are their owners'. */
void heap_free(struct heap *h);
