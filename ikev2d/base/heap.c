/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The children of place i stand at 2i and 2i + 1; place 0 stays free. */
#include "base/heap.h"

#include <stdlib.h>

static void put(struct heap *h, size_t place, struct heap_node *n)
{
	h->nodes[place] = n;
	n->place = place;
}

static void up(struct heap *h, struct heap_node *n, size_t i)
{
	for (; i > 1 && h->nodes[i / 2]->due > n->due; i /= 2)
		put(h, i, h->nodes[i / 2]);
	put(h, i, n);
}

static void down(struct heap *h, struct heap_node *n, size_t i)
{
	size_t child;

	for (; (child = 2 * i) <= h->count; i = child) {
		if (child < h->count && h->nodes[child + 1]->due < h->nodes[child]->due)
			child++;
		if (h->nodes[child]->due >= n->due)
			break;
		put(h, i, h->nodes[child]);
	}
	put(h, i, n);
}

static void insert(struct heap *h, struct heap_node *n)
{
	if (h->count + 2 > h->cap) {
		h->cap = h->cap ? 2 * h->cap : 16;
		h->nodes = realloc(h->nodes, h->cap * sizeof(struct heap_node *));
		if (!h->nodes)
			abort();
	}
	up(h, n, ++h->count);
}

static void take(struct heap *h, struct heap_node *n)
{
	struct heap_node *last = h->nodes[h->count--];
	size_t hole = n->place;

	n->place = 0;
	if (last == n)
		return;
	if (hole > 1 && h->nodes[hole / 2]->due > last->due)
		up(h, last, hole);
	else
		down(h, last, hole);
}

void heap_set(struct heap *h, struct heap_node *n, uint64_t due)
{
	if (n->place && n->due == due)
		return;
	if (n->place)
		take(h, n);
	n->due = due;
	if (due != HEAP_NEVER)
		insert(h, n);
}

struct heap_node *heap_first(const struct heap *h)
{
	return h->count ? h->nodes[1] : NULL;
}

void heap_free(struct heap *h)
{
	free(h->nodes);
	*h = (struct heap){ 0 };
}
