/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Growing text. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

void text_put(struct text *t, const void *p, size_t n)
{
	if (t->cap < t->n + n + 1) {
		size_t cap = 2 * (t->n + n + 1);
		char *s = arena_alloc(t->arena, cap);

		if (t->n)
			memcpy(s, t->s, t->n);
		t->s = s;
		t->cap = cap;
	}
	if (n)
		memcpy(t->s + t->n, p, n);
	t->n += n;
	t->s[t->n] = 0;
}

void text_add(struct text *t, const char *format, ...)
{
	struct arena scratch = { 0 };
	char line[256], *s = line;
	va_list args, again;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (n >= (int)sizeof line) {
		s = arena_alloc(&scratch, (size_t)n + 1);
		vsnprintf(s, (size_t)n + 1, format, again);
	}
	va_end(again);
	if (n > 0)
		text_put(t, s, (size_t)n);
	arena_free(&scratch);
}

void text_json(struct text *t, const char *s)
{
	text_put(t, "\"", 1);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_add(t, "\\%c", c);
		else if (c == '\n')
			text_put(t, "\\n", 2);
		else if (c < 0x20 || c == 0x7f)
			text_add(t, "\\u%04x", c);
		else
			text_put(t, s, 1);
	}
	text_put(t, "\"", 1);
}
