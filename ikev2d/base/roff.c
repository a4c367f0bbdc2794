/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Escapes, and a few macros. */
#include "base/roff.h"

/* A character of UTF-8 that begins at S, by its number; how many octets it has. */
static size_t put_wide(struct text *out, const char *s)
{
	unsigned first = (unsigned char)*s;
	size_t n = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	unsigned value = first & (0x7fU >> n);

	for (size_t i = 1; i < n; i++) {
		if (!s[i])
			return i;
		value = value << 6 | ((unsigned char)s[i] & 0x3f);
	}
	text_add(out, "\\[u%04X]", value);
	return n;
}

static void put(struct text *out, const char *s)
{
	while (*s)
		if ((unsigned char)*s >= 0x80) {
			s += put_wide(out, s);
		} else {
			text_add(out, *s == '\\' ? "\\e" : *s == '-' ? "\\-" : "%c", *s);
			s++;
		}
}

void roff_line(struct text *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		text_add(out, "\\&");
	put(out, s);
	text_add(out, "\n");
}

void roff_head(struct text *out, const char *name, unsigned section, const char *what)
{
	text_add(out, ".\\\" Made from the tables of the program; do not edit.\n");
	text_add(out, ".TH %s %u \"\" \"ikev2d %s\"\n.SH NAME\n", name, section, IKEV2D_VERSION);
	put(out, name);
	text_add(out, " \\- ");
	roff_line(out, what);
}

void roff_section(struct text *out, const char *title)
{
	text_add(out, ".SH ");
	roff_line(out, title);
}

void roff_paragraph(struct text *out, const char *text)
{
	text_add(out, ".PP\n");
	roff_line(out, text);
}

void roff_entry(struct text *out, const char *term, const char *args, const char *text)
{
	text_add(out, ".TP\n\\fB");
	put(out, term);
	text_add(out, "\\fR%s", args && *args ? " " : "");
	roff_line(out, args ? args : "");
	roff_line(out, text);
}
