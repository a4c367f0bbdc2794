/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The other end of the importer: swanctl.conf with comments, and the list of what is not in it. */
#include "conf/import_inner.h"

#include "conf/load.h"
#include "conf/value.h"
#include "model/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { COMMENT_WIDTH = 96 };

static const struct {
	const char *name; /* NULL: its keys are in the section around it */
	enum conf_section_kind kind;
	unsigned depth; /* of its keys */
} parts[PARTS] = {
	[PART_CONN] = { NULL, CONF_CONNECTION, 2 },
	[PART_LOCAL] = { "local", CONF_LOCAL, 3 },
	[PART_LOCAL2] = { "local-2", CONF_LOCAL, 3 },
	[PART_REMOTE] = { "remote", CONF_REMOTE, 3 },
	[PART_REMOTE2] = { "remote-2", CONF_REMOTE, 3 },
	[PART_CHILD] = { NULL, CONF_CHILD, 4 },
};

static void indent(struct text *out, unsigned depth)
{
	while (depth--)
		text_add(out, "\t");
}

static bool plain(const char *s, const char *also)
{
	size_t n = strlen(s);

	return n && s[0] != ' ' && s[n - 1] != ' ' && !strstr(s, "  ") &&
	       s[strcspn(s, "#{}=\"\\\n\r\t")] == 0 && s[strcspn(s, also)] == 0;
}

static void quote(struct text *out, const char *s)
{
	text_put(out, "\"", 1);
	for (; *s; s++)
		if (*s == '\n' || *s == '\r' || *s == '\t')
			text_add(out, "\\%c", *s == '\n' ? 'n' : *s == '\r' ? 'r' : 't');
		else
			text_add(out, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
	text_put(out, "\"", 1);
}

void import_line(struct text *out, unsigned depth, const char *key, const char *value)
{
	indent(out, depth);
	text_add(out, "%s = ", key);
	if (plain(value, ""))
		text_add(out, "%s", value);
	else
		quote(out, value);
	text_add(out, "\n");
}

void import_open_section(struct text *out, unsigned depth, const char *name)
{
	indent(out, depth);
	if (plain(name, ".,: "))
		text_add(out, "%s", name);
	else
		quote(out, name);
	text_add(out, " {\n");
}

/* "# …", in lines that are not too long; control characters would end a comment. */
static void comment(struct text *out, unsigned depth, const char *s)
{
	while (*s) {
		size_t n = strnlen(s, COMMENT_WIDTH);

		if (s[n])
			while (n > 1 && s[n] != ' ')
				n--;
		if (n <= 1)
			n = strcspn(s, " ");
		indent(out, depth);
		text_add(out, "# ");
		for (size_t i = 0; i < n; i++)
			text_add(out, "%c", (unsigned char)s[i] < 0x20 || s[i] == 0x7f ? '?' : s[i]);
		text_add(out, "\n");
		s += n;
		s += *s == ' ';
	}
}

static char *printed(const char *format, va_list args)
{
	char *s = NULL;

	if (vasprintf(&s, format, args) < 0)
		abort();
	return s;
}

void import_note(struct import_conn *c, enum import_part_name part, const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = printed(format, args);
	va_end(args);
	comment(&c->parts[part].text, parts[part].depth, s);
	free(s);
}

static void left(struct import_run *run, struct tree_place at, const char *word, const char *sentence)
{
	struct text *out = run->im->left;

	text_add(out, "%s%s:%u: ", out->n ? "\n" : "", at.file, at.line);
	if (word)
		text_add(out, "%s: ", word);
	for (; *sentence; sentence++)
		text_add(out, "%c", (unsigned char)*sentence < 0x20 || *sentence == 0x7f ? '?' : *sentence);
	run->im->n_left++;
}

void import_left(struct import_run *run, struct tree_place at, const char *word, const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = printed(format, args);
	va_end(args);
	left(run, at, word, s);
	free(s);
}

void import_left_entry(struct import_conn *c, const struct import_entry *e, const char *format, ...)
{
	va_list args;
	char *s;

	va_start(args, format);
	s = printed(format, args);
	va_end(args);
	left(c->run, e ? e->key->at : c->at,
		arena_printf(c->run->arena, "conn %s%s%s", c->name, e ? ": " : "", e ? e->key->name : ""), s);
	free(s);
}

/* Room for what a section's keys are read into. */
union target {
	struct peer peer;
	struct auth_conf auth;
	struct child_conf child;
	struct secret secret;
	struct key_conf key;
};

bool import_fits(enum conf_section_kind kind, const char *key, const char *value, struct text *why)
{
	const struct conf_key *row = schema_key_find(kind, key);

	if (row->at == CONF_NOWHERE)
		return value_check(row, value, why);
	return value_read(row, value, ARENA_NEW(why->arena, union target), why->arena, why);
}

bool import_put(struct import_conn *c, enum import_part_name part, const char *key, const char *value,
	const struct import_entry *e)
{
	const struct conf_key *row = schema_key_find(parts[part].kind, key);
	struct text why = text_in(c->run->arena);

	if (!import_fits(parts[part].kind, key, value, &why)) {
		import_left_entry(c, e, "as %s it would not do: %s", key, text_str(&why));
		return false;
	}
	if (row->status == STATUS_REFUSED && !value_is_neutral(row, value)) {
		import_left_entry(c, e, "%s", row->note ? row->note : "there is no such thing here");
		return false;
	}
	import_line(&c->parts[part].text, parts[part].depth, key, value);
	import_line(&c->parts[part].said, parts[part].depth, key, value);
	return true;
}

const char *import_item(struct import_run *run, const char **list, const char *separators)
{
	const char *s = *list + strspn(*list, separators);
	size_t n = strcspn(s, separators);

	*list = s + n;
	return n ? arena_text(run->arena, bytes_of(s, n)) : NULL;
}

const char *import_path(struct import_run *run, const char *folder, const char *path)
{
	if (*path == '/')
		return path;
	return arena_printf(run->arena, "%s/ipsec.d/%s/%s", run->folder, folder, path);
}

const char *import_base64(struct arena *arena, struct bytes b)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct text out = text_in(arena);

	text_add(&out, "0s");
	for (size_t i = 0; i < b.n; i += 3) {
		unsigned have = b.n - i < 3 ? (unsigned)(b.n - i) : 3, v = 0;

		for (unsigned k = 0; k < 3; k++)
			v = v << 8 | (k < have ? b.p[i + k] : 0);
		for (unsigned k = 0; k < 4; k++)
			text_put(&out, k <= have ? &digits[v >> (18 - 6 * k) & 63] : "=", 1);
	}
	return text_str(&out);
}

const char *import_text(const struct import_conn *c)
{
	struct text out = text_in(c->run->arena);

	text_add(&out, "\n");
	comment(&out, 1, arena_printf(c->run->arena, "conn %s, %s:%u", c->name, c->at.file, c->at.line));
	import_open_section(&out, 1, c->name);
	for (int i = 0; i < PART_CHILD; i++) {
		const struct import_part *p = &c->parts[i];

		if (parts[i].name && p->text.n)
			import_open_section(&out, 2, parts[i].name);
		text_add(&out, "%s", text_str(&p->text));
		if (parts[i].name && p->text.n)
			text_add(&out, "\t\t}\n");
	}
	text_add(&out, "\t\tchildren {\n%s\t\t}\n\t}\n", text_str(&c->children));
	return text_str(&out);
}

static enum err made_read(void *ctx, const char *path, struct arena *arena, struct bytes *out)
{
	(void)path, (void)arena;
	*out = bytes_str(ctx);
	return ERR_OK;
}

static enum err made_glob(
	void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n)
{
	(void)ctx, (void)pattern, (void)arena;
	*paths = NULL;
	*n = 0;
	return ERR_OK;
}

/* Values that are right alone may not go together. */
bool import_add(struct import_run *run, const char *group, struct text *sections, const char *section,
	struct tree_place at, const char *word)
{
	char *file = arena_printf(run->arena, "%s {\n%s}\n", group, section);
	struct conf_files files = { made_read, made_glob, file };
	struct text why = text_in(run->arena), notes = text_in(run->arena);
	const char *sentence;
	struct conf conf;

	if (!conf_load(group, &files, &conf, &why, &notes)) {
		conf_free(&conf);
		text_add(sections, "%s", section);
		return true;
	}
	sentence = strchr(text_str(&why), ' ');
	import_left(run, at, word, "it would not load, and is left out: %s",
		sentence ? sentence + 1 : text_str(&why));
	return false;
}

static void write_group(struct text *out, const char *name, const struct text *sections)
{
	if (sections->n)
		text_add(out, "%s {\n%s}\n", name, text_str(sections));
}

static void write_head(struct import_run *run)
{
	struct text *out = run->im->out;
	const char *s = text_str(run->im->left);

	comment(out, 0,
		arena_printf(run->arena,
			"Made by ipsec import from files of %s's. Where a default means something else here, "
			"a "
			"comment says so.",
			run->dialect == STRONG ? "strongSwan" : "libreswan"));
	if (!run->im->n_left)
		return;
	text_add(out, "#\n");
	comment(out, 0, "Not carried over:");
	while (*s) {
		size_t n = strcspn(s, "\n");

		text_add(out, "#  %.*s\n", (int)n, s);
		s += n + (s[n] == '\n');
	}
}

void import_write(struct import_run *run)
{
	struct text *out = run->im->out;

	write_head(run);
	if (run->conns) {
		text_add(out, "connections {");
		for (const struct import_conn *c = run->conns; c; c = c->next)
			text_add(out, "%s", import_text(c));
		text_add(out, "}\n");
	}
	write_group(out, "pools", &run->pools);
	write_group(out, "authorities", &run->authorities);
	write_group(out, "secrets", &run->secrets);
}
