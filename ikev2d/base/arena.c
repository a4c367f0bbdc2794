/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunks in a list, the newest first; a piece is cut from the newest or opens a new one. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Most arenas live as long as an SA and hold a pair of selectors or of identities; others take much for a
 * moment. Each chunk is three times as large as the one before, up to a page, with what malloc needs. */
enum { CHUNK_FIRST = 192 - 48, CHUNK_LARGEST = 4096 - 64, GROWTH = 3, ALIGN = 16 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	_Alignas(16) uint8_t data[];
};

size_t arena_octets(size_t n)
{
	return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

static struct arena_chunk *chunk_of(struct arena *a, size_t size)
{
	struct arena_chunk *c = calloc(1, sizeof *c + size);

	if (!c)
		abort();
	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	return c;
}

static struct arena_chunk *chunk_new(struct arena *a, size_t n)
{
	size_t size = a->chunks ? GROWTH * a->chunks->size : CHUNK_FIRST;

	size = size < CHUNK_LARGEST ? size : CHUNK_LARGEST;
	return chunk_of(a, n > size ? n : size);
}

void arena_expect(struct arena *a, size_t n)
{
	if (n > SIZE_MAX / 2)
		abort();
	if (!a->chunks || a->chunks->size - a->chunks->used < n)
		chunk_of(a, n);
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	if (n > SIZE_MAX / 2)
		abort();
	n = arena_octets(n);
	if (!c || c->size - c->used < n)
		c = chunk_new(a, n);
	p = c->data + c->used;
	c->used += n;
	a->taken += n;
	return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size)
		abort();
	return arena_alloc(a, count * size);
}

struct bytes arena_bytes(struct arena *a, struct bytes b)
{
	return bytes_of(arena_text(a, b), b.n);
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_text(a, bytes_str(s));
}

char *arena_text(struct arena *a, struct bytes b)
{
	char *p = arena_alloc(a, b.n + 1);

	if (b.n)
		memcpy(p, b.p, b.n);
	return p;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args, again;
	char *p;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		abort();
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, format, again);
	va_end(again);
	return p;
}

void arena_join(struct arena *into, struct arena *from)
{
	struct arena_chunk **last = &from->chunks;

	while (*last)
		last = &(*last)->next;
	*last = into->chunks;
	*into = (struct arena){ from->chunks, into->taken + from->taken };
	*from = (struct arena){ 0 };
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c, *next;

	for (c = a->chunks; c; c = next) {
		next = c->next;
		wipe(c, sizeof *c + c->used);
		free(c);
	}
	*a = (struct arena){ 0 };
}
