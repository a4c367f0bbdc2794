/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The undo journal, with files that crashes leave behind; and prefixes cut out of ranges. */
#include "tests/unit/unit.h"

#include "base/log.h"
#include "xfrm/journal.h"
#include "xfrm/prefix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct desk {
	char dir[64], path[80];
	struct arena arena;
	struct text why;
	unsigned warnings;
};

static void warned(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)level;
	(void)word;
	(void)line;
	((struct desk *)ctx)->warnings++;
}

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	snprintf(d->dir, sizeof d->dir, "/tmp/test_journal.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof d->path, "%s/journal", d->dir);
	d->why = text_in(&d->arena);
	log_to(warned, d);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	unlink(d->path);
	assert_int_equal(rmdir(d->dir), 0); /* nothing else was left */
	arena_free(&d->arena);
	free(d);
	log_to(NULL, NULL);
	return 0;
}

static struct journal *opened(struct desk *d)
{
	struct journal *j = NULL;

	assert_int_equal(journal_open(d->path, &j, &d->why), ERR_OK);
	return j;
}

static bool take(struct desk *d, struct journal *j, const char *thing)
{
	bool first = false;

	assert_int_equal(journal_take(j, thing, &first, &d->why), ERR_OK);
	return first;
}

static void file_put(struct desk *d, const char *text)
{
	FILE *f = fopen(d->path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static const char *file_get(struct desk *d)
{
	static char text[4096];
	FILE *f = fopen(d->path, "r");
	size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;

	text[n] = 0;
	if (f)
		fclose(f);
	return text;
}

/* Collects what is offered for undoing; strikes what begins with LETTER, or everything. */
struct offered {
	char all[256];
	char letter;
};

static bool offer(void *ctx, const char *thing, bool owned)
{
	struct offered *o = ctx;
	size_t n = strlen(o->all);

	snprintf(o->all + n, sizeof o->all - n, "%s%s ", thing, owned ? "!" : "");
	return !o->letter || thing[0] == o->letter;
}

static const char *undone(struct journal *j, char letter)
{
	static struct offered o;

	o = (struct offered){ .letter = letter };
	journal_undo(j, offer, &o);
	return o.all;
}

static void a_thing_is_in_the_file_when_take_returns(void **state)
{
	struct journal *j = opened(*state);

	assert_true(take(*state, j, "route a"));
	assert_string_equal(file_get(*state), "+ route a\n");
	journal_close(j);
}

static void only_the_first_owner_makes_and_the_last_takes_back(void **state)
{
	struct journal *j = opened(*state);

	assert_true(take(*state, j, "a"));
	assert_false(take(*state, j, "a"));
	assert_false(journal_release(j, "a"));
	assert_true(journal_release(j, "a"));
	assert_false(journal_release(j, "a"));
	assert_false(journal_release(j, "never there"));
	journal_close(j);
}

static void what_was_struck_out_does_not_stand_again(void **state)
{
	struct journal *j = opened(*state);

	take(*state, j, "a");
	take(*state, j, "b");
	journal_strike(j, "a");
	journal_strike(j, "never there");
	assert_string_equal(file_get(*state), "+ a\n+ b\n- a\n");
	journal_close(j);
	j = opened(*state);
	assert_false(journal_has(j, "a"));
	assert_true(journal_has(j, "b"));
	journal_close(j);
}

static void what_is_struck_out_together_is_written_together(void **state)
{
	struct journal *j = opened(*state);

	take(*state, j, "a");
	take(*state, j, "b");
	take(*state, j, "c");
	journal_gather(j, true);
	journal_strike(j, "a");
	journal_strike(j, "b");
	assert_false(journal_has(j, "a"));
	assert_string_equal(file_get(*state), "+ a\n+ b\n+ c\n");
	journal_gather(j, false);
	assert_string_equal(file_get(*state), "+ a\n+ b\n+ c\n- a\n- b\n");
	journal_strike(j, "c");
	assert_string_equal(file_get(*state), "+ a\n+ b\n+ c\n- a\n- b\n- c\n");
	journal_close(j);
}

/* Else it would be struck out by what is written later. */
static void what_is_made_again_stands_behind_what_was_struck_out(void **state)
{
	struct journal *j = opened(*state);

	take(*state, j, "a");
	journal_gather(j, true);
	journal_strike(j, "a");
	assert_true(take(*state, j, "a"));
	assert_string_equal(file_get(*state), "+ a\n- a\n+ a\n");
	journal_close(j);
	j = opened(*state);
	assert_true(journal_has(j, "a"));
	assert_false(journal_owned(j, "a"));
	take(*state, j, "a");
	assert_true(journal_owned(j, "a"));
	journal_close(j);
}

/* More than wait at once, and the file is made anew meanwhile. */
static void thousands_that_are_struck_out_together_are(void **state)
{
	struct journal *j = opened(*state);
	char thing[JOURNAL_THING];

	for (int i = 0; i < 2000; i++) {
		snprintf(thing, sizeof thing, "route 220 10.%d.%d.0/24", i / 256, i % 256);
		take(*state, j, thing);
	}
	journal_gather(j, true);
	for (int i = 1; i < 2000; i++) {
		snprintf(thing, sizeof thing, "route 220 10.%d.%d.0/24", i / 256, i % 256);
		journal_strike(j, thing);
	}
	journal_close(j);
	j = opened(*state);
	assert_string_equal(undone(j, 0), "route 220 10.0.0.0/24 ");
	journal_close(j);
}

static void undo_goes_newest_first_and_tells_of_owners(void **state)
{
	struct journal *j;

	file_put(*state, "+ a\n+ b\n+ c\n");
	j = opened(*state);
	take(*state, j, "d");
	take(*state, j, "b");
	assert_string_equal(undone(j, 0), "d! c b! a ");
	assert_string_equal(undone(j, 0), "");
	journal_close(j);
}

static void what_undo_leaves_stands_on(void **state)
{
	struct journal *j;

	file_put(*state, "+ a1\n+ b\n+ a2\n");
	j = opened(*state);
	undone(j, 'a');
	journal_close(j);
	assert_string_equal(file_get(*state), "+ a1\n+ b\n+ a2\n- a2\n- a1\n");
	j = opened(*state);
	assert_string_equal(file_get(*state), "+ b\n");
	assert_string_equal(undone(j, 0), "b ");
	journal_close(j);
}

static void a_predecessors_thing_is_the_first_owners_to_make(void **state)
{
	struct journal *j;

	file_put(*state, "+ a\n");
	j = opened(*state);
	assert_true(take(*state, j, "a"));
	assert_string_equal(file_get(*state), "+ a\n"); /* no second line */
	assert_true(journal_release(j, "a"));
	journal_close(j);
}

static void a_torn_last_line_is_ignored_and_cut(void **state)
{
	struct journal *j;

	file_put(*state, "+ a\n+ b\n- a");
	j = opened(*state);
	assert_true(journal_has(j, "a"));
	assert_true(journal_has(j, "b"));
	take(*state, j, "c");
	assert_string_equal(file_get(*state), "+ a\n+ b\n+ c\n");
	assert_int_equal(((struct desk *)*state)->warnings, 0);
	journal_close(j);
}

static void lines_nobody_understands_are_skipped_and_logged(void **state)
{
	struct journal *j;

	file_put(*state, "hello\n+ a\n\n* b\n+\n+ \n+c\n- not there\n+ a\n");
	j = opened(*state);
	assert_int_equal(((struct desk *)*state)->warnings, 6);
	assert_string_equal(undone(j, 0), "a ");
	journal_close(j);
}

static void an_overlong_thing_is_refused_on_paper_and_by_mouth(void **state)
{
	struct desk *d = *state;
	char thing[300], line[310];
	struct journal *j;
	bool first;

	memset(thing, 'x', sizeof thing);
	thing[sizeof thing - 1] = 0;
	snprintf(line, sizeof line, "+ %s\n", thing);
	file_put(d, line);
	j = opened(d);
	assert_false(journal_has(j, thing));
	assert_int_equal(journal_take(j, thing, &first, &d->why), ERR_SYSTEM);
	assert_string_equal(file_get(d), "");
	journal_close(j);
}

static void an_empty_journal_leaves_no_file(void **state)
{
	struct desk *d = *state;
	struct journal *j = opened(d);

	take(d, j, "a");
	journal_strike(j, "a");
	journal_close(j);
	assert_int_equal(access(d->path, F_OK), -1);
}

static void the_file_is_made_anew_before_it_grows_long(void **state)
{
	struct desk *d = *state;
	struct journal *j = opened(d);
	struct stat st;

	take(d, j, "keep");
	for (unsigned i = 0; i < 10000; i++) {
		take(d, j, "come and go");
		journal_strike(j, "come and go");
	}
	assert_int_equal(stat(d->path, &st), 0);
	assert_in_range(st.st_size, 1, 4096);
	journal_close(j);
	j = opened(d);
	assert_string_equal(undone(j, 0), "keep ");
	journal_close(j);
}

static void thousands_of_things_are_kept_apart(void **state)
{
	struct journal *j = opened(*state);
	char thing[32];

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(thing, sizeof thing, "thing %u", i);
		assert_true(take(*state, j, thing));
	}
	for (unsigned i = 0; i < 5000; i += 2) {
		snprintf(thing, sizeof thing, "thing %u", i);
		journal_strike(j, thing);
	}
	journal_close(j);
	j = opened(*state);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(thing, sizeof thing, "thing %u", i);
		assert_int_equal(journal_has(j, thing), i % 2);
	}
	journal_close(j);
}

static void a_second_process_is_told_so(void **state)
{
	struct desk *d = *state;
	struct journal *j = opened(d), *other = NULL;

	assert_int_equal(journal_open(d->path, &other, &d->why), ERR_BUSY);
	assert_non_null(strstr(text_str(&d->why), "another ikev2d runs"));
	/* Also when the file was made anew in between. */
	for (unsigned i = 0; i < 100; i++) {
		take(d, j, "a");
		journal_strike(j, "a");
	}
	assert_int_equal(journal_open(d->path, &other, &d->why), ERR_BUSY);
	journal_close(j);
}

static void no_directory_is_one_clear_sentence(void **state)
{
	struct desk *d = *state;
	struct journal *j = NULL;

	assert_int_equal(journal_open("/nonexistent/journal", &j, &d->why), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&d->why), "/nonexistent/journal: No such file or directory"));
	assert_null(j);
}

static void a_link_is_not_followed(void **state)
{
	struct desk *d = *state;
	struct journal *j = NULL;

	assert_int_equal(symlink("/dev/null", d->path), 0);
	assert_int_not_equal(journal_open(d->path, &j, &d->why), ERR_OK);
}

/* The prefixes of LO-HI, each behind a space. */
static const char *cut_all(const char *lo, const char *hi)
{
	static char all[16384];
	struct cut cut = { .more = true };
	struct prefix p;
	char text[PREFIX_TEXT];
	size_t n = 0;

	assert_int_equal(ip_parse(lo, &cut.lo), ERR_OK);
	assert_int_equal(ip_parse(hi, &cut.hi), ERR_OK);
	all[0] = 0;
	while (cut_next(&cut, &p))
		n += (size_t)snprintf(all + n, sizeof all - n, " %s", prefix_print(&p, text));
	return all;
}

static unsigned spaces(const char *s)
{
	unsigned n = 0;

	for (; *s; s++)
		n += *s == ' ';
	return n;
}

static void a_range_that_is_a_prefix_stays_one(void **state)
{
	(void)state;
	assert_string_equal(cut_all("10.1.0.0", "10.1.255.255"), " 10.1.0.0/16");
	assert_string_equal(cut_all("192.0.2.1", "192.0.2.1"), " 192.0.2.1/32");
	assert_string_equal(cut_all("2001:db8::", "2001:db8::ffff"), " 2001:db8::/112");
}

static void everything_is_one_prefix(void **state)
{
	(void)state;
	assert_string_equal(cut_all("0.0.0.0", "255.255.255.255"), " 0.0.0.0/0");
	assert_string_equal(cut_all("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), " ::/0");
}

static void a_crooked_range_is_cut_without_gap_or_overlap(void **state)
{
	(void)state;
	assert_string_equal(
		cut_all("10.0.0.1", "10.0.0.6"), " 10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
	assert_string_equal(cut_all("255.255.255.254", "255.255.255.255"), " 255.255.255.254/31");
	assert_string_equal(cut_all("2001:db8::1", "2001:db8::2"), " 2001:db8::1/128 2001:db8::2/128");
}

static void the_worst_range_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(spaces(cut_all("0.0.0.1", "255.255.255.254")), 62);
	assert_int_equal(spaces(cut_all("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe")), 254);
}

static void prefixes_are_read_as_they_are_written(void **state)
{
	static const char *const bad[] = { "10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8x",
		"10.0.0.1/8", "x/8", "::/129", "/8", "10.0.0.0/-1",
		"0000000000000000000000000000000000000000000000000/8" };
	struct prefix p;
	char text[PREFIX_TEXT];

	(void)state;
	assert_int_equal(prefix_parse("2001:db8::/32", &p), ERR_OK);
	assert_string_equal(prefix_print(&p, text), "2001:db8::/32");
	assert_int_equal(prefix_parse("0.0.0.0/0", &p), ERR_OK);
	assert_string_equal(prefix_print(&p, text), "0.0.0.0/0");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_not_equal(prefix_parse(bad[i], &p), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		CASE(a_thing_is_in_the_file_when_take_returns),
		CASE(only_the_first_owner_makes_and_the_last_takes_back),
		CASE(what_was_struck_out_does_not_stand_again),
		CASE(what_is_struck_out_together_is_written_together),
		CASE(what_is_made_again_stands_behind_what_was_struck_out),
		CASE(thousands_that_are_struck_out_together_are),
		CASE(undo_goes_newest_first_and_tells_of_owners),
		CASE(what_undo_leaves_stands_on),
		CASE(a_predecessors_thing_is_the_first_owners_to_make),
		CASE(a_torn_last_line_is_ignored_and_cut),
		CASE(lines_nobody_understands_are_skipped_and_logged),
		CASE(an_overlong_thing_is_refused_on_paper_and_by_mouth),
		CASE(an_empty_journal_leaves_no_file),
		CASE(the_file_is_made_anew_before_it_grows_long),
		CASE(thousands_of_things_are_kept_apart),
		CASE(a_second_process_is_told_so),
		CASE(no_directory_is_one_clear_sentence),
		CASE(a_link_is_not_followed),
		cmocka_unit_test(a_range_that_is_a_prefix_stays_one),
		cmocka_unit_test(everything_is_one_prefix),
		cmocka_unit_test(a_crooked_range_is_cut_without_gap_or_overlap),
		cmocka_unit_test(the_worst_range_is_bounded),
		cmocka_unit_test(prefixes_are_read_as_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
