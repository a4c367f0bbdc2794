/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters that two share. */
#include "tests/unit/unit.h"

#include "xfrm/user/meter.h"

#include <sys/mman.h>
#include <unistd.h>

static struct meters reads, writes;
static struct arena arena;
static struct text why;

static int begin(void **state)
{
	(void)state;
	why = text_in(&arena);
	assert_int_equal(meters_make(&reads, &why), ERR_OK);
	assert_int_equal(meters_take(&writes, dup(reads.fd), &why), ERR_OK);
	return 0;
}

static int end(void **state)
{
	(void)state;
	meters_close(&writes);
	meters_close(&reads);
	arena_free(&arena);
	return 0;
}

static uint32_t one(void)
{
	uint32_t n;

	assert_int_equal(meters_get(&reads, &n, &why), ERR_OK);
	return n;
}

static void what_one_counts_the_other_reads(void **state)
{
	uint32_t a = one(), b = one();

	(void)state;
	assert_int_not_equal(a, b);
	meters_at(&writes, a)->packets = 5;
	meters_at(&writes, b)->packets = 7;
	drop_count(&writes.totals->drops, DROP_SPI);
	assert_int_equal(meters_at(&reads, a)->packets, 5);
	assert_int_equal(meters_at(&reads, b)->packets, 7);
	assert_int_equal(reads.totals->drops.n[DROP_SPI], 1);
}

/* Who counts there would be ended by a signal. */
static void there_is_no_meter_behind_the_end_of_the_memory(void **state)
{
	struct meters none;
	uint32_t a = one();

	(void)state;
	assert_non_null(meters_at(&writes, a));
	assert_non_null(meters_at(&writes, METERS_CHUNK - 1));
	assert_null(meters_at(&writes, METERS_CHUNK));
	assert_null(meters_at(&writes, METERS_MAX));
	assert_int_equal(meters_take(&none, memfd_create("none", MFD_CLOEXEC), &why), ERR_SYSTEM);
}

static void what_was_counted_outlives_who_counted(void **state)
{
	uint32_t a = one();

	(void)state;
	meters_at(&writes, a)->bytes = 77;
	meters_close(&writes);
	assert_int_equal(meters_at(&reads, a)->bytes, 77);
}

static void numbers_that_come_back_go_out_again(void **state)
{
	uint32_t a = one(), b = one();

	(void)state;
	meters_put(&reads, a);
	assert_int_equal(one(), a);
	meters_put(&reads, b);
	meters_put(&reads, a);
	assert_int_equal(one() + one(), a + b);
}

static void there_are_as_many_as_are_asked_for(void **state)
{
	enum { MANY = 3 * METERS_CHUNK + 1 };

	(void)state;
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(one(), i);
	for (uint32_t i = 0; i < MANY; i++)
		meters_at(&writes, i)->packets = i;
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(meters_at(&reads, i)->packets, i);
}

static void a_number_that_cannot_be_has_none(void **state)
{
	(void)state;
	assert_null(meters_at(&writes, METERS_MAX));
	assert_null(meters_at(&writes, UINT32_MAX));
}

static void who_counts_cannot_take_the_memory_away(void **state)
{
	uint32_t a = one();

	(void)state;
	assert_int_equal(ftruncate(writes.fd, 0), -1);
	assert_int_equal(meters_at(&reads, a)->packets, 0);
}

static void memory_that_is_none_is_explained(void **state)
{
	struct meters m;

	(void)state;
	assert_int_equal(meters_take(&m, -1, &why), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&why), "no memory for counters"));
	meters_close(&m);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_one_counts_the_other_reads),
		CASE(there_is_no_meter_behind_the_end_of_the_memory),
		CASE(what_was_counted_outlives_who_counted),
		CASE(numbers_that_come_back_go_out_again),
		CASE(there_are_as_many_as_are_asked_for),
		CASE(a_number_that_cannot_be_has_none),
		CASE(who_counts_cannot_take_the_memory_away),
		CASE(memory_that_is_none_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
