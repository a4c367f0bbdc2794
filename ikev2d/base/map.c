/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Open addressing with linear probing; at most three quarters full; deletion moves followers back. */
#include "base/map.h"

#include <stdlib.h>

static size_t slot_of(const struct map *m, uint64_t key)
{
	uint64_t h = key ^ m->seed;

	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93ULL;
	h ^= h >> 32;
	return (size_t)h & (m->cap - 1);
}

/* The slot that holds KEY, or the free one where it would go. The table is never full. */
static struct map_slot *find(const struct map *m, uint64_t key)
{
	size_t i = slot_of(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->cap = old.cap ? 2 * old.cap : 16;
	m->slots = calloc(m->cap, sizeof *m->slots);
	if (!m->slots)
		abort();
	for (size_t i = 0; i < old.cap; i++)
		if (old.slots[i].value)
			*find(m, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->cap ? find(m, key)->value : NULL;
}

void map_put(struct map *m, uint64_t key, void *value)
{
	struct map_slot *s;

	if (m->count + 1 > m->cap / 4 * 3)
		grow(m);
	s = find(m, key);
	m->count += !s->value;
	*s = (struct map_slot){ key, value };
}

void *map_take(struct map *m, uint64_t key)
{
	struct map_slot *s = m->cap ? find(m, key) : NULL;
	size_t hole, i;
	void *value;

	if (!s || !s->value)
		return NULL;
	value = s->value;
	m->count--;
	hole = i = (size_t)(s - m->slots);
	for (;;) {
		size_t home;

		m->slots[hole].value = NULL;
		do {
			i = (i + 1) & (m->cap - 1);
			if (!m->slots[i].value)
				return value;
			home = slot_of(m, m->slots[i].key);
		} while (((i - home) & (m->cap - 1)) < ((i - hole) & (m->cap - 1)));
		m->slots[hole] = m->slots[i];
		hole = i;
	}
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->cap)
		if (m->slots[(*at)++].value)
			return m->slots[*at - 1].value;
	return NULL;
}

struct map map_copy(const struct map *m)
{
	struct map copy = *m;

	if (!m->cap)
		return copy;
	copy.slots = malloc(m->cap * sizeof *m->slots);
	if (!copy.slots)
		abort();
	memcpy(copy.slots, m->slots, m->cap * sizeof *m->slots);
	return copy;
}

void map_free(struct map *m)
{
	free(m->slots);
	*m = (struct map){ .seed = m->seed };
}
