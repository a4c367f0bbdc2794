/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sections and their keys, in the order of the table of options. */
#include "conf/print.h"

#include "conf/value.h"

#include <ctype.h>

static void indent(unsigned depth, struct text *out)
{
	while (depth--)
		text_put(out, "\t", 1);
}

/* Whether S can stand without quotes: of blanks, only one behind a comma. */
static bool is_plain(const char *s, const char *allowed)
{
	for (const char *c = s; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(allowed, *c) &&
			!(*c == ' ' && c > s && c[-1] == ',' && c[1] && c[1] != ' '))
			return false;
	return *s;
}

static void quoted(const char *s, struct text *out)
{
	text_put(out, "\"", 1);
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			text_add(out, "\\%c", *s);
		else if (*s == '\n' || *s == '\r')
			text_add(out, *s == '\n' ? "\\n" : "\\r");
		else
			text_put(out, s, 1);
	text_put(out, "\"", 1);
}

static void print(const char *s, const char *allowed, struct text *out)
{
	if (is_plain(s, allowed))
		text_add(out, "%s", s);
	else
		quoted(s, out);
}

static void open_section(const char *name, unsigned depth, struct text *out)
{
	indent(depth, out);
	print(name, "_-", out);
	text_add(out, " {\n");
}

static void close_section(unsigned depth, struct text *out)
{
	indent(depth, out);
	text_add(out, "}\n");
}

bool conf_prints(const struct conf_key *row)
{
	return row->status == STATUS_READ && value_prints(row);
}

void conf_print_keys(enum conf_section_kind kind, const void *base, unsigned depth, struct text *out)
{
	for (const struct conf_key *row = schema_section(kind)->keys; row->name; row++) {
		struct text value = text_in(out->arena);

		if (!conf_prints(row) || !value_print(row, base, &value))
			continue;
		indent(depth, out);
		text_add(out, "%s = ", row->name);
		print(text_str(&value), "_-.,:/%@*+|[]()", out);
		text_add(out, "\n");
	}
}

static void print_section(
	const char *name, enum conf_section_kind kind, const void *base, unsigned depth, struct text *out)
{
	open_section(name, depth, out);
	conf_print_keys(kind, base, depth + 1, out);
	close_section(depth, out);
}

/* "local", "local-2", … */
static void print_rounds(
	const char *side, enum conf_section_kind kind, const struct auth_conf *first, struct text *out)
{
	unsigned n = 1;

	print_section(side, kind, first, 2, out);
	for (const struct auth_conf *a = first->next; a; a = a->next)
		print_section(arena_printf(out->arena, "%s-%u", side, ++n), kind, a, 2, out);
}

static void print_peer(const struct peer *p, struct text *out)
{
	open_section(p->name, 1, out);
	conf_print_keys(CONF_CONNECTION, p, 2, out);
	print_rounds("local", CONF_LOCAL, &p->local, out);
	print_rounds("remote", CONF_REMOTE, &p->remote, out);
	open_section("children", 2, out);
	for (unsigned i = 0; i < p->n_children + p->n_shunts; i++)
		print_section(p->children[i].name, CONF_CHILD, &p->children[i], 3, out);
	close_section(2, out);
	close_section(1, out);
}

void conf_print(struct peer *const *peers, unsigned n, const struct settings *settings, struct text *out)
{
	open_section("connections", 0, out);
	for (unsigned i = 0; i < n; i++)
		print_peer(peers[i], out);
	close_section(0, out);
	print_section("daemon", CONF_DAEMON, settings, 0, out);
}
