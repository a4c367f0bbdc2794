/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory taken in pieces, and text that grows in it. */
#include "tests/unit/unit.h"

#include "base/text.h"

#include <malloc.h>

static void pieces_are_zero_aligned_and_apart(void **state)
{
	struct arena a = { 0 };
	uint8_t *p[100];

	(void)state;
	for (size_t i = 0; i < 100; i++) {
		p[i] = arena_alloc(&a, i);
		assert_int_equal((uintptr_t)p[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < i; j++)
			assert_int_equal(p[i][j], 0);
		memset(p[i], (int)i, i);
	}
	for (size_t i = 0; i < 100; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_equal(p[i][j], i);
	arena_free(&a);
}

static void a_piece_may_be_larger_than_a_chunk(void **state)
{
	struct arena a = { 0 };
	uint8_t *small = arena_alloc(&a, 8), *large = arena_alloc(&a, 100000);

	(void)state;
	memset(large, 1, 100000);
	assert_int_equal(small[0], 0);
	assert_true(a.taken >= 100008);
	arena_free(&a);
}

/* An arena that holds little takes little, and one that holds much does not take many pieces of malloc's. */
static void chunks_grow(void **state)
{
	struct arena a = { 0 };
	size_t before = mallinfo2().uordblks;

	(void)state;
	arena_alloc(&a, 64);
	arena_alloc(&a, 64);
	assert_true(mallinfo2().uordblks - before <= 192 || mallinfo2().uordblks == before);
	for (unsigned i = 0; i < 100; i++)
		arena_alloc(&a, 1000);
	assert_true(mallinfo2().uordblks - before < 140000);
	arena_free(&a);
}

static void there_is_room_for_what_is_expected_and_not_for_more(void **state)
{
	struct arena a = { 0 };
	size_t before = mallinfo2().uordblks;
	uint8_t *first, *last;

	(void)state;
	arena_expect(&a, arena_octets(1) + arena_octets(500));
	first = arena_alloc(&a, 1);
	last = arena_alloc(&a, 500);
	assert_ptr_equal(last, first + arena_octets(1));
	assert_true(mallinfo2().uordblks - before <= 16 + 512 + 48 || mallinfo2().uordblks == before);
	memset(arena_alloc(&a, 1000), 1, 1000);
	assert_int_equal(*first, 0);
	arena_free(&a);
}

static void copies_outlive_their_source(void **state)
{
	struct arena a = { 0 };
	char source[] = "borrowed";
	struct bytes copy = arena_bytes(&a, bytes_str(source));
	const char *text = arena_text(&a, bytes_of(source, 6)), *line = arena_printf(&a, "%s-%d", source, 7);

	(void)state;
	memset(source, 0, sizeof source);
	assert_true(bytes_eq(copy, bytes_str("borrowed")));
	assert_string_equal(text, "borrow");
	assert_string_equal(line, "borrowed-7");
	assert_int_equal(arena_bytes(&a, (struct bytes){ 0 }).n, 0);
	arena_free(&a);
}

static void a_freed_arena_is_empty_and_usable(void **state)
{
	struct arena a = { 0 };

	(void)state;
	arena_str(&a, "one");
	arena_free(&a);
	assert_null(a.chunks);
	assert_int_equal(a.taken, 0);
	assert_string_equal(arena_str(&a, "two"), "two");
	arena_free(&a);
}

static void text_grows_piece_by_piece(void **state)
{
	struct arena a = { 0 };
	struct text t = text_in(&a);

	(void)state;
	assert_string_equal(text_str(&t), "");
	for (int i = 0; i < 1000; i++)
		text_add(&t, "%d,", i % 10);
	assert_int_equal(t.n, 2000);
	assert_int_equal(strlen(text_str(&t)), 2000);
	assert_int_equal(strncmp(text_str(&t) + 1990, "5,6,7,8,9,", 10), 0);
	arena_free(&a);
}

static void one_append_may_be_long(void **state)
{
	struct arena a = { 0 };
	struct text t = text_in(&a);
	char line[1001];

	(void)state;
	memset(line, 'x', 1000);
	line[1000] = 0;
	text_add(&t, "<%s>", line);
	assert_int_equal(t.n, 1002);
	assert_int_equal(text_str(&t)[1001], '>');
	text_put(&t, NULL, 0);
	assert_int_equal(t.n, 1002);
	arena_free(&a);
}

static void json_strings_are_escaped(void **state)
{
	struct arena a = { 0 };
	struct text t = text_in(&a);

	(void)state;
	text_json(&t, "a\"b\\c\nd\te\x7f\xc3\xa4");
	assert_string_equal(text_str(&t), "\"a\\\"b\\\\c\\nd\\u0009e\\u007f\xc3\xa4\"");
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zero_aligned_and_apart),
		cmocka_unit_test(a_piece_may_be_larger_than_a_chunk),
		cmocka_unit_test(chunks_grow),
		cmocka_unit_test(there_is_room_for_what_is_expected_and_not_for_more),
		cmocka_unit_test(copies_outlive_their_source),
		cmocka_unit_test(a_freed_arena_is_empty_and_usable),
		cmocka_unit_test(text_grows_piece_by_piece),
		cmocka_unit_test(one_append_may_be_long),
		cmocka_unit_test(json_strings_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
