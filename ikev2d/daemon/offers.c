/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/offers.h"

#include <stdlib.h>

struct offer {
	struct node node;
	uint64_t number;
	struct arena arena;
	struct bytes data;
};

static void offer_free(struct offers *o, struct offer *f)
{
	list_remove(&f->node);
	o->n--;
	arena_free(&f->arena);
	free(f);
}

void offers_start(struct offers *o)
{
	list_init(&o->all);
	o->n = 0;
}

void offers_stop(struct offers *o)
{
	list_each_safe (n, &o->all)
		offer_free(o, node_owner(n, struct offer, node));
}

void offers_add(struct offers *o, uint64_t number, struct bytes data)
{
	struct offer *f = calloc(1, sizeof *f);

	if (!f)
		abort();
	if (o->n == OFFERS_MAX)
		offer_free(o, node_owner(o->all.next, struct offer, node));
	f->number = number;
	f->data = arena_bytes(&f->arena, data);
	list_append(&o->all, &f->node);
	o->n++;
}

bool offers_take(struct offers *o, uint64_t number, struct arena *arena, struct bytes *out)
{
	for (struct node *n = o->all.prev; n != &o->all; n = n->prev) {
		struct offer *f = node_owner(n, struct offer, node);

		if (f->number != number)
			continue;
		*out = arena_bytes(arena, f->data);
		while (o->all.next != n)
			offer_free(o, node_owner(o->all.next, struct offer, node));
		offer_free(o, f);
		return true;
	}
	return false;
}

void offers_drop(struct offers *o, uint64_t number)
{
	list_each_safe (n, &o->all) {
		struct offer *f = node_owner(n, struct offer, node);

		if (f->number == number)
			offer_free(o, f);
	}
}
