/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Zero bits at the end of a PRF (RFC 8019, 7.1.2), against keys found with Python's hmac module, and what the
 * notify PUZZLE holds (8.1). */
#include "unit.h"

#include "crypto/puzzle.h"
#include "hex.h"
#include "wire/message.h"

enum { FIRST = 788, OTHERS = 45 /* of 10,000 keys, those that end in 8 zero bits */ };

#define COOKIE_TEXT "a cookie of sixty-four octets, which is as long as one can be: ."

static struct bytes octets(const char *text, uint8_t *room, size_t n)
{
	return bytes_of(room, hex(text, room, n));
}

static void zero_bits_are_counted_from_the_end(void **state)
{
	static const struct {
		const char *octets;
		unsigned bits;
	} rows[] = { { "", 0 }, { "01", 0 }, { "02", 1 }, { "80", 7 }, { "00", 8 }, { "0001", 0 },
		{ "0100", 8 }, { "ff40", 6 }, { "80000000", 31 }, { "00000000", 32 }, { "00f00000", 20 } };
	uint8_t room[8];

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(puzzle_zero_bits(octets(rows[i].octets, room, sizeof room)), rows[i].bits);
}

static void keys_are_measured(void **state)
{
	static const struct {
		uint16_t prf;
		const char *key;
		unsigned bits;
	} rows[] = { { PRF_HMAC_SHA1, "00000557", 10 }, { PRF_HMAC_SHA1, "000020072a", 14 },
		{ PRF_HMAC_SHA2_256, "00000314", 11 }, { PRF_HMAC_SHA2_256, "0000283f2a", 13 },
		{ PRF_HMAC_SHA2_384, "00000293", 10 }, { PRF_HMAC_SHA2_384, "000014ec2a", 15 },
		{ PRF_HMAC_SHA2_512, "00000336", 10 }, { PRF_HMAC_SHA2_512, "00000cef2a", 13 } };
	uint8_t room[64];
	unsigned bits;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct transform *prf = transform_find(TRANSFORM_PRF, rows[i].prf, 0);

		assert_int_equal(puzzle_measure(prf, octets(rows[i].key, room, sizeof room),
					 bytes_str(COOKIE_TEXT), &bits),
			ERR_OK);
		assert_int_equal(bits, rows[i].bits);
	}
}

/* The same that Python found, the first of all; then it goes on behind it. */
static void a_search_goes_on_where_it_was(void **state)
{
	const struct transform *prf = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0);
	uint8_t key[PUZZLE_KEY_OCTETS];
	uint32_t next = 0;
	unsigned found = 0, bits;

	(void)state;
	assert_int_equal(puzzle_search(prf, 8, bytes_str(COOKIE_TEXT), FIRST, &next, key), ERR_RANGE);
	assert_int_equal(next, FIRST);
	assert_int_equal(puzzle_search(prf, 8, bytes_str(COOKIE_TEXT), 1, &next, key), ERR_OK);
	assert_int_equal(next, FIRST + 1);
	while (puzzle_search(prf, 8, bytes_str(COOKIE_TEXT), 10000 - next, &next, key) == ERR_OK) {
		assert_int_equal(
			puzzle_measure(prf, bytes_of(key, sizeof key), bytes_str(COOKIE_TEXT), &bits),
			ERR_OK);
		assert_true(bits >= 8);
		found++;
	}
	assert_int_equal(next, 10000);
	assert_int_equal(found, OTHERS);
	assert_int_equal(puzzle_search(prf, 0, bytes_str(COOKIE_TEXT), 0, &next, key), ERR_RANGE);
}

static void the_notify_names_prf_and_bits(void **state)
{
	struct arena arena = { 0 };
	struct wire_puzzle puzzle = { PRF_HMAC_SHA2_384, 17 };
	struct bytes data = puzzle_put(&puzzle, &arena);

	(void)state;
	assert_int_equal(data.n, 3);
	assert_memory_equal(data.p, "\x00\x06\x11", 3);
	puzzle = (struct wire_puzzle){ 0 };
	assert_true(puzzle_get(data, &puzzle));
	assert_int_equal(puzzle.prf, PRF_HMAC_SHA2_384);
	assert_int_equal(puzzle.bits, 17);
	assert_false(puzzle_get(bytes_of(data.p, 2), &puzzle));
	assert_false(puzzle_get(bytes_str("four"), &puzzle));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_bits_are_counted_from_the_end),
		cmocka_unit_test(keys_are_measured),
		cmocka_unit_test(a_search_goes_on_where_it_was),
		cmocka_unit_test(the_notify_names_prf_and_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
