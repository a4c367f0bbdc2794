/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is remembered of failures: bounded, each sentence once, and what peers begin apart. */
#include "unit.h"

#include "daemon/failures.h"

static void note(struct failures *f, const char *name, const char *what, bool by_peer, uint64_t now)
{
	failures_note(f, name, &(struct failure_record){ .why.what = what, .by_peer = by_peer, .last = now });
}

static const struct failure_record *last(const struct failures *f, const char *name)
{
	return story_last(failures_of(f, name));
}

static unsigned all(const struct failures *f, const char *name, const struct failure_record **out)
{
	return story_all(failures_of(f, name), out);
}

static void equal_ones_are_counted(void **state)
{
	const struct failure_record *v[2 * FAILURES_KEPT];
	struct failures f;

	(void)state;
	failures_start(&f);
	note(&f, "a", "one", false, 10);
	note(&f, "a", "other", false, 20);
	note(&f, "a", "one", false, 30);
	assert_int_equal(all(&f, "a", v), 2);
	assert_string_equal(v[0]->why.what, "one");
	assert_int_equal(v[0]->times, 2);
	assert_int_equal(v[0]->first, 10);
	assert_int_equal(v[0]->last, 30);
	assert_int_equal(v[1]->times, 1);
	assert_null(failures_of(&f, "b"));
	failures_stop(&f);
}

/* Whoever comes from outside makes many, and different ones. */
static void peers_push_out_theirs_only(void **state)
{
	const struct failure_record *v[2 * FAILURES_KEPT];
	struct failures f;
	char what[] = "0";

	(void)state;
	failures_start(&f);
	note(&f, "a", "ours", false, 1);
	for (unsigned i = 0; i < 3 * FAILURES_KEPT; i++) {
		what[0] = (char)('a' + i);
		note(&f, "a", what, true, 2 + i);
	}
	assert_int_equal(all(&f, "a", v), 1 + FAILURES_KEPT);
	assert_string_equal(v[0]->why.what, "ours");
	assert_string_equal(v[1]->why.what, what);
	assert_string_equal(last(&f, "a")->why.what, "ours");
	failures_stop(&f);
}

static void what_came_up_has_a_past_only(void **state)
{
	const struct failure_record *v[2 * FAILURES_KEPT];
	struct failures f;

	(void)state;
	failures_start(&f);
	failures_up(&f, "a");
	note(&f, "a", "ours", false, 1);
	note(&f, "a", "theirs", true, 2);
	failures_up(&f, "a");
	assert_null(last(&f, "a"));
	assert_int_equal(all(&f, "a", v), 2);
	failures_down(&f, "a", 7);
	assert_int_equal(failures_of(&f, "a")->down, 7);
	note(&f, "a", "theirs", true, 8);
	assert_string_equal(last(&f, "a")->why.what, "theirs");
	failures_forget(&f, "a");
	assert_null(failures_of(&f, "a"));
	failures_stop(&f);
}

/* Of a flood the first is kept, and counted. */
static void many_are_counted_alone(void **state)
{
	struct failure_record r = { .why = { .what = "one", .where = "here" }, .by_peer = true, .last = 10 };
	const struct failure_record *v[2 * FAILURES_KEPT];
	struct failures f;

	(void)state;
	failures_start(&f);
	assert_false(failures_again(&f, "a", &r));
	failures_note(&f, "a", &r);
	note(&f, "a", "other", true, 20);
	r.why.where = "there";
	r.last = 30;
	assert_true(failures_again(&f, "a", &r));
	assert_int_equal(all(&f, "a", v), 2);
	assert_string_equal(v[0]->why.where, "here");
	assert_int_equal(v[0]->times, 2);
	assert_int_equal(v[0]->last, 30);
	failures_stop(&f);
}

static void strangers_have_no_name(void **state)
{
	const struct failure_record *v[2 * FAILURES_KEPT];
	struct failures f;

	(void)state;
	failures_start(&f);
	note(&f, NULL, "who is that", true, 1);
	assert_int_equal(all(&f, NULL, v), 1);
	assert_null(failures_of(&f, "a"));
	failures_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_ones_are_counted),
		cmocka_unit_test(peers_push_out_theirs_only),
		cmocka_unit_test(what_came_up_has_a_past_only),
		cmocka_unit_test(many_are_counted_alone),
		cmocka_unit_test(strangers_have_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
