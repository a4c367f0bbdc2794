/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The anti-replay window: RFC 4303, 3.4.3 and the cases of its appendix A2. */
#include "tests/unit/unit.h"

#include "xfrm/user/replay.h"

static struct arena arena;

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct replay window(uint32_t size, bool esn, uint64_t top)
{
	struct replay r;

	replay_init(&r, size, esn, &arena);
	r.top = top;
	return r;
}

/* Checks and advances as a packet that is authentic; false when it was refused. */
static bool take(struct replay *r, uint32_t low)
{
	uint64_t seq;

	return replay_check(r, low, &seq) && replay_advance(r, seq) != REPLAY_SEEN;
}

/* The number that LOW is taken for; 0 when it is refused. */
static uint64_t infer(const struct replay *r, uint32_t low)
{
	uint64_t seq;

	return replay_check(r, low, &seq) ? seq : 0;
}

static void zero_is_never_a_number(void **state)
{
	struct replay r = window(64, false, 0), off = window(0, false, 0);

	(void)state;
	assert_false(take(&r, 0));
	assert_false(take(&off, 0));
}

static void numbers_in_order_pass_once(void **state)
{
	struct replay r = window(64, false, 0);

	(void)state;
	for (uint32_t i = 1; i <= 1000; i++)
		assert_true(take(&r, i));
	for (uint32_t i = 1; i <= 1000; i++)
		assert_false(take(&r, i));
}

static void disorder_within_the_window_passes_once(void **state)
{
	struct replay r = window(64, false, 0);

	(void)state;
	assert_true(take(&r, 100));
	for (uint32_t i = 99; i > 100 - 64; i--)
		assert_true(take(&r, i));
	for (uint32_t i = 100; i > 100 - 64; i--)
		assert_false(take(&r, i));
}

static void left_of_the_window_is_refused(void **state)
{
	struct replay r = window(64, false, 0);

	(void)state;
	assert_true(take(&r, 1000));
	assert_false(take(&r, 1000 - 64));
	assert_true(take(&r, 1000 - 63));
}

static void a_jump_forgets_what_was_seen(void **state)
{
	struct replay r = window(128, false, 0);

	(void)state;
	for (uint32_t i = 1; i <= 300; i++)
		assert_true(take(&r, i));
	assert_true(take(&r, 100000));
	for (uint32_t i = 100000 - 127; i < 100000; i++)
		assert_true(take(&r, i));
	assert_false(take(&r, 100000 - 128));
}

static void every_distance_of_a_jump_leaves_a_clean_window(void **state)
{
	(void)state;
	for (uint32_t jump = 1; jump < 600; jump++) {
		struct replay r = window(96, false, 0);

		for (uint32_t i = 1; i <= 500; i++)
			assert_true(take(&r, i));
		assert_true(take(&r, 500 + jump));
		for (uint32_t i = 500 + jump - 95; i < 500 + jump; i++)
			assert_int_equal(take(&r, i), i > 500);
	}
}

static void a_window_need_not_be_a_power_of_two(void **state)
{
	struct replay r = window(1000, false, 0);

	(void)state;
	assert_true(take(&r, 5000));
	assert_true(take(&r, 5000 - 999));
	assert_false(take(&r, 5000 - 1000));
}

static void a_window_of_one_takes_ascending_numbers_only(void **state)
{
	struct replay r = window(1, false, 0);

	(void)state;
	assert_true(take(&r, 5));
	assert_false(take(&r, 5));
	assert_false(take(&r, 4));
	assert_true(take(&r, 6));
}

static void the_largest_window_works(void **state)
{
	struct replay r = window(REPLAY_MAX, false, 0);

	(void)state;
	assert_true(take(&r, 100000));
	assert_true(take(&r, 100000 - REPLAY_MAX + 1));
	assert_false(take(&r, 100000 - REPLAY_MAX + 1));
	assert_false(take(&r, 100000 - REPLAY_MAX));
}

static void without_a_window_all_pass(void **state)
{
	struct replay r = window(0, false, 0);

	(void)state;
	assert_true(take(&r, 7));
	assert_true(take(&r, 7));
	assert_true(take(&r, 1));
	assert_int_equal(r.top, 7);
}

static void checking_changes_nothing(void **state)
{
	struct replay r = window(64, false, 0);
	uint64_t seq;

	(void)state;
	assert_true(replay_check(&r, 9, &seq));
	assert_true(replay_check(&r, 9, &seq));
	assert_int_equal(r.top, 0);
	assert_int_equal(replay_advance(&r, seq), REPLAY_TOP);
	assert_int_equal(replay_advance(&r, seq), REPLAY_SEEN);
}

static void only_the_highest_number_moves_the_top(void **state)
{
	struct replay r = window(64, false, 0);

	(void)state;
	assert_int_equal(replay_advance(&r, 10), REPLAY_TOP);
	assert_int_equal(replay_advance(&r, 9), REPLAY_IN);
	assert_int_equal(r.top, 10);
}

static void the_last_short_number_passes(void **state)
{
	struct replay r = window(64, false, UINT32_MAX - 1);

	(void)state;
	assert_true(take(&r, UINT32_MAX));
	assert_false(take(&r, 1));
}

/* Appendix A2.1, case A: the window lies within one half of 2^32 numbers. */
static void case_a_right_of_the_bottom_is_the_same_half(void **state)
{
	struct replay r = window(64, true, 5ULL << 32 | 1000);

	(void)state;
	assert_int_equal(infer(&r, 1001), 5ULL << 32 | 1001);
	assert_int_equal(infer(&r, 1000 - 63), 5ULL << 32 | (1000 - 63));
	assert_int_equal(infer(&r, UINT32_MAX), 5ULL << 32 | UINT32_MAX);
}

static void case_a_left_of_the_bottom_is_the_next_half(void **state)
{
	struct replay r = window(64, true, 5ULL << 32 | 1000);

	(void)state;
	assert_int_equal(infer(&r, 1000 - 64), 6ULL << 32 | (1000 - 64));
	assert_int_equal(infer(&r, 0), 6ULL << 32);
}

/* Case B: the window reaches back into the half before. */
static void case_b_high_numbers_are_of_the_half_before(void **state)
{
	struct replay r = window(64, true, 5ULL << 32 | 10);

	(void)state;
	assert_int_equal(infer(&r, UINT32_MAX), 4ULL << 32 | UINT32_MAX);
	assert_int_equal(infer(&r, (uint32_t)(10 - 63)), 4ULL << 32 | (uint32_t)(10 - 63));
}

static void case_b_others_are_of_this_half(void **state)
{
	struct replay r = window(64, true, 5ULL << 32 | 10);

	(void)state;
	assert_int_equal(infer(&r, 9), 5ULL << 32 | 9);
	assert_int_equal(infer(&r, 11), 5ULL << 32 | 11);
	assert_int_equal(infer(&r, (uint32_t)(10 - 64)), 5ULL << 32 | (uint32_t)(10 - 64));
}

static void before_the_first_half_there_is_none(void **state)
{
	struct replay r = window(64, true, 10);

	(void)state;
	assert_int_equal(infer(&r, UINT32_MAX), 0);
}

static void behind_the_last_half_there_is_none(void **state)
{
	struct replay r = window(64, true, (uint64_t)UINT32_MAX << 32 | 1000);

	(void)state;
	assert_int_equal(infer(&r, 5), 0);
	assert_int_equal(infer(&r, 1001), (uint64_t)UINT32_MAX << 32 | 1001);
}

static void extended_numbers_go_over_the_wrap(void **state)
{
	struct replay r = window(1024, true, 0);

	(void)state;
	r.top = UINT32_MAX - 2000;
	for (uint64_t seq = r.top + 1; seq < UINT32_MAX + 3000ULL; seq++) {
		assert_int_equal(infer(&r, (uint32_t)seq), seq);
		assert_int_equal(replay_advance(&r, seq), REPLAY_TOP);
		assert_false(take(&r, (uint32_t)seq));
	}
}

static void disorder_over_the_wrap_passes_once(void **state)
{
	struct replay r = window(1024, true, UINT32_MAX - 10);

	(void)state;
	assert_true(take(&r, 5)); /* of the next half */
	assert_int_equal(r.top, 1ULL << 32 | 5);
	assert_true(take(&r, UINT32_MAX));
	assert_false(take(&r, UINT32_MAX));
	assert_true(take(&r, 0));
	assert_false(take(&r, 0));
}

static void extended_numbers_without_a_window_take_the_nearest(void **state)
{
	struct replay r = window(0, true, 5ULL << 32 | 10);

	(void)state;
	assert_int_equal(infer(&r, UINT32_MAX), 4ULL << 32 | UINT32_MAX);
	assert_int_equal(infer(&r, 11), 5ULL << 32 | 11);
	r.top = 5ULL << 32 | 0xfffffff0;
	assert_int_equal(infer(&r, 3), 6ULL << 32 | 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(zero_is_never_a_number, clear),
		cmocka_unit_test_teardown(numbers_in_order_pass_once, clear),
		cmocka_unit_test_teardown(disorder_within_the_window_passes_once, clear),
		cmocka_unit_test_teardown(left_of_the_window_is_refused, clear),
		cmocka_unit_test_teardown(a_jump_forgets_what_was_seen, clear),
		cmocka_unit_test_teardown(every_distance_of_a_jump_leaves_a_clean_window, clear),
		cmocka_unit_test_teardown(a_window_need_not_be_a_power_of_two, clear),
		cmocka_unit_test_teardown(a_window_of_one_takes_ascending_numbers_only, clear),
		cmocka_unit_test_teardown(the_largest_window_works, clear),
		cmocka_unit_test_teardown(without_a_window_all_pass, clear),
		cmocka_unit_test_teardown(checking_changes_nothing, clear),
		cmocka_unit_test_teardown(only_the_highest_number_moves_the_top, clear),
		cmocka_unit_test_teardown(the_last_short_number_passes, clear),
		cmocka_unit_test_teardown(case_a_right_of_the_bottom_is_the_same_half, clear),
		cmocka_unit_test_teardown(case_a_left_of_the_bottom_is_the_next_half, clear),
		cmocka_unit_test_teardown(case_b_high_numbers_are_of_the_half_before, clear),
		cmocka_unit_test_teardown(case_b_others_are_of_this_half, clear),
		cmocka_unit_test_teardown(before_the_first_half_there_is_none, clear),
		cmocka_unit_test_teardown(behind_the_last_half_there_is_none, clear),
		cmocka_unit_test_teardown(extended_numbers_go_over_the_wrap, clear),
		cmocka_unit_test_teardown(disorder_over_the_wrap_passes_once, clear),
		cmocka_unit_test_teardown(extended_numbers_without_a_window_take_the_nearest, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
