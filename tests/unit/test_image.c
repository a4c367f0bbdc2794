/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records in memory that outlives who wrote them: whoever opens it anew finds what was added and not
 * forgotten. */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "daemon/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct desk {
	int fd;
	struct image image;
	struct arena arena;
};

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	d->fd = image_make();
	*state = d;
	return d->fd < 0 || image_open(&d->image, d->fd) ? -1 : 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	close(d->fd);
	arena_free(&d->arena);
	free(d);
	return 0;
}

static uint64_t add(struct desk *d, const char *text)
{
	uint64_t at;

	assert_int_equal(image_add(&d->image, bytes_str(text), &at), ERR_OK);
	return at;
}

/* All records as somebody finds them who opens it anew, a comma behind each. */
static const char *found(struct desk *d)
{
	struct text out = text_in(&d->arena);
	struct image again;
	struct bytes b;
	uint64_t at, next;

	assert_int_equal(image_open(&again, d->fd), ERR_OK);
	for (at = again.start; image_next(&again, &at, &next, &d->arena, &b); at = next)
		text_add(&out, "%.*s,", (int)b.n, (const char *)b.p);
	return text_str(&out);
}

/* Whether the octets of TEXT stand anywhere in the memory. */
static bool stands(struct desk *d, const char *text)
{
	struct stat s;
	uint8_t *all;

	assert_int_equal(fstat(d->fd, &s), 0);
	all = arena_alloc(&d->arena, (size_t)s.st_size);
	assert_int_equal(pread(d->fd, all, (size_t)s.st_size, 0), s.st_size);
	return memmem(all, (size_t)s.st_size, text, strlen(text));
}

static void what_was_added_is_found(void **state)
{
	struct desk *d = *state;

	assert_string_equal(found(d), "");
	add(d, "one");
	add(d, "");
	add(d, "three");
	assert_string_equal(found(d), "one,,three,");
}

static void what_is_forgotten_is_overwritten(void **state)
{
	struct desk *d = *state;
	uint64_t one = add(d, "one"), two = add(d, "two");

	add(d, "three");
	image_forget(&d->image, two);
	assert_string_equal(found(d), "one,three,");
	assert_false(stands(d, "two"));
	image_forget(&d->image, two);
	image_forget(&d->image, one);
	assert_string_equal(found(d), "three,");
}

/* What counts is the head, which is written last. */
static void what_was_not_finished_does_not_count(void **state)
{
	struct desk *d = *state;

	add(d, "one");
	assert_true(pwrite(d->fd, "\0\0\0\3\1two", 8, (off_t)d->image.end) == 8);
	assert_string_equal(found(d), "one,");
	add(d, "2");
	assert_string_equal(found(d), "one,2,");
}

static void waste_is_given_back(void **state)
{
	struct desk *d = *state;
	char *large = arena_alloc(&d->arena, 64 * 1024);
	struct stat s;
	uint64_t from;

	memset(large, 'x', 64 * 1024 - 1);
	for (unsigned n = 0; !image_wasteful(&d->image); n++) {
		assert_true(n <= IMAGE_SLACK / (64 * 1024));
		image_forget(&d->image, add(d, large));
	}
	from = d->image.end;
	add(d, "kept");
	image_trim(&d->image, from);
	assert_false(image_wasteful(&d->image));
	assert_string_equal(found(d), "kept,");
	assert_int_equal(fstat(d->fd, &s), 0);
	assert_true(s.st_blocks * 512 <= 64 * 1024);
}

static void limits_hold(void **state)
{
	static uint8_t large[IMAGE_RECORD_MAX + 1];
	struct desk *d = *state;
	uint64_t at;

	assert_int_equal(image_add(&d->image, bytes_of(large, IMAGE_RECORD_MAX), &at), ERR_OK);
	assert_int_equal(image_add(&d->image, bytes_of(large, IMAGE_RECORD_MAX + 1), &at), ERR_RANGE);
	assert_false(image_full(&d->image));
	d->image.end += IMAGE_MAX;
	assert_true(image_full(&d->image));
}

static void a_damaged_one_is_refused(void **state)
{
	struct desk *d = *state;
	uint64_t at = add(d, "one");
	struct image again;

	assert_int_equal(pwrite(d->fd, "\xff", 1, (off_t)at), 1);
	assert_int_equal(image_open(&again, d->fd), ERR_SYNTAX);
	assert_int_equal(ftruncate(d->fd, 3), 0);
	assert_int_equal(image_open(&again, d->fd), ERR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_added_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_forgotten_is_overwritten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_finished_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waste_is_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(limits_hold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_damaged_one_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
