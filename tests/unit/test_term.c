/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines that fit a terminal. */
#include "unit.h"

#include "base/arena.h"
#include "tools/ipsec/term.h"

#include <stdlib.h>

/* TEXT through a stream of 20 columns, in pieces of PIECE octets. */
static char *wrapped(const char *text, size_t piece)
{
	char *out;
	size_t n;
	FILE *memory = open_memstream(&out, &n), *f = term_wrap(memory, 20);

	for (size_t i = 0; i < strlen(text); i += piece) {
		fprintf(f, "%.*s", (int)piece, text + i);
		fflush(f);
	}
	fclose(f);
	fclose(memory);
	return out;
}

static void lines_are_broken_between_words(void **state)
{
	static const struct {
		const char *text, *fits;
	} rows[] = {
		{ "short\n", "short\n" },
		{ "", "" },
		{ "\n\n", "\n\n" },
		{ "exactly twenty, yes.\n", "exactly twenty, yes.\n" },
		{ "one more than twenty.\n", "one more than\n    twenty.\n" },
		{ "a line without an end", "a line without an\n    end" },
		{ "  indented, and then broken\n", "  indented, and then\n      broken\n" },
		{ "0123456789012345678901234567890123456789\n",
			"01234567890123456789\n    0123456789012345\n    6789\n" },
		{ "ok    port   of IKE is free\n", "ok    port   of IKE\n      is free\n" },
		{ "two  spaces  stay\n", "two  spaces  stay\n" },
		{ "\303\244\303\266\303\274 twenty umlauts \303\244\n",
			"\303\244\303\266\303\274 twenty umlauts \303\244\n" },
		{ "a \033[31mcolour\033[0m has no width\n", "a \033[31mcolour\033[0m has no\n    width\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t piece = 1; piece < 40; piece += 13) {
			char *out = wrapped(rows[i].text, piece);

			assert_string_equal(out, rows[i].fits);
			free(out);
		}
}

static void a_line_without_end_has_a_limit(void **state)
{
	enum { LONG = 200000 };
	char *text = malloc(LONG + 1), *out, *at;

	(void)state;
	memset(text, 'x', LONG);
	text[LONG] = 0;
	out = wrapped(text, 4096);
	for (at = out; strlen(at) > 20; at = strchr(at, '\n') + 1)
		assert_true(strcspn(at, "\n") <= 20);
	free(out);
	free(text);
}

static void only_terminals_have_a_width_and_colours(void **state)
{
	struct arena arena = { 0 };
	FILE *file = tmpfile();

	(void)state;
	assert_int_equal(term_width(file), 0);
	assert_false(term_colours(file));
	fclose(file);
	assert_string_equal(term_paint(false, PAINT_GOOD, "up", &arena), "up");
	assert_string_equal(term_paint(true, PAINT_GOOD, "up", &arena), "\033[32mup\033[0m");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_broken_between_words),
		cmocka_unit_test(a_line_without_end_has_a_limit),
		cmocka_unit_test(only_terminals_have_a_width_and_colours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
