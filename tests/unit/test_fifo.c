/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets in, octets out, in any pieces. */
#include "unit.h"

#include "base/fifo.h"

static void an_empty_one_has_nothing(void **state)
{
	struct fifo f = { 0 };

	(void)state;
	assert_int_equal(fifo_n(&f), 0);
	assert_int_equal(fifo_bytes(&f).n, 0);
	fifo_put(&f, bytes_of(NULL, 0));
	assert_null(f.p);
	fifo_free(&f);
}

/* More goes in than comes out, so that it grows, and is moved, with something in it. */
static void octets_come_out_as_they_went_in(void **state)
{
	enum { ROUNDS = 600, IN = 97, OUT = 61 };
	struct fifo f = { 0 };
	uint8_t in[IN], next = 0, expected = 0;

	(void)state;
	for (unsigned round = 0; round < 2 * ROUNDS; round++) {
		size_t out;

		for (unsigned i = 0; i < IN && round < ROUNDS; i++)
			in[i] = next++;
		if (round < ROUNDS)
			fifo_put(&f, bytes_of(in, IN));
		out = fifo_n(&f) < OUT ? fifo_n(&f) : OUT;
		for (size_t i = 0; i < out; i++)
			assert_int_equal(fifo_bytes(&f).p[i], expected++);
		if (out)
			fifo_drop(&f, out);
	}
	assert_int_equal(expected, (uint8_t)(ROUNDS * IN));
	fifo_free(&f);
}

/* What is empty again has no memory; and what is there is no more than what waits, some times over. */
static void it_takes_what_it_must(void **state)
{
	enum { SIZE = 5000, MANY = 1000 };
	static uint8_t octets[SIZE];
	struct fifo f = { 0 };

	(void)state;
	fifo_put(&f, bytes_of(octets, SIZE));
	for (unsigned i = 0; i < MANY; i++) {
		fifo_put(&f, bytes_of(octets, SIZE));
		fifo_drop(&f, SIZE);
	}
	assert_in_range(f.cap, SIZE, 8 * SIZE);
	fifo_drop(&f, SIZE);
	assert_null(f.p);
	assert_int_equal(f.cap, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_has_nothing),
		cmocka_unit_test(octets_come_out_as_they_went_in),
		cmocka_unit_test(it_takes_what_it_must),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
