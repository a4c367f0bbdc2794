/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Words and numbers, "did you mean", and log lines. */
#include "tests/unit/unit.h"

#include "base/log.h"
#include "base/names.h"

#include <stdio.h>

static const struct name colours[] = { { 1, "red" }, { 2, "green" }, { 3, "turquoise" }, { 0, NULL } };

static const char *next_colour(void *ctx)
{
	const struct name **at = ctx;

	return (*at)->word ? (*at)++->word : NULL;
}

static const char *nearest(const char *word)
{
	const struct name *at = colours;

	return name_nearest(word, next_colour, &at);
}

static void words_and_numbers_are_found(void **state)
{
	(void)state;
	assert_string_equal(name_word(colours, 2), "green");
	assert_null(name_word(colours, 9));
	assert_int_equal(name_find(colours, "Green")->value, 2);
	assert_null(name_find(colours, "gree"));
}

static void a_slip_finds_its_word(void **state)
{
	(void)state;
	assert_string_equal(nearest("gren"), "green");
	assert_string_equal(nearest("turqoise"), "turquoise");
	assert_string_equal(nearest("red"), "red");
}

static void nonsense_finds_nothing(void **state)
{
	char long_word[200];

	(void)state;
	memset(long_word, 'r', sizeof long_word);
	long_word[sizeof long_word - 1] = 0;
	assert_null(nearest("blue-black"));
	assert_null(nearest(long_word));
}

struct seen {
	unsigned n;
	char last[64];
};

static void see(void *ctx, enum log_level level, const char *word, const char *line)
{
	struct seen *seen = ctx;

	seen->n++;
	snprintf(seen->last, sizeof seen->last, "%d %s %s", (int)level, word, line);
}

static void the_sink_gets_lines_up_to_its_level(void **state)
{
	struct seen seen = { 0 };

	(void)state;
	log_to(see, &seen);
	log_say(LOG_NOTICE, "sa-up", "peer=%s n=%d", "a", 1);
	assert_string_equal(seen.last, "2 sa-up peer=a n=1");
	log_say(LOG_DETAIL, "packet", "dropped");
	assert_int_equal(seen.n, 1);
	log_upto(LOG_DETAIL);
	log_say(LOG_DETAIL, "packet", "dropped");
	assert_int_equal(seen.n, 2);
	log_to(NULL, NULL);
	log_say(LOG_ERROR, "gone", "nobody listens");
	assert_int_equal(seen.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_numbers_are_found),
		cmocka_unit_test(a_slip_finds_its_word),
		cmocka_unit_test(nonsense_finds_nothing),
		cmocka_unit_test(the_sink_gets_lines_up_to_its_level),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
