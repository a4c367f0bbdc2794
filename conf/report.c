/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines for a person. */
#include "conf/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUOTE_MAX = 80 };

const char *report_quote(const char *s, struct arena *arena)
{
	struct text out = text_in(arena);
	unsigned n = 0;

	text_put(&out, "\"", 1);
	for (; *s && n < QUOTE_MAX; s++, n++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x20 || c == 0x7f)
			text_add(&out, "\\x%02x", c);
		else
			text_put(&out, s, 1);
	}
	text_add(&out, *s ? "…\"" : "\"");
	return text_str(&out);
}

/* "FILE:LINE: section.key: ", with what there is of it, on a new line. */
static void head(struct text *out, struct tree_place at, const struct tree_section *s, const char *key)
{
	const char *path = s ? tree_path(s, out->arena) : "";

	if (out->n)
		text_put(out, "\n", 1);
	text_add(out, at.line ? "%s:%u: " : "%s: ", at.file, at.line);
	if (*path || key)
		text_add(out, "%s%s%s: ", path, *path && key ? "." : "", key ? key : "");
}

/* The sentence stays on its line, whatever it quotes. */
static void body(struct text *out, const char *format, va_list args)
{
	char *s = NULL;

	if (vasprintf(&s, format, args) < 0)
		abort();
	for (unsigned char *c = (unsigned char *)s; *c; c++)
		if (*c < 0x20 || *c == 0x7f)
			*c = '?';
	text_add(out, "%s", s);
	free(s);
}

void report_error(struct report *r, struct tree_place at, const struct tree_section *s, const char *key,
	const char *format, ...)
{
	va_list args;

	if (r->errors++ == REPORT_ERRORS_MAX)
		text_add(r->why, "\n(more errors are not shown)");
	if (r->errors > REPORT_ERRORS_MAX)
		return;
	head(r->why, at, s, key);
	va_start(args, format);
	body(r->why, format, args);
	va_end(args);
}

void report_note(struct report *r, struct tree_place at, const struct tree_section *s, const char *key,
	const char *format, ...)
{
	va_list args;

	if (r->n_notes++ >= REPORT_NOTES_MAX)
		return;
	head(r->notes, at, s, key);
	va_start(args, format);
	body(r->notes, format, args);
	va_end(args);
}

void report_later(struct report *r, struct tree_place at, const struct tree_section *s, const char *key,
	const char *format, ...)
{
	struct text line = text_in(r->why->arena);
	va_list args;

	head(&line, at, s, key);
	va_start(args, format);
	body(&line, format, args);
	va_end(args);
	if (!r->later)
		r->later = text_str(&line);
	if (r->n_notes++ < REPORT_NOTES_MAX)
		text_add(r->notes, "%s%s, so this connection is not used", r->notes->n ? "\n" : "",
			text_str(&line));
}
