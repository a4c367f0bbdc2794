/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Refusals as a paragraph and as a line. */
#include "tests/unit/unit.h"

#include "model/why.h"

static const struct why full = { "no common proposal", "IKE_AUTH", "aes128", "aes256", "encryption",
	"/etc/x:1 (a.b)", "aes128", "NO_PROPOSAL_CHOSEN", "proposal-mismatch-ike" };

static void a_refusal_is_a_paragraph(void **state)
{
	struct arena arena = { 0 };
	struct text t = text_in(&arena);

	(void)state;
	why_print(&full, &t);
	assert_string_equal(text_str(&t), "no common proposal\n"
					  "  stage: IKE_AUTH\n"
					  "  offered: aes128\n"
					  "  configured: aes256\n"
					  "  differs: encryption\n"
					  "  where: /etc/x:1 (a.b)\n"
					  "  instead: aes128\n"
					  "  notify: NO_PROPOSAL_CHOSEN\n");
	arena_free(&arena);
}

static void a_refusal_is_a_line(void **state)
{
	const struct why w = { .what = "the peer is unknown", .notify = "AUTHENTICATION_FAILED" };
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(why_line(&w, &arena), "the peer is unknown; notify: AUTHENTICATION_FAILED");
	assert_string_equal(why_line(&(struct why){ 0 }, &arena), "refused");
	arena_free(&arena);
}

static void a_copy_outlives_its_source(void **state)
{
	struct arena source = { 0 }, arena = { 0 };
	struct why w = full, copy;

	(void)state;
	w.what = arena_str(&source, "no common selector");
	w.instead = NULL;
	copy = why_copy(&arena, &w);
	arena_free(&source);
	assert_string_equal(copy.what, "no common selector");
	assert_null(copy.instead);
	assert_string_equal(copy.notify, "NO_PROPOSAL_CHOSEN");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_a_paragraph),
		cmocka_unit_test(a_refusal_is_a_line),
		cmocka_unit_test(a_copy_outlives_its_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
