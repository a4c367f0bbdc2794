/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The index of what a CA has issued: as text and back, and texts that are refused whole. */
#include "unit.h"

#include "tools/ipsec/pki_index.h"

#define HEAD "ikev2d-pki 1\n"
#define CERT "cert\t0a0b\tmoon\tgateway\t100\t200\t0\tunspecified\n"

static void what_is_written_is_read(void **state)
{
	struct arena arena = { 0 };
	struct index x = {
		.crl_number = 7, .crl_next = 300, .crl_uri = "http://a/b", .ocsp_uri = "http://c"
	};
	struct index_entry user = { "ff", "alice@example.org", MAKE_USER, 100, 200, 150, 1, false };
	struct text once = text_in(&arena), twice = text_in(&arena);
	struct why why = { 0 };
	struct index back;

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		struct index_entry e = { arena_printf(&arena, "%02x", i), "moon", MAKE_GATEWAY, 100, 200 + i,
			0, 0, false };

		assert_non_null(index_add(&x, &arena, &e));
	}
	assert_non_null(index_add(&x, &arena, &user));
	index_print(&x, &once);
	assert_int_equal(index_parse(bytes_str(once.s), &arena, &back, &why), ERR_OK);
	index_print(&back, &twice);
	assert_string_equal(once.s, twice.s);
	assert_int_equal(back.n, 41);
	assert_true(back.crl_number == 7 && back.crl_next == 300);
	assert_true(back.v[40].revoked == 150 && back.v[40].reason == 1 && back.v[40].profile == MAKE_USER);
	arena_free(&arena);
}

static void the_last_of_a_name_is_found(void **state)
{
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct index x;
	static const char text[] = HEAD CERT "cert\t0c\tmoon\tgateway\t1\t2\t0\tunspecified\n"
					     "cert\t0d\tmoon\tgateway\t1\t2\t9\tsuperseded\n"
					     "cert\t0e\tsun\tgateway\t1\t2\t0\tunspecified\nend\t4\n";

	(void)state;
	assert_int_equal(index_parse(bytes_str(text), &arena, &x, &why), ERR_OK);
	assert_string_equal(index_last(&x, "moon")->serial, "0c");
	assert_null(index_last(&x, "mars"));
	index_mark(&x);
	for (unsigned i = 0; i < x.n; i++)
		assert_int_equal(x.v[i].last, i == 1 || i == 3);
	arena_free(&arena);
}

static void damaged_texts_are_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "line 1" },
		{ "something else\n", "line 1" },
		{ HEAD, "line 1" },
		{ HEAD CERT, "line 2" },
		{ HEAD CERT "end\t2\n", "line 3" },
		{ HEAD "end\t0\n" CERT, "line 3" },
		{ HEAD "end\t0\nend\t0\n", "line 3" },
		{ HEAD "cert\t0a0b\tmoon\tgateway\t100\t20", "line 2" },
		{ HEAD "cert\t0a0b\tmoon\trouter\t100\t200\t0\tunspecified\nend\t1\n", "line 2" },
		{ HEAD "cert\tXY\tmoon\tgateway\t100\t200\t0\tunspecified\nend\t1\n", "line 2" },
		{ HEAD "cert\t0a\t../moon\tgateway\t100\t200\t0\tunspecified\nend\t1\n", "line 2" },
		{ HEAD "cert\t0a\t\tgateway\t100\t200\t0\tunspecified\nend\t1\n", "line 2" },
		{ HEAD "cert\t0a\tmoon\tgateway\t100\t-200\t0\tunspecified\nend\t1\n", "line 2" },
		{ HEAD "cert\t0a\tmoon\tgateway\t100\t99999999999999999999\t0\tunspecified\nend\t1\n",
			"line 2" },
		{ HEAD "cert\t0a\tmoon\tgateway\t100\t200\t0\tbecause\nend\t1\n", "line 2" },
		{ HEAD "cert\t0a\tmoon\tgateway\t100\t200\t0\tunspecified\tmore\nend\t1\n", "line 2" },
		{ HEAD "crl\t1\nend\t0\n", "line 2" },
		{ HEAD "crl-uri\nend\t0\n", "line 2" },
		{ HEAD "what\t1\nend\t0\n", "line 2" },
		{ HEAD "\nend\t0\n", "line 2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena arena = { 0 };
		struct why why = { 0 };
		struct index x;

		if (index_parse(bytes_str(rows[i].text), &arena, &x, &why) != ERR_SYNTAX ||
			!strstr(why.what, rows[i].says))
			fail_msg("row %zu: %s", i, why.what);
		arena_free(&arena);
	}
}

/* A cut at any octet is seen. */
static void a_cut_text_is_refused(void **state)
{
	static const char text[] = HEAD "crl\t3\t12345\n" CERT CERT "end\t2\n";
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct index x;

	(void)state;
	for (size_t n = 0; n < sizeof text - 2; n++)
		if (!index_parse(bytes_of(text, n), &arena, &x, &why))
			fail_msg("cut at %zu", n);
	assert_int_equal(index_parse(bytes_str(text), &arena, &x, &why), ERR_OK);
	arena_free(&arena);
}

/* As many as there may be, most of one name. */
static void a_full_index(void **state)
{
	struct index_entry e = { "0a", "moon", MAKE_GATEWAY, 1, 2, 0, 0, false };
	struct arena arena = { 0 };
	struct text t = text_in(&arena);
	struct why why = { 0 };
	struct index x = { 0 }, back;

	(void)state;
	for (unsigned i = 0; i < INDEX_MAX; i++) {
		e.name = i % 2 ? "moon" : arena_printf(&arena, "m%u", i);
		assert_non_null(index_add(&x, &arena, &e));
	}
	assert_null(index_add(&x, &arena, &e));
	index_print(&x, &t);
	assert_int_equal(index_parse(bytes_str(t.s), &arena, &back, &why), ERR_OK);
	index_mark(&back);
	for (unsigned i = 0; i < INDEX_MAX; i++)
		assert_int_equal(back.v[i].last, i % 2 == 0 || i == INDEX_MAX - 1);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(the_last_of_a_name_is_found),
		cmocka_unit_test(damaged_texts_are_refused),
		cmocka_unit_test(a_cut_text_is_refused),
		cmocka_unit_test(a_full_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
