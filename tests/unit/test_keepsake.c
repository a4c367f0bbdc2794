/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets in files: drawn once, read by nobody else, and drawn anew where they may have been. */
#include "tests/unit/unit.h"

#include "daemon/keepsake.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { N = 32 };

struct desk {
	char folder[32];
	char path[64];
	struct rng_seeded rng;
	struct arena arena;
	uint8_t first[N], again[N];
};

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	strcpy(d->folder, "/tmp/keepsake-XXXXXX");
	if (!mkdtemp(d->folder))
		return -1;
	snprintf(d->path, sizeof d->path, "%s/secret", d->folder);
	rng_seed(&d->rng, 1);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	(void)unlink(d->path);
	(void)rmdir(d->path);
	if (rmdir(d->folder))
		return -1;
	arena_free(&d->arena);
	free(d);
	return 0;
}

static unsigned waits; /* for the disk */

/* In the place of the C library's. */
int fsync(int fd)
{
	(void)fd;
	waits++;
	return 0;
}

static enum err get(struct desk *d, uint8_t out[N], struct text *why)
{
	return keepsake_get(d->path, &d->rng.rng, out, N, why);
}

static void get_both(struct desk *d, void (*between)(struct desk *d))
{
	struct text why = text_in(&d->arena);
	struct stat st;

	assert_int_equal(get(d, d->first, &why), ERR_OK);
	if (between)
		between(d);
	assert_int_equal(get(d, d->again, &why), ERR_OK);
	assert_int_equal(stat(d->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, N);
}

static void it_stays(void **state)
{
	struct desk *d = *state;
	static const uint8_t none[N];

	get_both(d, NULL);
	assert_memory_equal(d->first, d->again, N);
	assert_memory_not_equal(d->first, none, N);
}

static void open_to_others(struct desk *d)
{
	assert_int_equal(chmod(d->path, 0640), 0);
}

static void cut(struct desk *d)
{
	assert_int_equal(truncate(d->path, N - 1), 0);
}

static void link_away(struct desk *d)
{
	assert_int_equal(unlink(d->path), 0);
	assert_int_equal(symlink("/dev/zero", d->path), 0);
}

static void what_may_be_known_is_replaced(void **state)
{
	struct desk *d = *state;
	void (*const spoil[])(struct desk *) = { open_to_others, cut, link_away };

	for (size_t i = 0; i < sizeof spoil / sizeof *spoil; i++) {
		get_both(d, spoil[i]);
		assert_memory_not_equal(d->first, d->again, N);
	}
}

static void where_nothing_can_be_written(void **state)
{
	struct desk *d = *state;
	struct text why = text_in(&d->arena);

	assert_int_equal(mkdir(d->path, 0700), 0);
	assert_int_equal(get(d, d->first, &why), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&why), d->path));
}

/* Not what it leads to: neither into somebody's hands nor over another file. */
static void what_a_crash_has_left_goes(void **state)
{
	struct desk *d = *state;
	const char *draft = arena_printf(&d->arena, "%s.new", d->path);
	const char *elsewhere = arena_printf(&d->arena, "%s/elsewhere", d->folder);
	struct stat st;

	assert_int_equal(symlink(elsewhere, draft), 0);
	get_both(d, NULL);
	assert_int_equal(lstat(elsewhere, &st), -1);
	assert_int_equal(lstat(draft, &st), -1);
}

static void put_is_got(void **state)
{
	struct desk *d = *state;
	struct text why = text_in(&d->arena);

	memset(d->first, 7, N);
	assert_int_equal(keepsake_put(d->path, bytes_of(d->first, N), &why), ERR_OK);
	assert_int_equal(get(d, d->again, &why), ERR_OK);
	assert_memory_equal(d->first, d->again, N);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static void the_disk_is_waited_for_only_where_something_can_be_lost(void **state)
{
	struct desk *d = *state;
	struct text why = text_in(&d->arena);

	waits = 0;
	assert_false(keepsake_read(d->path, d->first, N));
	assert_int_equal(get(d, d->first, &why), ERR_OK);
	assert_int_equal(waits, 0);
	assert_true(keepsake_read(d->path, d->again, N));
	assert_memory_equal(d->again, d->first, N);
	d->again[0]++;
	assert_int_equal(keepsake_put(d->path, bytes_of(d->again, N), &why), ERR_OK);
	assert_int_equal(waits, 1);
	assert_true(keepsake_read(d->path, d->first, N));
	assert_memory_equal(d->again, d->first, N);
	assert_string_equal(text_str(&why), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_stays),
		TEST(what_may_be_known_is_replaced),
		TEST(where_nothing_can_be_written),
		TEST(what_a_crash_has_left_goes),
		TEST(put_is_got),
		TEST(the_disk_is_waited_for_only_where_something_can_be_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
