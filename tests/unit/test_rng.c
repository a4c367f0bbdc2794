/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers out of given randomness. */
#include "tests/unit/unit.h"

#include "base/rng.h"

static void a_seed_decides_the_stream(void **state)
{
	struct rng_seeded a, b, c;
	uint8_t x[37], y[37];

	(void)state;
	rng_seed(&a, 1);
	rng_seed(&b, 1);
	rng_seed(&c, 2);
	rng_fill(&a.rng, x, sizeof x);
	rng_fill(&b.rng, y, sizeof y);
	assert_memory_equal(x, y, sizeof x);
	rng_fill(&c.rng, y, sizeof y);
	assert_memory_not_equal(x, y, sizeof x);
}

static void all_numbers_below_the_bound_occur(void **state)
{
	struct rng_seeded r;
	unsigned seen[7] = { 0 };

	(void)state;
	rng_seed(&r, 3);
	for (int i = 0; i < 7000; i++)
		seen[rng_below(&r.rng, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_int_equal(rng_below(&r.rng, 1), 0);
}

struct fixed {
	struct rng rng;
	const uint32_t *values;
};

static void fixed_fill(struct rng *r, void *p, size_t n)
{
	struct fixed *f = (struct fixed *)(void *)r;

	memcpy(p, f->values++, n);
}

static void values_that_would_weigh_double_are_drawn_again(void **state)
{
	static const uint32_t values[] = { 0, 3, 4 };
	struct fixed f = { { fixed_fill }, values };

	(void)state;
	/* 2^32 mod 6 is 4: 0 to 3 are refused. */
	assert_int_equal(rng_below(&f.rng, 6), 4);
	assert_ptr_equal(f.values, values + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seed_decides_the_stream),
		cmocka_unit_test(all_numbers_below_the_bound_occur),
		cmocka_unit_test(values_that_would_weigh_double_are_drawn_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
