/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A map of hashes to chains. */
#include "base/dict.h"

#include <stdlib.h>

struct entry {
	struct entry *same; /* the next one of equal hash */
	const char *name;
	void *value;
};

static uint64_t hash(const char *name)
{
	return bytes_hash(BYTES_HASH, bytes_str(name));
}

void *dict_get(const struct dict *d, const char *name)
{
	const struct entry *e = map_get(&d->entries, hash(name));

	while (e && strcmp(e->name, name))
		e = e->same;
	return e ? e->value : NULL;
}

void dict_put(struct dict *d, const char *name, void *value)
{
	uint64_t h = hash(name);
	struct entry *e = malloc(sizeof *e);

	if (!e)
		abort();
	*e = (struct entry){ map_get(&d->entries, h), name, value };
	map_put(&d->entries, h, e);
	d->count++;
}

void *dict_take(struct dict *d, const char *name)
{
	uint64_t h = hash(name);
	struct entry *first = map_take(&d->entries, h), **at = &first, *found;
	void *value = NULL;

	while (*at && strcmp((*at)->name, name))
		at = &(*at)->same;
	found = *at;
	if (found) {
		*at = found->same;
		value = found->value;
		free(found);
		d->count--;
	}
	if (first)
		map_put(&d->entries, h, first);
	return value;
}

void dict_free(struct dict *d)
{
	size_t at = 0;
	struct entry *e, *next;

	while ((e = map_next(&d->entries, &at)))
		for (; e; e = next) {
			next = e->same;
			free(e);
		}
	map_free(&d->entries);
	*d = (struct dict){ 0 };
}
