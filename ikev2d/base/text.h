/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text that grows in an arena: explanations, log lines, JSON, pages of a report. */
#pragma once

#include "base/arena.h"

struct text {
	struct arena *arena;
	char *s; /* ends in NUL once anything was added; NULL before */
	size_t n, cap;
};

static inline struct text text_in(struct arena *a)
{
	return (struct text){ .arena = a };
}

/* Appends as printf does. */
void text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Appends N octets as they are. */
void text_put(struct text *t, const void *p, size_t n);

/* Appends S as a JSON string, quotes included (RFC 8259, 7). */
void text_json(struct text *t, const char *s);

/* The text so far: "" for an empty one. Valid until the next append or the arena's end. */
static inline const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}
