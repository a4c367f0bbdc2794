/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages of D-Bus, and a bus that says all kinds of things. */
#include "tests/unit/unit.h"

#include "daemon/dbus.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OK    "OK 0123456789abcdef\r\n"
#define HELLO RETURN_TO("\1")
/* An answer to the call of this number, as a bus writes it: least octet first. */
#define RETURN_TO(n) "l\2\1\1\0\0\0\0\1\0\0\0\10\0\0\0\5\1u\0" n "\0\0\0"
#define FAILURE_OF_2                                                                                         \
	"l\3\1\1\12\0\0\0\1\0\0\0\37\0\0\0\5\1u\0\2\0\0\0\4\1s\0\3\0\0\0x.y\0\0\0\0\0\10\1g\0\1s\0\0"        \
	"\5\0\0\0broke\0"
#define SIGNAL "l\4\1\1\0\0\0\0\1\0\0\0\12\0\0\0\2\1s\0\1\0\0\0a\0\0\0\0\0\0\0"

/* Numbers of the messages below, as this machine has them. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ORDER  "l"
#define N32(x) x "\0\0\0"
#else
#define ORDER  "B"
#define N32(x) "\0\0\0" x
#endif

static void a_call_as_it_is_written(void **state)
{
	static const uint8_t wanted[] = ORDER "\1\2\1" N32("\10") N32("\7") N32("\110") "\1\1o\0" N32(
		"\2") "/o\0\0\0\0\0\0"
		      "\2\1s\0" N32("\3") "i.j\0\0\0\0\0"
					  "\3\1s\0" N32("\1") "M\0\0\0\0\0\0\0"
							      "\6\1s\0" N32("\2") "d.\0\0\0\0\0\0"
										  "\10\1g\0\2is\0" N32("\5")
											  N32("\0");
	uint8_t body[64], room[256];
	struct wr b = wr_of(body, sizeof body), w = wr_of(room, sizeof room);

	(void)state;
	dbus_put_u32(&b, 5);
	dbus_put_u32(&b, 0);
	dbus_put_call(&w, &(struct dbus_call){ "d.", "/o", "i.j", "M", "is", wr_done(&b) }, 7);
	assert_false(w.bad);
	assert_int_equal(w.n, sizeof wanted - 1);
	assert_memory_equal(room, wanted, w.n);
}

static void an_array_has_its_length(void **state)
{
	static const uint8_t wanted[] = N32("\1") "a\0\0\0" N32("\13") "\0\0\0\0" N32("\1") N32("\2") "bc";
	uint8_t room[64];
	struct wr w = wr_of(room, sizeof room);
	struct dbus_array a;

	(void)state;
	dbus_put_string(&w, "a");
	a = dbus_array_begin(&w, 8);
	dbus_put_u32(&w, 1);
	dbus_put_string(&w, "bc");
	dbus_array_end(&w, a);
	assert_int_equal(w.n, sizeof wanted);
	assert_memory_equal(room, wanted, w.n);
}

static enum err reply(const char *octets, size_t n, struct arena *arena, struct dbus_reply *out)
{
	size_t length = 0;

	assert_int_equal(dbus_length(bytes_of(octets, n), &length), ERR_OK);
	assert_int_equal(length, n);
	return dbus_get_reply(bytes_of(octets, n), arena, out);
}

static void answers_are_read(void **state)
{
	struct arena arena = { 0 };
	struct dbus_reply r;

	(void)state;
	assert_int_equal(reply(RETURN_TO("\7"), sizeof RETURN_TO("\7") - 1, &arena, &r), ERR_OK);
	assert_int_equal(r.to, 7);
	assert_null(r.error);
	assert_int_equal(reply(FAILURE_OF_2, sizeof FAILURE_OF_2 - 1, &arena, &r), ERR_OK);
	assert_int_equal(r.to, 2);
	assert_string_equal(r.error, "x.y: broke");
	assert_int_equal(reply(SIGNAL, sizeof SIGNAL - 1, &arena, &r), ERR_OK);
	assert_int_equal(r.to, 0);
	arena_free(&arena);
}

/* Cut at every octet, and with every octet another one: read or refused, and nothing beyond its end. */
static void lying_messages(void **state)
{
	char *m = malloc(sizeof FAILURE_OF_2 - 1);
	size_t n = sizeof FAILURE_OF_2 - 1, length;
	struct arena arena = { 0 };
	struct dbus_reply r;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char *cut = malloc(i ? i : 1);

		memcpy(cut, FAILURE_OF_2, i);
		assert_int_not_equal(dbus_get_reply(bytes_of(cut, i), &arena, &r), ERR_OK);
		free(cut);
		for (unsigned v = 0; v < 256; v += 5) {
			memcpy(m, FAILURE_OF_2, n);
			m[i] = (char)v;
			(void)!dbus_length(bytes_of(m, n), &length);
			(void)!dbus_get_reply(bytes_of(m, n), &arena, &r);
		}
	}
	assert_int_equal(dbus_length(bytes_of("x\2\1\1\0\0\0\0\1\0\0\0\0\0\0\0", 16), &length), ERR_SYNTAX);
	assert_int_equal(dbus_length(bytes_of("l\2\1\2\0\0\0\0\1\0\0\0\0\0\0\0", 16), &length), ERR_SYNTAX);
	assert_int_equal(dbus_length(bytes_of("l\2\1\1\0\0\1\1\1\0\0\0\0\0\0\0", 16), &length), ERR_RANGE);
	assert_int_equal(
		dbus_length(bytes_of("l\2\1\1\377\377\377\377\1\0\0\0\377\377\377\377", 16), &length),
		ERR_RANGE);
	free(m);
	arena_free(&arena);
}

/* ---------------------------------------------------------------------- a bus */

struct bus {
	char dir[64], path[80];
	struct event_base *base;
	struct event *accept;
	const char *says; /* at once */
	size_t n;
	bool closes;
	int listener, connection;
	bool over;
	char why[256];
	struct arena arena;
};

static void on_connection(evutil_socket_t fd, short what, void *ctx)
{
	struct bus *b = ctx;

	(void)what;
	b->connection = accept(fd, NULL, NULL);
	assert_true(b->connection >= 0);
	(void)!write(b->connection, b->says, b->n);
	if (b->closes)
		shutdown(b->connection, SHUT_WR);
}

static int set_up(void **state)
{
	struct bus *b = calloc(1, sizeof *b);
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(b->dir, sizeof b->dir, "/tmp/test_dbus.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->path, sizeof b->path, "%s/bus", b->dir);
	memcpy(a.sun_path, b->path, strlen(b->path));
	b->base = event_base_new();
	b->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	b->connection = -1;
	assert_int_equal(bind(b->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(b->listener, 1), 0);
	b->accept = event_new(b->base, b->listener, EV_READ, on_connection, b);
	event_add(b->accept, NULL);
	setenv("DBUS_SYSTEM_BUS_ADDRESS", arena_printf(&b->arena, "unix:path=%s,guid=00", b->path), 1);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bus *b = *state;

	event_free(b->accept);
	close(b->listener);
	if (b->connection >= 0)
		close(b->connection);
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

static struct dbus *begin(struct bus *b, unsigned limit_ms)
{
	static const struct dbus_call call = { "d.e", "/o", "i.j", "M", "", { 0 } };
	struct text why = text_in(&b->arena);
	struct dbus *d;

	assert_int_equal(dbus_start(b->base, &call, 1, limit_ms, on_done, b, &d, &why), ERR_OK);
	return d;
}

static void says(void **state, const char *octets, size_t n, const char *why)
{
	struct bus *b = *state;

	b->says = octets;
	b->n = n;
	(void)begin(b, 2000);
	event_base_dispatch(b->base);
	assert_true(b->over);
	assert_string_equal(b->why, why);
}

#define SAYS(name, text, why)                                                                                \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		says(state, text, sizeof(text) - 1, why);                                                    \
	}

SAYS(all_has_worked, OK HELLO SIGNAL RETURN_TO("\2"), "it has worked")
SAYS(one_has_failed, OK HELLO FAILURE_OF_2, "x.y: broke")
SAYS(we_are_refused, "REJECTED EXTERNAL\r\n", "the system bus (D-Bus) refuses us")
SAYS(what_it_says_is_no_message, OK "HTTP/1.1 400 Bad Request",
	"the system bus (D-Bus) says what is no message of D-Bus")

static void it_hangs_up(void **state)
{
	struct bus *b = *state;

	b->closes = true;
	says(state, OK HELLO, sizeof(OK HELLO) - 1, "the system bus (D-Bus) has closed the connection");
}

static void it_is_silent(void **state)
{
	struct bus *b = *state;

	b->says = OK HELLO;
	b->n = sizeof(OK HELLO) - 1;
	(void)begin(b, 50);
	event_base_dispatch(b->base);
	assert_string_equal(b->why, "the system bus (D-Bus) does not answer");
}

static void a_line_without_end(void **state)
{
	struct bus *b = *state;
	char *line = arena_alloc(&b->arena, 1000);

	memset(line, 'O', 1000);
	says(state, line, 1000, "the system bus (D-Bus) refuses us");
}

static void nobody_wants_to_know(void **state)
{
	struct bus *b = *state;

	b->says = OK HELLO;
	b->n = sizeof(OK HELLO) - 1;
	dbus_free(begin(b, 50));
	event_base_dispatch(b->base);
	assert_false(b->over);
}

static void there_is_none(void **state)
{
	struct bus *b = *state;
	struct text why = text_in(&b->arena);
	struct dbus *d;

	setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
	assert_int_equal(dbus_start(b->base, NULL, 0, 50, on_done, b, &d, &why), ERR_MISSING);
	assert_string_equal(
		text_str(&why), "there is no system bus (D-Bus) at /nowhere/bus: No such file or directory");
}

#define BUS_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_as_it_is_written),
		cmocka_unit_test(an_array_has_its_length),
		cmocka_unit_test(answers_are_read),
		cmocka_unit_test(lying_messages),
		BUS_TEST(all_has_worked),
		BUS_TEST(one_has_failed),
		BUS_TEST(we_are_refused),
		BUS_TEST(what_it_says_is_no_message),
		BUS_TEST(it_hangs_up),
		BUS_TEST(it_is_silent),
		BUS_TEST(a_line_without_end),
		BUS_TEST(nobody_wants_to_know),
		BUS_TEST(there_is_none),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
