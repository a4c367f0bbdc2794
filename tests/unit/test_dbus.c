/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls to a bus that does them, to one that fails in all kinds of ways, and to none. */
#include "tests/unit/unit.h"

#include "daemon/dbus.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GREETING "DATA\r\nOK 0123456789abcdef0123456789abcdef\r\n"
/* Answers to our greeting, which has the number 1, and to a call, as a bus writes them: least octet first. */
#define WELCOME      "l\2\1\1\11\0\0\0\1\0\0\0\17\0\0\0\5\1u\0\1\0\0\0\10\1g\0\1s\0\0\4\0\0\0:1.1\0"
#define RETURN_TO(n) "l\2\1\1\0\0\0\0\1\0\0\0\10\0\0\0\5\1u\0" n "\0\0\0"

enum { CALLS_MAX = 200, LIMIT = 5000 /* ms, for what does not take them */ };

/* Its thread serves one connection; what it notes is read when it is over. */
struct bus {
	char dir[64], path[80], address[128];
	int listener;
	pthread_t thread;
	bool serves;
	struct bytes says;        /* octets, in place of all of the below; p NULL: it is a bus */
	bool silent, hangs_up;    /* when it is called */
	int fails_from;           /* the number in a call that fails, and all above it */
	int numbers[CALLS_MAX];   /* what it was called with */
	unsigned n, auto_started; /* calls; those that would have started a service */

	struct event_base *base;
	bool over;
	char why[256];
	struct arena arena;
};

/* --------------------------------------------------------------------- its side */

static int do_call(struct bus *b, sd_bus_message *m)
{
	int number = 0;

	if (sd_bus_message_read(m, "i", &number) <= 0 || b->n == CALLS_MAX)
		return -EINVAL;
	b->numbers[b->n++] = number;
	b->auto_started += sd_bus_message_get_auto_start(m) != 0;
	if (b->hangs_up)
		sd_bus_close(sd_bus_message_get_bus(m));
	if (b->hangs_up || b->silent)
		return 1;
	if (number < b->fails_from)
		return sd_bus_reply_method_return(m, "");
	return sd_bus_reply_method_errorf(m, "x.y", "broke at %d", number);
}

static int on_message(sd_bus_message *m, void *ctx, sd_bus_error *unused)
{
	(void)unused;
	if (sd_bus_message_is_method_call(m, "org.freedesktop.DBus", "Hello"))
		return sd_bus_reply_method_return(m, "s", ":1.1");
	if (sd_bus_message_is_method_call(m, "i.j", "M"))
		return do_call(ctx, m);
	return 0;
}

static void be_a_bus(struct bus *b, int fd)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_fd(bus, fd, fd);
	if (r >= 0)
		r = sd_bus_set_server(
			bus, true, SD_ID128_MAKE(1, 2, 3, 4, 5, 6, 7, 8, 9, a, b, c, d, e, f, 0));
	if (r >= 0)
		r = sd_bus_add_filter(bus, NULL, on_message, b);
	if (r >= 0)
		r = sd_bus_start(bus);
	while (r >= 0) {
		r = sd_bus_process(bus, NULL);
		if (!r)
			r = sd_bus_wait(bus, UINT64_MAX);
	}
	sd_bus_close_unref(bus);
}

/* Says what it says until it is left. */
static void babble(const struct bus *b, int fd)
{
	char octets[256];

	(void)!send(fd, b->says.p, b->says.n, MSG_NOSIGNAL);
	while (read(fd, octets, sizeof octets) > 0)
		continue;
	close(fd);
}

static void *serve(void *ctx)
{
	struct bus *b = ctx;
	int fd = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);

	if (b->says.p)
		babble(b, fd);
	else
		be_a_bus(b, fd);
	return NULL;
}

/* ------------------------------------------------------------------------ ours */

static int set_up(void **state)
{
	struct bus *b = calloc(1, sizeof *b);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(b->dir, sizeof b->dir, "/tmp/test_dbus.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof b->path, "%s/bus", b->dir);
	memcpy(a.sun_path, b->path, strlen(b->path));
	b->fails_from = CALLS_MAX;
	b->base = event_base_new();
	b->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(b->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(b->listener, 1), 0);
	snprintf(b->address, sizeof b->address, "unix:path=%s", b->path);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", b->address, 1);
	*state = b;
	return 0;
}

/* Its thread ends, also when nobody has called. */
static void it_is_over(struct bus *b)
{
	shutdown(b->listener, SHUT_RDWR);
	if (b->serves)
		assert_int_equal(pthread_join(b->thread, NULL), 0);
	b->serves = false;
}

static int tear_down(void **state)
{
	struct bus *b = *state;

	it_is_over(b);
	close(b->listener);
	event_base_free(b->base);
	unlink(b->path);
	rmdir(b->dir);
	arena_free(&b->arena);
	free(b);
	return 0;
}

static void on_done(void *ctx, const char *why)
{
	struct bus *b = ctx;

	assert_false(b->over);
	b->over = true;
	snprintf(b->why, sizeof b->why, "%s", why ? why : "it has worked");
	event_base_loopbreak(b->base);
}

static int put_number(sd_bus_message *m, const void *args)
{
	const int *number = args;

	return sd_bus_message_append(m, "i", *number);
}

static int put_nothing(sd_bus_message *m, const void *args)
{
	(void)m;
	(void)args;
	return -EINVAL;
}

/* N calls, with the numbers from 0. */
static struct dbus *begin(struct bus *b, unsigned n, unsigned limit_ms)
{
	struct dbus_call *calls = ARENA_ARRAY(&b->arena, n, struct dbus_call);
	int *numbers = ARENA_ARRAY(&b->arena, n, int);
	struct text why = text_in(&b->arena);
	struct dbus *d;

	for (unsigned i = 0; i < n; i++) {
		numbers[i] = (int)i;
		calls[i] = (struct dbus_call){ "d.e", "/o", "i.j", "M", put_number, &numbers[i] };
	}
	assert_int_equal(pthread_create(&b->thread, NULL, serve, b), 0);
	b->serves = true;
	assert_int_equal(dbus_start(b->base, calls, n, limit_ms, on_done, b, &d, &why), ERR_OK);
	return d;
}

static void call_until_over(struct bus *b, unsigned n, unsigned limit_ms, const char *why)
{
	(void)begin(b, n, limit_ms);
	event_base_dispatch(b->base);
	it_is_over(b);
	assert_true(b->over);
	assert_string_equal(b->why, why);
}

static void all_are_done_in_their_order(void **state)
{
	struct bus *b = *state;

	call_until_over(b, CALLS_MAX, LIMIT, "it has worked");
	assert_int_equal(b->n, CALLS_MAX);
	assert_int_equal(b->auto_started, 0);
	for (int i = 0; i < CALLS_MAX; i++)
		assert_int_equal(b->numbers[i], i);
}

static void the_first_that_fails_is_said(void **state)
{
	struct bus *b = *state;

	b->fails_from = 1;
	call_until_over(b, 3, LIMIT, "x.y: broke at 1");
	assert_int_equal(b->n, 3);
}

static void we_are_refused(void **state)
{
	struct bus *b = *state;

	b->says = bytes_str("DATA\r\nREJECTED EXTERNAL\r\nERROR\r\n");
	call_until_over(b, 1, LIMIT, "the system bus (D-Bus) refuses us");
}

static void what_it_says_is_no_message(void **state)
{
	struct bus *b = *state;

	b->says = bytes_str(GREETING "HTTP/1.1 400 Bad Request");
	call_until_over(b, 1, LIMIT, "the system bus (D-Bus) says what is no message of D-Bus");
}

/* What sd-bus has read already no socket announces. */
static void answers_in_one_piece(void **state)
{
	struct bus *b = *state;

	b->says = bytes_of(GREETING WELCOME RETURN_TO("\2"), sizeof(GREETING WELCOME RETURN_TO("\2")) - 1);
	call_until_over(b, 1, LIMIT, "it has worked");
}

static void a_line_without_end(void **state)
{
	struct bus *b = *state;
	char *line = arena_alloc(&b->arena, 100000);

	memset(line, 'D', 100000);
	b->says = bytes_of(line, 100000);
	(void)begin(b, 1, LIMIT);
	event_base_dispatch(b->base);
	assert_true(b->over);
	assert_string_not_equal(b->why, "the system bus (D-Bus) does not answer");
}

static void it_hangs_up(void **state)
{
	struct bus *b = *state;

	b->hangs_up = true;
	call_until_over(b, 2, LIMIT, "the system bus (D-Bus) has closed the connection");
	assert_int_equal(b->n, 1);
}

static void it_is_silent(void **state)
{
	struct bus *b = *state;

	b->silent = true;
	call_until_over(b, 1, 200, "the system bus (D-Bus) does not answer");
}

static void it_does_not_greet(void **state)
{
	struct bus *b = *state;

	b->says = bytes_str("");
	call_until_over(b, 1, 50, "the system bus (D-Bus) does not answer");
}

static void nobody_wants_to_know(void **state)
{
	struct bus *b = *state;

	dbus_free(begin(b, 1, 50));
	event_base_dispatch(b->base);
	assert_false(b->over);
}

static void a_call_that_cannot_be_made(void **state)
{
	static const struct dbus_call call = { "d.e", "/o", "i.j", "M", put_nothing, NULL };
	struct bus *b = *state;
	struct text why = text_in(&b->arena);
	struct dbus *d;

	assert_int_equal(dbus_start(b->base, &call, 1, 50, on_done, b, &d, &why), ERR_SPACE);
	assert_string_equal(text_str(&why), "the system bus (D-Bus) cannot be told that");
}

static void there_is_none(void **state)
{
	struct bus *b = *state;
	struct text why = text_in(&b->arena);
	struct dbus *d;

	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
	assert_int_equal(dbus_start(b->base, NULL, 0, 50, on_done, b, &d, &why), ERR_MISSING);
	assert_string_equal(text_str(&why),
		"there is no system bus (D-Bus) at unix:path=/nowhere/bus: No such file or directory");
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUS_TEST(all_are_done_in_their_order),
		BUS_TEST(the_first_that_fails_is_said),
		BUS_TEST(we_are_refused),
		BUS_TEST(what_it_says_is_no_message),
		BUS_TEST(answers_in_one_piece),
		BUS_TEST(a_line_without_end),
		BUS_TEST(it_hangs_up),
		BUS_TEST(it_is_silent),
		BUS_TEST(it_does_not_greet),
		BUS_TEST(nobody_wants_to_know),
		BUS_TEST(a_call_that_cannot_be_made),
		BUS_TEST(there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
