/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Terminals. */
#include "term.h"

#include "base/text.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	NARROW = 20,     /* columns: less is not cared for */
	HANGING = 4,     /* columns that a broken line moves to the right */
	KEPT_MAX = 65536 /* octets that are kept; a longer line is broken there */
};

/* All zero where OUT is no terminal. */
static struct winsize size_of(FILE *out)
{
	struct winsize size = { 0 };
	int fd = fileno(out);

	if (fd < 0 || !isatty(fd) || ioctl(fd, TIOCGWINSZ, &size))
		size = (struct winsize){ 0 };
	return size;
}

unsigned term_width(FILE *out)
{
	struct winsize size = size_of(out);

	return size.ws_col < NARROW ? 0 : size.ws_col;
}

unsigned term_height(FILE *out)
{
	return size_of(out).ws_row;
}

bool term_colours(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	int fd = fileno(out);

	return !(no && *no) && term && strcmp(term, "dumb") != 0 && fd >= 0 && isatty(fd);
}

const char *term_paint(bool colours, enum paint paint, const char *text, struct arena *arena)
{
	static const char *const codes[PAINTS] = {
		[PAINT_GOOD] = "32", [PAINT_NOTE] = "33", [PAINT_BAD] = "31"
	};

	return colours ? arena_printf(arena, "\033[%sm%s\033[0m", codes[paint], text) : text;
}

/* ----------------------------------------------------------------- lines */

struct wrap {
	FILE *out;
	unsigned width, column, indent;
	char *line;
	size_t n;
};

/* Octets of the character at S, of N that are there, and its COLUMNS: a colour has none. */
static size_t character(const char *s, size_t n, unsigned *columns)
{
	size_t i = 1;

	*columns = 0;
	if (*s == '\033') {
		while (i < n && s[i] != 'm')
			i++;
		return i < n ? i + 1 : n;
	}
	*columns = 1;
	while (i < n && ((unsigned char)s[i] & 0xc0) == 0x80)
		i++;
	return i;
}

static unsigned columns_of(const char *s, size_t n)
{
	unsigned sum = 0, columns;

	for (size_t i = 0; i < n; sum += columns)
		i += character(s + i, n - i, &columns);
	return sum;
}

static void break_line(struct wrap *w)
{
	fprintf(w->out, "\n%*s", (int)w->indent, "");
	w->column = w->indent;
}

/* One that is longer than a line is broken anywhere. */
static void put_word(struct wrap *w, const char *s, size_t n)
{
	for (size_t i = 0; i < n;) {
		unsigned columns;
		size_t size = character(s + i, n - i, &columns);

		if (w->column + columns > w->width)
			break_line(w);
		fwrite(s + i, 1, size, w->out);
		w->column += columns;
		i += size;
	}
}

static size_t span(const char *s, size_t n, bool blank)
{
	size_t i = 0;

	while (i < n && (s[i] == ' ') == blank)
		i++;
	return i;
}

/* Where what is broken off a line goes on: below the last column of a table row, which has two blanks in
 * front of it, else a little to the right of the line's beginning. */
static unsigned hanging(const char *s, size_t n, unsigned width)
{
	size_t begin = span(s, n, true);
	unsigned last = 0;

	for (size_t i = begin; i < n; i += span(s + i, n - i, false)) {
		size_t blanks = span(s + i, n - i, true);

		i += blanks;
		if (blanks > 1 && columns_of(s, i) <= width / 2)
			last = columns_of(s, i);
	}
	if (last || begin + HANGING <= width / 2)
		return last ? last : (unsigned)begin + HANGING;
	return begin <= width / 2 ? (unsigned)begin : HANGING;
}

static void put_line(struct wrap *w, const char *s, size_t n)
{
	size_t i = span(s, n, true);

	w->indent = hanging(s, n, w->width);
	w->column = (unsigned)i < w->width ? (unsigned)i : 0;
	fprintf(w->out, "%*s", (int)w->column, "");
	while (i < n) {
		size_t word = span(s + i, n - i, false), blanks = span(s + i + word, n - i - word, true);
		size_t next = i + word + blanks;
		unsigned coming = columns_of(s + next, span(s + next, n - next, false));

		put_word(w, s + i, word);
		if (next < n && w->column + blanks + coming > w->width) {
			break_line(w);
		} else if (next < n) {
			fprintf(w->out, "%*s", (int)blanks, "");
			w->column += (unsigned)blanks;
		}
		i = next;
	}
}

static ssize_t take(void *cookie, const char *s, size_t n)
{
	struct wrap *w = cookie;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\n')
			w->line[w->n++] = s[i];
		if (s[i] != '\n' && w->n < KEPT_MAX)
			continue;
		put_line(w, w->line, w->n);
		fputc('\n', w->out);
		w->n = 0;
	}
	return fflush(w->out) ? 0 : (ssize_t)n;
}

static int end(void *cookie)
{
	struct wrap *w = cookie;
	int failed;

	if (w->n)
		put_line(w, w->line, w->n);
	failed = fflush(w->out);
	free(w->line);
	free(w);
	return failed;
}

FILE *term_wrap(FILE *out, unsigned width)
{
	static const cookie_io_functions_t functions = { .write = take, .close = end };
	struct wrap *w = calloc(1, sizeof *w);
	FILE *f;

	if (!w || !(w->line = malloc(KEPT_MAX)))
		abort();
	w->out = out;
	w->width = width;
	f = fopencookie(w, "w", functions);
	if (!f || setvbuf(f, NULL, _IOLBF, 0))
		abort();
	return f;
}
