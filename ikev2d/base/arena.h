/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that is taken piece by piece and given back all at once, wiped. An arena belongs to one object
 * (an SA, a configuration, one step of the core); what lives in it dies with it, secrets included. */
#pragma once

#include "base/bytes.h"

struct arena_chunk;

/* All zero is an empty arena. */
struct arena {
	struct arena_chunk *chunks;
	size_t taken; /* octets handed out */
};

/* N octets set to zero, aligned for any type, valid until arena_free. Never NULL: a process that cannot get
 * memory ends here, and its parent restarts it. */
void *arena_alloc(struct arena *a, size_t n) __attribute__((returns_nonnull, malloc));

/* COUNT zeroed elements of SIZE octets; ends the process when the product overflows. */
void *arena_array(struct arena *a, size_t count, size_t size) __attribute__((returns_nonnull));

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, count, type) ((type *)arena_array((a), (count), sizeof(type)))

/* Room for pieces that take N octets (arena_octets) in all, and for no more: of an object of which there are
 * many, and of which it is known what it keeps. Where more comes, that finds room as ever. */
void arena_expect(struct arena *a, size_t n);

/* What a piece of N octets takes. */
size_t arena_octets(size_t n);

/* Copies of what is borrowed. The copy of a string ends in NUL; arena_text makes a string of octets that need
 * not end in NUL. */
struct bytes arena_bytes(struct arena *a, struct bytes b);
char *arena_str(struct arena *a, const char *s);
char *arena_text(struct arena *a, struct bytes b);

/* A string made as by printf. */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Moves all that FROM holds into INTO, where it keeps its place; FROM is empty then. */
void arena_join(struct arena *into, struct arena *from);

/* Wipes and frees everything; the arena is empty then and may be used again. */
void arena_free(struct arena *a);
