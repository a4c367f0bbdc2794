/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A doubly linked list through nodes inside the elements. A list is a node too, linked to itself when empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct node {
	struct node *next, *prev;
};

/* The element of TYPE that NODE is the MEMBER of. */
#define node_owner(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Every node of LIST; in the second form the current one may be removed. */
#define list_each(n, list) for (struct node *n = (list)->next; n != (list); n = n->next)
#define list_each_safe(n, list)                                                                              \
	for (struct node *n = (list)->next, *n##_next = n->next; n != (list);                                \
		n = n##_next, n##_next = n->next)

static inline void list_init(struct node *list)
{
	list->next = list->prev = list;
}

static inline bool list_empty(const struct node *list)
{
	return list->next == list;
}

static inline void list_append(struct node *list, struct node *n)
{
	n->prev = list->prev;
	n->next = list;
	list->prev->next = n;
	list->prev = n;
}

/* Appends all that is in FROM, which is empty then. */
static inline void list_join(struct node *list, struct node *from)
{
	if (list_empty(from))
		return;
	from->prev->next = list;
	from->next->prev = list->prev;
	list->prev->next = from->next;
	list->prev = from->prev;
	list_init(from);
}

/* Takes N out; taking it out again does nothing. */
static inline void list_remove(struct node *n)
{
	n->prev->next = n->next;
	n->next->prev = n->prev;
	list_init(n);
}
