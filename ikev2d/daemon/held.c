/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/held.h"

#include <stdlib.h>

/* Most things are numbers, several of each tunnel. */
struct entry {
	struct node node;
	uint32_t number;
	unsigned times;
	struct ip ip[]; /* one of a thing that is an address */
};

/* How many there may be; the pools say how many leases. */
static const size_t limits[HELD_KINDS] = {
	[HELD_TALK] = 1 << 16,
	[HELD_TRAP] = 1 << 16,
	[HELD_SA_IN] = 1 << 18,
	[HELD_SA_OUT] = 1 << 18,
	[HELD_POLICY] = 1 << 18,
	[HELD_VIP] = 1 << 12,
	[HELD_IKE] = 1 << 18,
	[HELD_LEASE] = SIZE_MAX,
};

bool held_room(const struct held *h, enum held_kind kind, size_t more)
{
	return h->n[kind] <= limits[kind] && more <= limits[kind] - h->n[kind];
}

/* Addresses are few, or given by us: none is chosen so that its hash is another one's. */
static uint64_t key_of(const struct held_thing *t)
{
	uint64_t h = t->ip.v ? bytes_hash(BYTES_HASH, bytes_of(t->ip.a, ip_size(&t->ip))) : t->number;

	return h ? h : 1;
}

static bool is_address(enum held_kind kind)
{
	return kind == HELD_VIP || kind == HELD_LEASE;
}

static struct entry *entry_new(enum held_kind kind, const struct held_thing *t)
{
	struct entry *e = calloc(1, sizeof *e + (is_address(kind) ? sizeof *e->ip : 0));

	if (!e)
		abort();
	e->number = t->number;
	if (is_address(kind))
		*e->ip = t->ip;
	return e;
}

void held_add(struct held *h, enum held_kind kind, struct held_thing thing)
{
	uint64_t key = key_of(&thing);
	struct entry *e = map_get(&h->of[kind], key);

	if (!e) {
		e = entry_new(kind, &thing);
		list_append(&h->all[kind], &e->node);
		map_put(&h->of[kind], key, e);
	}
	e->times++;
	h->n[kind]++;
}

void held_drop(struct held *h, enum held_kind kind, struct held_thing thing)
{
	uint64_t key = key_of(&thing);
	struct entry *e = map_get(&h->of[kind], key);

	if (!e)
		return;
	h->n[kind]--;
	if (--e->times)
		return;
	map_take(&h->of[kind], key);
	list_remove(&e->node);
	free(e);
}

bool held_has(const struct held *h, enum held_kind kind, struct held_thing thing)
{
	return map_get(&h->of[kind], key_of(&thing));
}

bool held_take(struct held *h, enum held_kind last, enum held_kind *kind, struct held_thing *out)
{
	const struct entry *e;

	for (*kind = 0; *kind <= last; ++*kind) {
		if (list_empty(&h->all[*kind]))
			continue;
		e = node_owner(h->all[*kind].next, struct entry, node);
		*out = is_address(*kind) ? held_ip(e->ip) : held_number(e->number);
		held_drop(h, *kind, *out);
		return true;
	}
	return false;
}

unsigned held_count(const struct held *h, enum held_kind kind)
{
	return (unsigned)h->of[kind].count;
}

void held_move(struct held *into, struct held *from)
{
	enum held_kind kind;
	struct held_thing thing;

	while (held_take(from, HELD_KINDS - 1, &kind, &thing))
		held_add(into, kind, thing);
}

void held_start(struct held *h)
{
	*h = (struct held){ 0 };
	for (unsigned i = 0; i < HELD_KINDS; i++)
		list_init(&h->all[i]);
}

void held_stop(struct held *h)
{
	enum held_kind kind;
	struct held_thing thing;

	while (held_take(h, HELD_KINDS - 1, &kind, &thing))
		;
	for (unsigned i = 0; i < HELD_KINDS; i++)
		map_free(&h->of[i]);
}
