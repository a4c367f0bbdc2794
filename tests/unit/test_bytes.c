/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Octets compared and wiped, and the words of outcomes. */
#include "tests/unit/unit.h"

#include "base/bytes.h"
#include "base/err.h"

static void equality_needs_length_and_content(void **state)
{
	(void)state;
	assert_true(bytes_eq(bytes_str("abc"), bytes_str("abc")));
	assert_false(bytes_eq(bytes_str("abc"), bytes_str("abd")));
	assert_false(bytes_eq(bytes_str("abc"), bytes_str("ab")));
	assert_true(bytes_eq((struct bytes){ 0 }, bytes_str("")));
}

static void order_puts_the_shorter_first(void **state)
{
	(void)state;
	assert_true(bytes_cmp(bytes_str("ab"), bytes_str("abc")) < 0);
	assert_true(bytes_cmp(bytes_str("b"), bytes_str("abc")) > 0);
	assert_int_equal(bytes_cmp(bytes_str("abc"), bytes_str("abc")), 0);
	assert_true(bytes_cmp(bytes_of("\xff", 1), bytes_of("\x01", 1)) > 0);
}

static void letters_of_either_case_are_equal(void **state)
{
	(void)state;
	assert_true(bytes_eq_nocase(bytes_str("Gw.Example"), bytes_str("gW.eXAMPLE")));
	assert_false(bytes_eq_nocase(bytes_str("[a]"), bytes_str("{a}")));
	assert_false(bytes_eq_nocase(bytes_str("a"), bytes_str("ab")));
}

static void nothing_is_hidden_behind_a_nul(void **state)
{
	(void)state;
	assert_false(bytes_eq_nocase(bytes_of("a\0b", 3), bytes_of("a\0c", 3)));
	assert_false(bytes_eq(bytes_of("a\0b", 3), bytes_of("a\0c", 3)));
}

static void secrets_are_equal_only_whole(void **state)
{
	(void)state;
	assert_true(bytes_eq_secret(bytes_str("0123456789"), bytes_str("0123456789")));
	assert_false(bytes_eq_secret(bytes_str("0123456789"), bytes_str("0123456788")));
	assert_false(bytes_eq_secret(bytes_str("1123456789"), bytes_str("0123456789")));
	assert_false(bytes_eq_secret(bytes_str("012345678"), bytes_str("0123456789")));
	assert_true(bytes_eq_secret((struct bytes){ 0 }, (struct bytes){ 0 }));
}

static void wiping_leaves_zeros(void **state)
{
	struct {
		char key[16];
		int n;
	} secret = { "0123456789abcde", 7 };

	(void)state;
	WIPE(secret);
	for (size_t i = 0; i < sizeof secret; i++)
		assert_int_equal(((const char *)&secret)[i], 0);
}

static void every_outcome_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int a = 0; a < ERR_MAX; a++) {
		assert_non_null(err_name((enum err)a));
		for (int b = 0; b < a; b++)
			assert_string_not_equal(err_name((enum err)a), err_name((enum err)b));
	}
	assert_string_equal(err_name(ERR_OK), "ok");
	assert_string_equal(err_name(ERR_MAX), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equality_needs_length_and_content),
		cmocka_unit_test(order_puts_the_shorter_first),
		cmocka_unit_test(letters_of_either_case_are_equal),
		cmocka_unit_test(nothing_is_hidden_behind_a_nul),
		cmocka_unit_test(secrets_are_equal_only_whole),
		cmocka_unit_test(wiping_leaves_zeros),
		cmocka_unit_test(every_outcome_has_a_word_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
