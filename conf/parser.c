/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over the octets of a file, without look-back. */
#include "conf/parser.h"

struct parser {
	struct tree *tree;
	const struct conf_files *files;
	struct report *report;
	unsigned n_files;
};

/* Where we are in one file. */
struct scan {
	struct parser *p;
	const char *path;
	struct bytes in;
	size_t at;
	unsigned line, includes;
	struct tree_section *section;
	unsigned opened[TREE_DEPTH_MAX + 1]; /* on which line the section of that depth was */
};

enum { END = -1 };

static enum err read_file(struct parser *p, const char *path, unsigned includes, struct tree_section *into,
	struct tree_place by);

static int peek(const struct scan *s)
{
	return s->at < s->in.n ? s->in.p[s->at] : END;
}

static int next(struct scan *s)
{
	int c = peek(s);

	if (c == END)
		return END;
	s->at++;
	s->line += c == '\n';
	return c;
}

static struct tree_place here(const struct scan *s)
{
	return (struct tree_place){ s->path, s->line };
}

/* A fault at line LINE. Nothing of the file is quoted: it may be part of a secret. */
static enum err fault(struct scan *s, unsigned line, const char *sentence)
{
	report_error(s->p->report, (struct tree_place){ s->path, line }, s->section, NULL, "%s", sentence);
	return ERR_SYNTAX;
}

/* Steps over blanks and carriage returns; with LINES over comments and line ends too. */
static void skip(struct scan *s, bool lines)
{
	for (int c = peek(s); c != END; c = peek(s)) {
		if (lines && c == '#')
			while (peek(s) != '\n' && peek(s) != END)
				next(s);
		else if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n'))
			next(s);
		else
			return;
	}
}

/* What a backslash and C mean inside quotes. */
static void escape(struct scan *s, int c, struct text *out)
{
	if (c == '\r' && peek(s) == '\n')
		c = next(s);
	switch (c) {
	case '\n': return;
	case 'n': text_put(out, "\n", 1); return;
	case 'r': text_put(out, "\r", 1); return;
	case 't': text_put(out, "\t", 1); return;
	default: text_put(out, &(char){ (char)c }, 1);
	}
}

/* Appends what stands in quotes; the first quote comes next. */
static enum err quoted(struct scan *s, struct text *out)
{
	unsigned begin = s->line;
	int c;

	next(s);
	while ((c = next(s)) != '"') {
		if (c == '\\')
			c = next(s);
		else if (c != END) {
			if (c != '\r')
				text_put(out, &(char){ (char)c }, 1);
			continue;
		}
		if (c == END)
			return fault(s, begin,
				"the text that begins here in quotes never ends: a \" is missing behind it");
		escape(s, c, out);
	}
	return ERR_OK;
}

/* Appends what comes next up to one of the octets in STOP. */
static void bare(struct scan *s, const char *stop, struct text *out)
{
	size_t from = s->at;

	while (peek(s) != END && !strchr(stop, peek(s)))
		next(s);
	text_put(out, s->in.p + from, s->at - from);
}

/* A name, quoted or not. */
static enum err read_name(struct scan *s, struct text *out)
{
	if (peek(s) == '"')
		return quoted(s, out);
	bare(s, ".,:{}=\"# \t\r\n", out);
	return ERR_OK;
}

/* The words of a value; between them one blank. */
static enum err read_value(struct scan *s, struct text *out)
{
	enum err e = ERR_OK;
	bool first = true;

	for (skip(s, false); !e && peek(s) != END && !strchr("#}\n", peek(s)); skip(s, false)) {
		if (!first)
			text_put(out, " ", 1);
		first = false;
		if (peek(s) == '"')
			e = quoted(s, out);
		else
			bare(s, "#}\" \t\r\n", out);
	}
	return e;
}

static struct bytes octets(const struct text *t)
{
	return bytes_of(text_str(t), t->n);
}

static enum err refused(struct scan *s, unsigned line, enum err e)
{
	if (e == ERR_SPACE)
		return fault(
			s, line, "too much: sections are nested too deep, or there are too many of them");
	return fault(s, line, "this name is empty, longer than 256 octets, or has control characters");
}

static enum err read_key(struct scan *s, struct text *name)
{
	struct tree_place at = here(s);
	struct text text = text_in(&s->p->tree->arena);
	struct tree_key *before = tree_key_find(s->p->tree, s->section, text_str(name));
	enum err e;

	next(s);
	if (before && !strcmp(before->at.file, s->path))
		report_note(s->p->report, at, s->section, before->name,
			"was set before, on line %u; this line counts", before->at.line);
	e = read_value(s, &text);
	if (e)
		return e;
	e = tree_key_add(s->p->tree, s->section, octets(name), octets(&text), at);
	return e ? refused(s, at.line, e) : ERR_OK;
}

/* "a.b.c" behind a colon or a comma. */
static enum err reference(struct scan *s, struct tree_section *from)
{
	struct arena *arena = &s->p->tree->arena;
	struct tree_place at = here(s);
	const char *path[TREE_DEPTH_MAX];
	const char **copy;
	unsigned n = 0;

	do {
		struct text part = text_in(arena);
		enum err e = read_name(s, &part);

		if (e)
			return e;
		if (!part.n || n == TREE_DEPTH_MAX)
			return fault(s, at.line,
				"behind \":\" comes the section to inherit from, such as connections.a, then "
				"\"{\"");
		path[n++] = text_str(&part);
	} while (peek(s) == '.' && next(s));
	copy = ARENA_ARRAY(arena, n, const char *);
	memcpy(copy, path, n * sizeof *path);
	tree_ref_add(s->p->tree, from, copy, n, at);
	return ERR_OK;
}

static enum err references(struct scan *s, struct tree_section *from)
{
	enum err e;

	do {
		next(s);
		skip(s, true);
		e = reference(s, from);
		if (e)
			return e;
		skip(s, true);
	} while (peek(s) == ',');
	if (peek(s) != '{')
		return fault(s, s->line, "behind the sections to inherit from comes \"{\"");
	return ERR_OK;
}

/* Opens the section NAME; its "{" or ":" comes next. */
static enum err read_section(struct scan *s, const struct text *name, unsigned line)
{
	struct tree_section *opened;
	enum err e = tree_section_add(
		s->p->tree, s->section, octets(name), (struct tree_place){ s->path, line }, &opened);

	if (e)
		return refused(s, line, e);
	if (peek(s) == ':')
		e = references(s, opened);
	next(s);
	s->section = opened;
	s->opened[opened->depth] = line;
	return e;
}

/* PATH as seen from the file that names it. */
static const char *beside(const struct scan *s, const char *path)
{
	const char *slash = strrchr(s->path, '/');

	if (*path == '/' || !slash)
		return path;
	return arena_printf(&s->p->tree->arena, "%.*s/%s", (int)(slash - s->path), s->path, path);
}

static enum err include_files(struct scan *s, const char *path, struct tree_place by)
{
	const char *const *paths = &path;
	unsigned n = 1;
	enum err e = ERR_OK;

	if (strpbrk(path, "*?["))
		e = s->p->files->glob(s->p->files->ctx, path, &s->p->tree->arena, &paths, &n);
	if (e)
		return fault(s, by.line, "the files to include could not be looked up");
	for (unsigned i = 0; !e && i < n; i++)
		e = read_file(s->p, paths[i], s->includes + 1, s->section, by);
	return e;
}

/* The path behind "include": a quoted one, or up to a blank that has no backslash before it. */
static enum err include_path(struct scan *s, struct text *out)
{
	if (peek(s) == '"')
		return quoted(s, out);
	for (bare(s, "\\#}\" \t\r\n", out); peek(s) == '\\'; bare(s, "\\#}\" \t\r\n", out)) {
		next(s);
		if (peek(s) != END)
			text_put(out, &(char){ (char)next(s) }, 1);
	}
	return ERR_OK;
}

static enum err include(struct scan *s)
{
	struct tree_place by = here(s);
	struct text path = text_in(&s->p->tree->arena);
	enum err e = include_path(s, &path);

	if (e)
		return e;
	if (!path.n)
		return fault(s, by.line, "include of what? Write the path of a file or a pattern behind it");
	return include_files(s, beside(s, text_str(&path)), by);
}

/* A key, a section or an include, which begins with a name. */
static enum err statement(struct scan *s)
{
	unsigned line = s->line;
	bool bare_word = peek(s) != '"';
	struct text word = text_in(&s->p->tree->arena);
	enum err e = read_name(s, &word);

	if (e)
		return e;
	if (bare_word && !word.n)
		return fault(s, line, "a name must stand before one of . , : { =");
	skip(s, false);
	if (bare_word && !strcmp(text_str(&word), "include") && !strchr("={:\n", peek(s)))
		return include(s);
	if (peek(s) == '=')
		return read_key(s, &word);
	if (peek(s) == '.')
		return fault(s, line, "a name with a dot must stand in quotes: \"gw.example.org\" { … }");
	skip(s, true);
	if (peek(s) == '{' || peek(s) == ':')
		return read_section(s, &word, line);
	return fault(
		s, line, "behind a name comes \"=\" and a value on the same line, or \"{\" and a section");
}

/* Statements up to the end of the file. BASE is the section it stands in. */
static enum err statements(struct scan *s, struct tree_section *base)
{
	enum err e = ERR_OK;

	for (skip(s, true); !e && peek(s) != END; skip(s, true)) {
		if (peek(s) != '}')
			e = statement(s);
		else if (s->section == base)
			e = fault(s, s->line, "one \"}\" too many: no section of this file is open here");
		else {
			next(s);
			s->section = s->section->parent;
		}
	}
	if (!e && s->section != base)
		e = fault(s, s->opened[s->section->depth],
			"the section that begins here is never closed: a \"}\" is missing");
	return e;
}

static const char *unreadable(enum err e)
{
	switch (e) {
	case ERR_MISSING: return "there is no such file";
	case ERR_DENIED: return "we may not read it: check its owner and mode";
	case ERR_RANGE: return "it is larger than 16 MB";
	case ERR_UNSUPPORTED: return "it is a folder; to include the files in it, write FOLDER/*.conf";
	default: return "the system cannot read it";
	}
}

static enum err cannot_read(
	struct parser *p, const char *path, const struct tree_section *into, struct tree_place by, enum err e)
{
	if (by.line)
		report_error(p->report, by, into, NULL, "include %s: %s", report_quote(path, &p->tree->arena),
			unreadable(e));
	else
		report_error(p->report, by, NULL, NULL, "%s", unreadable(e));
	return e;
}

static enum err nul_octet(struct scan *s, const uint8_t *nul)
{
	while (s->in.p + s->at < nul)
		next(s);
	return fault(s, s->line, "there is a NUL octet on this line: this is not a text file");
}

/* BY is where it is included. */
static enum err read_file(struct parser *p, const char *path, unsigned includes, struct tree_section *into,
	struct tree_place by)
{
	struct scan s = { .p = p, .path = path, .line = 1, .includes = includes, .section = into };
	const uint8_t *nul;
	enum err e;

	if (includes > PARSER_INCLUDES_MAX || ++p->n_files > PARSER_FILES_MAX) {
		report_error(p->report, by, into, NULL, "too many includes: does a file include itself?");
		return ERR_RANGE;
	}
	e = p->files->read(p->files->ctx, path, &p->tree->arena, &s.in);
	if (e)
		return cannot_read(p, path, into, by, e);
	nul = s.in.n ? memchr(s.in.p, 0, s.in.n) : NULL;
	return nul ? nul_octet(&s, nul) : statements(&s, into);
}

enum err parser_read(struct tree *t, const char *path, const struct conf_files *files, struct report *report)
{
	struct parser p = { .tree = t, .files = files, .report = report };

	return read_file(&p, path, 0, t->root, (struct tree_place){ path, 0 });
}
