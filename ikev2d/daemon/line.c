/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quoting, so that a line can be taken apart again, whatever a peer wrote into it. */
#include "daemon/line.h"

#include <inttypes.h>

static bool is_plain(const char *s)
{
	for (const char *c = s; *c; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || strchr("\"\\=", *c))
			return false;
	return *s;
}

static void add_quoted(struct text *line, const char *s)
{
	text_add(line, "\"");
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			text_add(line, "\\%c", *s);
		else if (*s == '\n')
			text_add(line, "\\n");
		else if ((unsigned char)*s < ' ' || *s == 0x7f)
			text_add(line, "\\x%02x", (unsigned)(unsigned char)*s);
		else
			text_put(line, s, 1);
	text_add(line, "\"");
}

void line_add(struct text *line, const char *key, const char *value)
{
	if (!value)
		return;
	text_add(line, "%s%s=", line->n ? " " : "", key);
	if (is_plain(value))
		text_add(line, "%s", value);
	else
		add_quoted(line, value);
}

void line_number(struct text *line, const char *key, uint64_t value)
{
	text_add(line, "%s%s=%" PRIu64, line->n ? " " : "", key, value);
}

void line_why(struct text *line, const struct why *why)
{
	line_add(line, "msg", why->what);
	line_add(line, "stage", why->stage);
	line_add(line, "offered", why->offered);
	line_add(line, "configured", why->configured);
	line_add(line, "differs", why->differs);
	line_add(line, "where", why->where);
	line_add(line, "instead", why->instead);
	line_add(line, "notify", why->notify);
}

bool line_pass(struct gate *g, uint64_t now)
{
	unsigned held;

	if (!gate_pass(g, now, &held))
		return false;
	if (held)
		log_say(LOG_NOTICE, "withheld", "msg=\"%u lines like the next one were left out\"", held);
	return true;
}

void line_say(enum log_level level, const char *word, const char *text)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "msg", text);
	log_say(level, word, "%s", text_str(&line));
	arena_free(&arena);
}
