/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The grammar of ipsec.conf: sections begin at the edge, their settings are indented, "include" stands
 * anywhere. A value is the words up to the end of the line; one in quotes may go over lines in strongSwan's,
 * where a backslash joins them, and libreswan's may stand in braces. */
#include "conf/import_inner.h"

struct scan {
	struct import_run *run;
	const char *path;
	struct bytes in;
	size_t at;
	unsigned line, includes;
	struct tree_section **section; /* that is open; shared with the files it is included from */
};

enum { END = -1 };

static int peek(const struct scan *s)
{
	return s->at < s->in.n ? s->in.p[s->at] : END;
}

static int next(struct scan *s)
{
	int c = peek(s);

	if (c != END)
		s->at++;
	s->line += c == '\n';
	return c;
}

static struct tree_place here(const struct scan *s)
{
	return (struct tree_place){ s->path, s->line };
}

static enum err fault(struct scan *s, unsigned line, const char *sentence)
{
	report_error(&s->run->report, (struct tree_place){ s->path, line }, NULL, NULL, "%s", sentence);
	return ERR_SYNTAX;
}

static bool blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blanks(struct scan *s)
{
	while (blank(peek(s)))
		next(s);
}

static void skip_line(struct scan *s)
{
	while (peek(s) != '\n' && peek(s) != END)
		next(s);
}

/* What stands between QUOTE and its like. Only strongSwan knows escapes, and more than one line. */
static enum err quoted(struct scan *s, int quote, struct text *out)
{
	unsigned begin = s->line;
	bool escapes = s->run->dialect != LIBRE;
	int c;

	while ((c = next(s)) != quote) {
		if (c == END || (c == '\n' && !escapes))
			return fault(s, begin, "the quotes that open here are never closed");
		if (c == '\\' && escapes) {
			c = next(s);
			if (c == '\r' && peek(s) == '\n')
				c = next(s);
			if (c == END)
				return fault(s, begin, "the quotes that open here are never closed");
			if (c == '\n')
				continue;
			c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
		}
		if (c != '\r')
			text_put(out, &(char){ (char)c }, 1);
	}
	return ERR_OK;
}

/* One word of a value. In libreswan's a # within a word is a letter like others, in strongSwan's only in
 * "@#". */
static void word(struct scan *s, struct text *out)
{
	size_t from = s->at;

	while (peek(s) != END && peek(s) != '\n' && !blank(peek(s)) && peek(s) != '"') {
		if (peek(s) == '#' && s->run->dialect != LIBRE && (s->at != from + 1 || s->in.p[from] != '@'))
			break;
		next(s);
	}
	text_put(out, s->in.p + from, s->at - from);
}

static enum err read_value(struct scan *s, struct text *out)
{
	enum err e = ERR_OK;
	bool first = true;

	for (skip_blanks(s); !e && peek(s) != '\n' && peek(s) != END && peek(s) != '#'; skip_blanks(s)) {
		if (!first)
			text_put(out, " ", 1);
		first = false;
		if (peek(s) == '"' || (peek(s) == '{' && s->run->dialect != STRONG))
			e = quoted(s, next(s) == '{' ? '}' : '"', out);
		else
			word(s, out);
	}
	if (!e && out->n && out->s[out->n - 1] == '\\')
		return fault(s, s->line, "a line that ends in a backslash is continued only within quotes");
	skip_line(s);
	return e;
}

static enum err include(struct scan *s);

static enum err add(struct scan *s, const struct text *name, const struct text *value, unsigned line)
{
	struct tree_place at = { s->path, line };
	struct bytes n = bytes_str(text_str(name)), v = bytes_of(text_str(value), value->n);
	enum err e;

	if (!*s->section)
		return fault(s, line, "a setting before the first \"conn NAME\" or \"config setup\"");
	e = !strcmp(text_str(name), "also") ? tree_item_add(&s->run->tree, *s->section, n, v, at)
					    : tree_key_add(&s->run->tree, *s->section, n, v, at);
	return e ? fault(s, line, "this setting has no fit name, or there are too many") : ERR_OK;
}

/* "name = value", indented. */
static enum err setting(struct scan *s)
{
	struct text name = text_in(s->run->arena), value = text_in(s->run->arena);
	unsigned line = s->line;
	size_t from = s->at;
	enum err e;

	while (peek(s) != END && !blank(peek(s)) && !strchr("=\n#\"", peek(s)))
		next(s);
	text_put(&name, s->in.p + from, s->at - from);
	skip_blanks(s);
	if (!strcmp(text_str(&name), "include") && peek(s) != '=')
		return include(s);
	if (next(s) != '=' || !name.n)
		return fault(s, line, "here a setting is expected: name=value");
	e = read_value(s, &value);
	return e ? e : add(s, &name, &value, line);
}

/* "config setup", "conn NAME" or "ca NAME". */
static enum err open_section(struct scan *s, const char *kind)
{
	struct text name = text_in(s->run->arena);
	struct tree *t = &s->run->tree;
	struct tree_place at = here(s);
	struct tree_section *group;
	enum err e = read_value(s, &name);

	if (!e)
		e = tree_section_add(t, t->root, bytes_str(kind), at, &group);
	if (!e)
		e = tree_section_add(t, group, bytes_str(text_str(&name)), at, s->section);
	return e == ERR_OK ? e : fault(s, at.line, "this section has no name, or none that is fit");
}

/* A line that is not indented. */
static enum err top(struct scan *s)
{
	static const char *const kinds[] = { "config", "conn", "ca" };
	struct text first = text_in(s->run->arena);
	unsigned line = s->line;

	word(s, &first);
	skip_blanks(s);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(text_str(&first), kinds[i]))
			return open_section(s, kinds[i]);
	if (!strcmp(text_str(&first), "include"))
		return include(s);
	if (!strcmp(text_str(&first), "version")) {
		skip_line(s);
		return ERR_OK;
	}
	return fault(s, line,
		"at the edge only \"config setup\", \"conn\", \"ca\" and \"include\" stand; settings are "
		"indented");
}

static enum err lines(struct scan *s)
{
	enum err e = ERR_OK;

	while (!e && peek(s) != END) {
		bool indented = blank(peek(s));

		skip_blanks(s);
		if (peek(s) == '#')
			skip_line(s);
		else if (peek(s) != '\n' && peek(s) != END)
			e = indented ? setting(s) : top(s);
		if (!e && peek(s) == '\n')
			next(s);
	}
	return e;
}

static const char *unreadable(enum err e)
{
	switch (e) {
	case ERR_MISSING: return "there is no such file";
	case ERR_DENIED: return "we may not read it: run this as root, or check its owner and mode";
	case ERR_RANGE: return "it is larger than 16 MB, or too many files are included";
	case ERR_UNSUPPORTED: return "it is a folder";
	default: return "the system cannot read it";
	}
}

enum err import_open(struct import_run *run, const char *path, struct tree_place by, struct bytes *out)
{
	const struct conf_files *files = run->im->files;
	enum err e = ++run->n_files > IMPORT_FILES_MAX ? ERR_RANGE
						       : files->read(files->ctx, path, run->arena, out);

	if (!e && out->n && memchr(out->p, 0, out->n)) {
		report_error(&run->report, (struct tree_place){ path, 0 }, NULL, NULL,
			"there is a NUL octet in it: this is not a text file");
		return ERR_SYNTAX;
	}
	if (e == ERR_MISSING && by.line) {
		import_left(run, by, "include", "there is no file %s", report_quote(path, run->arena));
		*out = bytes_of(NULL, 0);
		return ERR_OK;
	}
	if (e)
		report_error(&run->report, by, NULL, NULL, "%s: %s", report_quote(path, run->arena),
			unreadable(e));
	return e;
}

enum err import_glob(struct import_run *run, const char *pattern, struct tree_place from,
	const char *const **paths, unsigned *n)
{
	const struct conf_files *files = run->im->files;
	const char *slash = strrchr(from.file, '/'), **one;

	if (*pattern != '/' && slash)
		pattern = arena_printf(run->arena, "%.*s/%s", (int)(slash - from.file), from.file, pattern);
	if (strpbrk(pattern, "*?["))
		return files->glob(files->ctx, pattern, run->arena, paths, n);
	one = ARENA_NEW(run->arena, const char *);
	*one = pattern;
	*paths = one;
	*n = 1;
	return ERR_OK;
}

static enum err read_file(struct import_run *run, const char *path, struct tree_place by, unsigned includes,
	struct tree_section **section)
{
	struct scan s = { .run = run, .path = path, .line = 1, .includes = includes, .section = section };
	enum err e = import_open(run, path, by, &s.in);

	return e ? e : lines(&s);
}

static enum err include(struct scan *s)
{
	struct tree_place by = here(s);
	struct text pattern = text_in(s->run->arena);
	const char *const *paths;
	unsigned n = 0;
	enum err e = read_value(s, &pattern);

	if (!e && s->includes >= IMPORT_INCLUDES_MAX)
		return fault(s, by.line, "too many includes: does a file include itself?");
	if (!e)
		e = import_glob(s->run, text_str(&pattern), by, &paths, &n);
	for (unsigned i = 0; !e && i < n; i++)
		e = read_file(s->run, paths[i], by, s->includes + 1, s->section);
	return e;
}

enum err import_read(struct import_run *run, const char *path)
{
	struct tree_section *section = NULL;

	return read_file(run, path, (struct tree_place){ path, 0 }, 0, &section);
}
