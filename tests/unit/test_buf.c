/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cursors: what was written is read; beyond the end both turn bad and stay bad. */
#include "tests/unit/unit.h"

#include "base/buf.h"

static void numbers_are_in_network_order(void **state)
{
	uint8_t room[15];
	struct wr w = wr_of(room, sizeof room);

	(void)state;
	wr_u8(&w, 1);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_u64(&w, 0x08090a0b0c0d0e0fULL);
	assert_int_equal(wr_done(&w).n, 15);
	for (uint8_t i = 0; i < 15; i++)
		assert_int_equal(room[i], i + 1);
}

static void what_was_written_is_read(void **state)
{
	uint8_t room[64];
	struct wr w = wr_of(room, sizeof room);
	struct rd r;

	(void)state;
	wr_u8(&w, 0xfe);
	wr_u16(&w, 0xfedc);
	wr_u32(&w, 0xfedcba98);
	wr_u64(&w, 0xfedcba9876543210ULL);
	wr_bytes(&w, bytes_str("text"));
	wr_zero(&w, 2);
	r = rd_of(wr_done(&w));
	assert_int_equal(rd_u8(&r), 0xfe);
	assert_int_equal(rd_u16(&r), 0xfedc);
	assert_int_equal(rd_u32(&r), 0xfedcba98);
	assert_true(rd_u64(&r) == 0xfedcba9876543210ULL);
	assert_true(bytes_eq(rd_bytes(&r, 4), bytes_str("text")));
	assert_int_equal(rd_u16(&r), 0);
	assert_true(rd_done(&r));
}

static void a_short_read_gives_zero_and_stays_bad(void **state)
{
	struct rd r = rd_of(bytes_of("\x01\x02\x03", 3));

	(void)state;
	assert_int_equal(rd_u32(&r), 0);
	assert_true(r.bad);
	assert_int_equal(rd_u8(&r), 0);
	assert_int_equal(rd_bytes(&r, 0).n, 0);
	assert_int_equal(rd_rest(&r).n, 0);
	assert_false(rd_done(&r));
}

static void octets_left_over_are_not_done(void **state)
{
	struct rd r = rd_of(bytes_of("\x01\x02", 2));

	(void)state;
	assert_int_equal(rd_u8(&r), 1);
	assert_false(r.bad);
	assert_false(rd_done(&r));
	assert_int_equal(rd_rest(&r).n, 1);
	assert_true(rd_done(&r));
}

static void a_piece_cannot_be_left(void **state)
{
	struct rd r = rd_of(bytes_of("\x01\x02\x03\x04", 4)), piece = rd_sub(&r, 2);

	(void)state;
	assert_int_equal(rd_u16(&piece), 0x0102);
	assert_true(rd_done(&piece));
	assert_int_equal(rd_u8(&piece), 0);
	assert_true(piece.bad);
	assert_false(r.bad);
	assert_int_equal(rd_u16(&r), 0x0304);
}

static void a_piece_too_long_is_bad_from_the_start(void **state)
{
	struct rd r = rd_of(bytes_of("\x01\x02", 2)), piece = rd_sub(&r, 3);

	(void)state;
	assert_true(piece.bad);
	assert_true(r.bad);
	assert_int_equal(piece.n, 0);
}

static void a_full_writer_writes_nothing_more(void **state)
{
	uint8_t room[4] = { 9, 9, 9, 9 };
	struct wr w = wr_of(room, 3);

	(void)state;
	wr_u16(&w, 0x0102);
	wr_u16(&w, 0x0304);
	assert_true(w.bad);
	wr_u8(&w, 5);
	assert_int_equal(wr_done(&w).n, 0);
	assert_int_equal(room[2], 9);
	assert_int_equal(room[3], 9);
}

static void lengths_are_filled_in_afterwards(void **state)
{
	uint8_t room[8];
	struct wr w = wr_of(room, sizeof room);

	(void)state;
	wr_zero(&w, 7);
	wr_u8_at(&w, 0, 1);
	wr_u16_at(&w, 1, 0x0203);
	wr_u32_at(&w, 3, 0x04050607);
	assert_memory_equal(room, "\x01\x02\x03\x04\x05\x06\x07", 7);
	wr_u16_at(&w, 6, 0); /* its second octet was never written */
	assert_true(w.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_network_order),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(a_short_read_gives_zero_and_stays_bad),
		cmocka_unit_test(octets_left_over_are_not_done),
		cmocka_unit_test(a_piece_cannot_be_left),
		cmocka_unit_test(a_piece_too_long_is_bad_from_the_start),
		cmocka_unit_test(a_full_writer_writes_nothing_more),
		cmocka_unit_test(lengths_are_filled_in_afterwards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
