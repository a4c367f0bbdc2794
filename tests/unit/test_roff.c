/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual pages: what roff would take for its own is escaped, and every row of the tables is there. */
#include "base/roff.h"
#include "conf/manual.h"
#include "tests/unit/unit.h"
#include "tools/ipsec/verbs.h"

static void lines_are_escaped(void **state)
{
	static const struct {
		const char *line, *roff;
	} rows[] = {
		{ "plain words", "plain words\n" },
		{ ".TH is none", "\\&.TH is none\n" },
		{ "'quoted", "\\&'quoted\n" },
		{ "a-b \\n", "a\\-b \\en\n" },
		{ "\xe2\x80\xa6", "\\[u2026]\n" },
		{ "\xc3\xa4", "\\[u00E4]\n" },
		{ "cut \xe2\x80", "cut \n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena arena = { 0 };
		struct text out = text_in(&arena);

		roff_line(&out, rows[i].line);
		assert_string_equal(text_str(&out), rows[i].roff);
		arena_free(&arena);
	}
}

static void the_page_of_ipsec_has_every_verb_and_alias(void **state)
{
	struct arena arena = { 0 };
	struct text page = text_in(&arena);
	const struct alias *a = alias_next(NULL);

	(void)state;
	verbs_man(&page);
	assert_int_equal(strncmp(text_str(&page), ".\\\"", 3), 0);
	for (const struct verb *v = verb_next(NULL); v; v = verb_next(v))
		assert_non_null(strstr(text_str(&page), arena_printf(&arena, "\\fB%s\\fR", v->name)));
	for (; a; a = alias_next(a))
		assert_non_null(strstr(text_str(&page), arena_printf(&arena, "\\fB%s\\fR", a->word)));
	assert_non_null(strstr(text_str(&page), "\\fBissue\\fR"));
	arena_free(&arena);
}

static void every_alias_means_a_verb(void **state)
{
	(void)state;
	for (const struct alias *a = alias_next(NULL); a; a = alias_next(a)) {
		char verb[32] = "";

		memcpy(verb, a->means, strcspn(a->means, " "));
		assert_non_null(verb_find(verb));
		assert_null(verb_find(a->word));
	}
}

static void the_page_of_the_configuration_has_its_sections(void **state)
{
	struct arena arena = { 0 };
	struct text page = text_in(&arena);

	(void)state;
	conf_page(&page);
	assert_non_null(strstr(text_str(&page), ".SH connections.<conn>.children.<child>\n"));
	assert_non_null(strstr(text_str(&page), "\\fBstart_action\\fR (none, trap, start, "));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_escaped),
		cmocka_unit_test(the_page_of_ipsec_has_every_verb_and_alias),
		cmocka_unit_test(every_alias_means_a_verb),
		cmocka_unit_test(the_page_of_the_configuration_has_its_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
