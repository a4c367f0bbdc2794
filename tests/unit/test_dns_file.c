/* SPDX-License-Identifier: GPL-2.0-or-later */
/* resolv.conf with our lines and without them: what was there is always back, octet by octet. */
#include "tests/unit/unit.h"

#include "daemon/dns_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OURS "nameserver 10.2.0.53\nsearch example.org\n"
#define ME   "/run/ikev2d"
#define HEAD                                                                                                 \
	"# ikev2d /run/ikev2d: names are asked through a tunnel; what was here before is behind #ikev2d#\n"
#define END "# ikev2d end\n"

struct desk {
	char dir[64], path[80], target[80];
	struct arena arena;
};

static int set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);

	snprintf(d->dir, sizeof d->dir, "/tmp/test_dns_file.XXXXXX");
	assert_non_null(mkdtemp(d->dir));
	snprintf(d->path, sizeof d->path, "%s/resolv.conf", d->dir);
	snprintf(d->target, sizeof d->target, "%s/target", d->dir);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *d = *state;

	unlink(d->path);
	unlink(d->target);
	/* Nothing else may be left. */
	assert_int_equal(rmdir(d->dir), 0);
	arena_free(&d->arena);
	free(d);
	return 0;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const char *text_of(struct desk *d, const char *path)
{
	char *room = arena_alloc(&d->arena, 4096);
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	room[fread(room, 1, 4095, f)] = 0;
	fclose(f);
	return room;
}

static void set(struct desk *d, const char *owner, const char *lines)
{
	struct text why = text_in(&d->arena);

	assert_int_equal(dns_file_set(d->path, owner, lines, &why), ERR_OK);
}

static void reset(struct desk *d, const char *owner)
{
	struct text why = text_in(&d->arena);

	assert_int_equal(dns_file_reset(d->path, owner, &why), ERR_OK);
}

static const char *with(struct desk *d, const char *text)
{
	put(d->path, text);
	set(d, ME, OURS);
	return text_of(d, d->path);
}

static void ours_come_first_and_others_are_hidden(void **state)
{
	struct desk *d = *state;

	assert_string_equal(with(d, "# by hand\nnameserver 192.0.2.1\nsearch\ta b\ndomain x\noptions edns0"),
		HEAD OURS END
		"# by hand\n#ikev2d# nameserver 192.0.2.1\n#ikev2d# search\ta b\n#ikev2d# domain "
		"x\noptions edns0");
	set(d, ME, "nameserver 10.2.0.54\n");
	assert_string_equal(text_of(d, d->path),
		HEAD "nameserver 10.2.0.54\n" END "# by hand\n#ikev2d# nameserver 192.0.2.1\n#ikev2d# "
		     "search\ta b\n#ikev2d# domain x\noptions edns0");
}

static void all_comes_back(void **state)
{
	static const char *const texts[] = { "", "nameserver 192.0.2.1\n", "nameserver 192.0.2.1",
		"options edns0\n\nnameserver 192.0.2.1\ndomain example.com\nsearch\ta b\nsortlist",
		"nameserver\nnameservers 192.0.2.9\n", "\n\n", "# ikev2d end\nnameserver 192.0.2.1\n" };
	struct desk *d = *state;

	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		(void)with(d, texts[i]);
		reset(d, ME);
		assert_string_equal(text_of(d, d->path), texts[i]);
		reset(d, ME);
		assert_string_equal(text_of(d, d->path), texts[i]);
	}
}

/* Somebody adds lines while ours are there; and writes the whole file anew, which is his then. */
static void what_others_write_stays(void **state)
{
	struct desk *d = *state;

	put(d->path, arena_printf(&d->arena, "%soptions rotate\n", with(d, "nameserver 192.0.2.1\n")));
	reset(d, ME);
	assert_string_equal(text_of(d, d->path), "nameserver 192.0.2.1\noptions rotate\n");
	(void)with(d, "nameserver 192.0.2.1\n");
	put(d->path, "nameserver 192.0.2.2\n");
	reset(d, ME);
	assert_string_equal(text_of(d, d->path), "nameserver 192.0.2.2\n");
}

/* Cut off in the middle of our lines: what is behind them is not thrown away. */
static void ours_without_their_end(void **state)
{
	struct desk *d = *state;

	put(d->path, HEAD "nameserver 192.0.2.1\n");
	reset(d, ME);
	assert_string_equal(text_of(d, d->path), "nameserver 192.0.2.1\n");
}

static void a_link_is_a_link_again(void **state)
{
	struct desk *d = *state;
	char link[64];
	ssize_t n;

	put(d->target, "nameserver 127.0.0.53\n");
	assert_int_equal(symlink("target", d->path), 0);
	for (unsigned i = 0; i < 2; i++) {
		set(d, ME, OURS);
		assert_string_equal(text_of(d, d->path),
			HEAD "# ikev2d was link target\n" OURS END "#ikev2d# nameserver 127.0.0.53\n");
		assert_string_equal(text_of(d, d->target), "nameserver 127.0.0.53\n");
	}
	reset(d, ME);
	n = readlink(d->path, link, sizeof link);
	assert_int_equal(n, strlen("target"));
	assert_memory_equal(link, "target", (size_t)n);
}

static void a_link_to_nowhere_and_no_file_at_all(void **state)
{
	struct desk *d = *state;
	char link[64];

	set(d, ME, OURS);
	assert_string_equal(text_of(d, d->path), HEAD "# ikev2d was missing\n" OURS END);
	reset(d, ME);
	assert_int_equal(access(d->path, F_OK), -1);
	assert_int_equal(symlink("target", d->path), 0);
	set(d, ME, OURS);
	reset(d, ME);
	assert_int_equal(readlink(d->path, link, sizeof link), strlen("target"));
	assert_int_equal(access(d->target, F_OK), -1);
}

/* Two daemons, the first of which goes first. */
static void owners_are_told_apart(void **state)
{
	struct desk *d = *state;

	(void)with(d, "nameserver 192.0.2.1\n");
	set(d, "/run/other", "nameserver 10.3.0.53\n");
	reset(d, "/run/third");
	assert_non_null(strstr(text_of(d, d->path), "nameserver 10.3.0.53\n"));
	reset(d, ME);
	assert_non_null(strstr(text_of(d, d->path), "nameserver 10.3.0.53\n"));
	assert_null(strstr(text_of(d, d->path), OURS));
	reset(d, "/run/other");
	assert_string_equal(text_of(d, d->path), "nameserver 192.0.2.1\n");
}

static void what_is_no_text_is_left_alone(void **state)
{
	struct desk *d = *state;
	struct text why = text_in(&d->arena);
	FILE *f = fopen(d->path, "w");

	assert_non_null(f);
	for (unsigned i = 0; i < DNS_FILE_MAX; i++)
		fputc('#', f);
	fclose(f);
	assert_int_equal(dns_file_set(d->path, ME, OURS, &why), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&why), "is too large, or no text: it is left as it is"));
}

#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(ours_come_first_and_others_are_hidden),
		FILE_TEST(all_comes_back),
		FILE_TEST(what_others_write_stays),
		FILE_TEST(ours_without_their_end),
		FILE_TEST(a_link_is_a_link_again),
		FILE_TEST(a_link_to_nowhere_and_no_file_at_all),
		FILE_TEST(owners_are_told_apart),
		FILE_TEST(what_is_no_text_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
