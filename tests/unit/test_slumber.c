/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is taken for a sleep of the machine. */
#include "unit.h"

#include "daemon/clock.h"
#include "daemon/slumber.h"
#include "daemon/world.h"

#include <sys/resource.h>

static void each_sleep_is_noticed_once(void **state)
{
	struct slumber s = { .slept = 7000 };

	(void)state;
	assert_int_equal(slumber_notice(&s, 7000), 0);
	assert_int_equal(slumber_notice(&s, 607000), 600 * 1000);
	assert_int_equal(slumber_notice(&s, 607000), 0);
	assert_int_equal(slumber_notice(&s, 637000), 30 * 1000);
}

/* A reading comes out too small when this process has to wait in the middle of it. */
static void what_is_read_too_small_is_no_sleep(void **state)
{
	struct slumber s = { .slept = 7000 };

	(void)state;
	assert_int_equal(slumber_notice(&s, 2000), 0);
	assert_int_equal(slumber_notice(&s, 7000), 0);
	assert_int_equal(slumber_notice(&s, 7000 + SLUMBER_LEAST - 1), 0);
	/* Short ones add up. */
	assert_int_equal(slumber_notice(&s, 7000 + SLUMBER_LEAST), SLUMBER_LEAST);
}

/* No machine sleeps while this test runs. */
static void the_clock_does_not_make_it_up(void **state)
{
	struct slumber s = { .slept = clock_slept() };

	(void)state;
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(slumber_notice(&s, clock_slept()), 0);
	assert_true(clock_slept() <= clock_ms());
}

static void note_line(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)level;
	(void)word;
	text_add(ctx, "%s", line);
}

/* There is no descriptor more. */
static void why_it_is_not_noticed_is_said(void **state)
{
	static struct world w;
	struct arena arena = { 0 };
	struct text said = text_in(&arena);
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = (struct rlimit){ 0, before.rlim_max };
	log_to(note_line, &said);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	slumber_start(&w);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	log_to(NULL, NULL);
	slumber_stop(&w);
	assert_non_null(strstr(text_str(&said), "is not noticed (timerfd: Too many open files)"));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_sleep_is_noticed_once),
		cmocka_unit_test(what_is_read_too_small_is_no_sleep),
		cmocka_unit_test(the_clock_does_not_make_it_up),
		cmocka_unit_test(why_it_is_not_noticed_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
