/* SPDX-License-Identifier: GPL-2.0-or-later */
/* However many pieces an answer has, who gives it has one time for all of them. */
#include "tests/unit/unit.h"

#include "daemon/delay.h"

static void pieces_have_one_time_together(void **state)
{
	struct delay d = { 0 };
	uint64_t now = 1000000;

	(void)state;
	for (unsigned i = 0; i < 5; i++, now += 990 + DELAY_ANSWER) {
		assert_int_equal(delay_left(&d, now), DELAY_MAX - i * 990);
		delay_add(&d, now, now + 990 + DELAY_ANSWER, DELAY_ANSWER);
	}
	assert_int_equal(delay_left(&d, now), 50);
	delay_add(&d, now, now + 50, DELAY_ANSWER);
	assert_int_equal(delay_left(&d, now + 50), DELAY_ANSWER); /* no more than each is given */
}

static void time_comes_back_while_nobody_waits(void **state)
{
	struct delay d = { 0 };

	(void)state;
	delay_add(&d, 1000 - DELAY_ANSWER, 5000, DELAY_ANSWER);
	assert_int_equal(delay_left(&d, 5000), 1000);
	assert_int_equal(delay_left(&d, 6000), 2000);
	assert_int_equal(delay_left(&d, 60000), DELAY_MAX);
	assert_int_equal(delay_left(&d, 60001), DELAY_MAX);
	delay_add(&d, 60001, 61001, DELAY_ANSWER);
	delay_add(&d, 61501, 61501, DELAY_ANSWER);
	assert_int_equal(delay_left(&d, 61501), DELAY_MAX - 500 + 2 * DELAY_ANSWER);
}

/* As long as it takes no more than half of the time there is no end to it. */
static void honest_pieces_without_end(void **state)
{
	struct delay d = { 0 };
	uint64_t now = 1000;

	(void)state;
	for (unsigned i = 0; i < 100000; i++, now += 2) {
		assert_true(delay_left(&d, now) >= DELAY_MAX - 1);
		delay_add(&d, now, now + 1, DELAY_ANSWER);
	}
	for (unsigned i = 0; i < 10000; i++, now += 200) {
		assert_true(delay_left(&d, now) >= DELAY_MAX - 1);
		delay_add(&d, now, now + 100, DELAY_ANSWER);
	}
}

/* Ten thousand IKE_SAs have as much as each is given. */
static void many_pieces_at_once(void **state)
{
	struct delay d = { 0 };
	uint64_t now = 1000;

	(void)state;
	for (unsigned i = 0; i < 10000; i++, now += DELAY_ANSWER) {
		assert_int_equal(delay_left(&d, now), DELAY_MAX);
		delay_add(&d, now, now + DELAY_ANSWER, DELAY_ANSWER);
	}
}

/* Each in the time of one that means it; but there is nothing of what it answers about. */
static void who_invents_answers_has_an_end(void **state)
{
	struct delay d = { 0 };
	uint64_t now = 1000, begun = now;

	(void)state;
	for (; delay_left(&d, now); now += DELAY_ANSWER)
		delay_add(&d, now, now + DELAY_ANSWER, DELAY_ANSWER);
	assert_in_range(now - begun, DELAY_MAX, DELAY_GIVEN + DELAY_MAX + DELAY_ANSWER);
	assert_int_equal(delay_left(&d, now + 1000), 1000);
}

/* The machine slept, or we were stopped. */
static void one_wait_without_end_leaves_time_for_the_next(void **state)
{
	enum { HOUR = 3600 * 1000 };
	struct delay d = { 0 };
	uint64_t now = 1000;

	(void)state;
	delay_add(&d, now, now + HOUR, DELAY_ORDER);
	now += HOUR;
	for (unsigned i = 0; i < 100; i++, now += 10) {
		assert_in_range(delay_left(&d, now), 11, DELAY_MAX);
		delay_add(&d, now, now + 10, DELAY_ORDER);
	}
}

/* Several ask for all of them at once, or all are given again on a slow machine. */
static void who_has_much_is_given_as_much_more(void **state)
{
	enum { MANY = 10000 };
	struct delay d = { .more = MANY * DELAY_ANSWER };
	uint64_t now = 1000, begun = now;

	(void)state;
	for (; delay_left(&d, now); now += DELAY_ANSWER)
		delay_add(&d, now, now + DELAY_ANSWER, DELAY_ANSWER);
	assert_in_range(
		now - begun, DELAY_GIVEN + d.more + DELAY_MAX / 2, DELAY_GIVEN + d.more + 2 * DELAY_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_have_one_time_together),
		cmocka_unit_test(time_comes_back_while_nobody_waits),
		cmocka_unit_test(honest_pieces_without_end),
		cmocka_unit_test(many_pieces_at_once),
		cmocka_unit_test(who_invents_answers_has_an_end),
		cmocka_unit_test(one_wait_without_end_leaves_time_for_the_next),
		cmocka_unit_test(who_has_much_is_given_as_much_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
