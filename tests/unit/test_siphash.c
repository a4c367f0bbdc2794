/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/siphash.h"
#include "tests/unit/unit.h"

/* The key 00 01 … 0f, and messages 00 01 … of the paper's own list of results. */
static const struct siphash_key key = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

static uint64_t of_first(size_t n)
{
	uint8_t octets[64];

	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)i;
	return siphash(&key, &(struct bytes){ octets, n }, 1);
}

static void it_is_the_papers(void **state)
{
	(void)state;
	assert_int_equal(of_first(0), 0x726fdb47dd0e0e31);
	assert_int_equal(of_first(1), 0x74f839c593dc67fd);
	assert_int_equal(of_first(7), 0xab0200f58b01d137);
	assert_int_equal(of_first(8), 0x93f5f5799a932462);
	assert_int_equal(of_first(15), 0xa129ca6149be45e5);
	assert_int_equal(of_first(63), 0x958a324ceb064572);
}

/* However it is cut. */
static void parts_are_one_message(void **state)
{
	uint8_t octets[31];

	(void)state;
	for (unsigned i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)i;
	for (size_t a = 0; a <= sizeof octets; a++)
		for (size_t b = a; b <= sizeof octets; b++) {
			struct bytes parts[] = { { octets, a }, { octets + a, b - a },
				{ octets + b, sizeof octets - b } };

			assert_int_equal(siphash(&key, parts, 3), of_first(sizeof octets));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_papers),
		cmocka_unit_test(parts_are_one_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
