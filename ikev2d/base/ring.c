/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/ring.h"

void ring_init(struct ring_node *n)
{
	list_init(&n->node);
}

void ring_add(struct map *m, struct ring_node *n, uint64_t key)
{
	struct ring_node *first = map_get(m, key);

	n->key = key;
	if (first)
		list_append(&first->node, &n->node);
	else
		map_put(m, key, n);
}

void ring_remove(struct map *m, struct ring_node *n)
{
	if (map_get(m, n->key) == n && list_empty(&n->node))
		map_take(m, n->key);
	else if (map_get(m, n->key) == n)
		map_put(m, n->key, node_owner(n->node.next, struct ring_node, node));
	list_remove(&n->node);
}

struct ring_node *ring_next(const struct map *m, const struct ring_node *at, uint64_t key)
{
	struct ring_node *first = map_get(m, key), *next;

	if (!at)
		return first;
	next = node_owner(at->node.next, struct ring_node, node);
	return next == first ? NULL : next;
}
