/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemon/fetch against a server in the same loop. */
#include "base/arena.h"
#include "daemon/fetch.h"
#include "unit.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct lab {
	struct event_base *base;
	struct evhttp *server;
	struct resolver resolver;
	struct fetcher fetcher;
	struct arena arena;
	int port;
	unsigned asked;                 /* requests that came to the server */
	struct evhttp_request *hanging; /* one that it does not answer */
	const char *got;                /* the body of the last request */
	unsigned answers;
	const char *body, *why; /* of the last answer */
	unsigned wanted;        /* the loop ends with so many answers */
};

static const char *url(struct lab *l, const char *path)
{
	return arena_printf(&l->arena, "http://127.0.0.1:%d/%s", l->port, path);
}

static void reply(struct evhttp_request *r, int code, const char *text, size_t n)
{
	struct evbuffer *b = evbuffer_new();

	evbuffer_add(b, text, n);
	evhttp_send_reply(r, code, NULL, b);
	evbuffer_free(b);
}

static void redirect(struct evhttp_request *r, const char *to)
{
	evhttp_add_header(evhttp_request_get_output_headers(r), "Location", to);
	reply(r, 302, "", 0);
}

static void on_request(struct evhttp_request *r, void *ctx)
{
	const char *path = evhttp_request_get_uri(r);
	struct evbuffer *in = evhttp_request_get_input_buffer(r);
	struct lab *l = ctx;
	char *big;

	l->asked++;
	l->got = arena_text(&l->arena, bytes_of(evbuffer_pullup(in, -1), evbuffer_get_length(in)));
	if (!strcmp(path, "/crl?part=1") || !strcmp(path, "/ocsp")) {
		reply(r, 200, "a list", 6);
	} else if (!strcmp(path, "/moved")) {
		redirect(r, "/crl?part=1");
	} else if (!strcmp(path, "/far")) {
		redirect(r, url(l, "crl?part=1"));
	} else if (!strcmp(path, "/loop")) {
		redirect(r, "/loop");
	} else if (!strcmp(path, "/file")) {
		redirect(r, "file:///etc/passwd");
	} else if (!strcmp(path, "/line")) {
		reply(r, 200, "success\r\n", 9);
	} else if (!strcmp(path, "/204")) {
		reply(r, 204, "", 0);
	} else if (!strcmp(path, "/511")) {
		reply(r, 511, "sign in", 7);
	} else if (!strcmp(path, "/hang")) {
		l->hanging = r;
	} else if (!strcmp(path, "/big")) {
		big = calloc(1, FETCH_BODY_MAX + 1);
		reply(r, 200, big, FETCH_BODY_MAX + 1);
		free(big);
	} else {
		reply(r, 404, "", 0);
	}
}

static int lab_open(void **state)
{
	struct lab *l = calloc(1, sizeof *l);
	struct evhttp_bound_socket *socket;
	struct sockaddr_in name;
	socklen_t n = sizeof name;

	l->base = event_base_new();
	l->server = evhttp_new(l->base);
	evhttp_set_gencb(l->server, on_request, l);
	socket = evhttp_bind_socket_with_handle(l->server, "127.0.0.1", 0);
	if (!socket || getsockname(evhttp_bound_socket_get_fd(socket), (struct sockaddr *)&name, &n))
		return -1;
	l->port = ntohs(name.sin_port);
	resolver_start(&l->resolver, l->base);
	fetcher_start(&l->fetcher, l->base, &l->resolver);
	l->fetcher.local = true;
	*state = l;
	return 0;
}

static int lab_close(void **state)
{
	struct lab *l = *state;

	fetcher_stop(&l->fetcher);
	resolver_stop(&l->resolver);
	evhttp_free(l->server);
	event_base_free(l->base);
	arena_free(&l->arena);
	free(l);
	return 0;
}

static void on_fetched(void *ctx, struct bytes body, const char *why)
{
	struct lab *l = ctx;

	l->body = why ? NULL : arena_text(&l->arena, body);
	l->why = why ? arena_str(&l->arena, why) : NULL;
	if (++l->answers == l->wanted)
		event_base_loopbreak(l->base);
}

/* Waits until N answers have come in all. */
static void wait_answers(struct lab *l, unsigned n)
{
	l->wanted = n;
	if (l->answers < n)
		event_base_dispatch(l->base);
	assert_int_equal(l->answers, n);
}

static void fetch(struct lab *l, const char *from)
{
	unsigned before = l->answers;

	fetch_get(&l->fetcher, from, on_fetched, l);
	wait_answers(l, before + 1);
}

static void expect_failed(struct lab *l, const char *part)
{
	assert_null(l->body);
	assert_non_null(l->why);
	if (!strstr(l->why, part))
		fail_msg("\"%s\" is not in \"%s\"", part, l->why);
}

static void a_file_comes(void **state)
{
	struct lab *l = *state;

	fetch(l, url(l, "crl?part=1"));
	assert_string_equal(l->body, "a list");
}

static void an_answer_to_octets_comes(void **state)
{
	struct lab *l = *state;

	fetch_post(&l->fetcher, url(l, "ocsp"), "application/ocsp-request", bytes_str("a question"),
		on_fetched, l);
	wait_answers(l, 1);
	assert_string_equal(l->body, "a list");
	assert_string_equal(l->got, "a question");
}

static void who_wants_the_same_waits_for_it(void **state)
{
	struct lab *l = *state;

	fetch_get(&l->fetcher, url(l, "crl?part=1"), on_fetched, l);
	fetch_get(&l->fetcher, url(l, "crl?part=1"), on_fetched, l);
	wait_answers(l, 2);
	assert_int_equal(l->asked, 1);
}

static void redirections_are_followed(void **state)
{
	struct lab *l = *state;

	fetch(l, url(l, "moved"));
	assert_string_equal(l->body, "a list");
	fetch(l, url(l, "far"));
	assert_string_equal(l->body, "a list");
}

static void redirections_end(void **state)
{
	struct lab *l = *state;

	fetch(l, url(l, "loop"));
	expect_failed(l, "again and again");
	assert_int_equal(l->asked, 1 + FETCH_REDIRECTS_MAX);
}

static void redirections_stay_with_http(void **state)
{
	struct lab *l = *state;

	fetch(l, url(l, "file"));
	expect_failed(l, "only http://");
}

static void what_is_not_there_fails(void **state)
{
	struct lab *l = *state;

	fetch(l, url(l, "nothing"));
	expect_failed(l, "the server answers 404");
	fetch(l, "http://127.0.0.1:1/");
	expect_failed(l, "does not answer");
	fetch(l, "ldap://127.0.0.1/o=x");
	expect_failed(l, "only http://");
	fetch(l, "http://");
	expect_failed(l, "only http://");
}

static void too_much_fails(void **state)
{
	struct lab *l = *state;

	fetch(l, url(l, "big"));
	expect_failed(l, "sends too much");
	fetch(l, arena_printf(&l->arena, "http://127.0.0.1/%0*d", FETCH_URL_MAX, 0));
	expect_failed(l, "too long");
}

static void so_many_at_once(void **state)
{
	struct lab *l = *state;

	for (unsigned i = 0; i < FETCH_RUNNING_MAX; i++)
		fetch_get(&l->fetcher, arena_printf(&l->arena, "%s%u", url(l, "nothing?"), i), on_fetched, l);
	assert_int_equal(l->answers, 0);
	fetch_get(&l->fetcher, url(l, "one-more"), on_fetched, l);
	assert_int_equal(l->answers, 1);
	expect_failed(l, "too much is being fetched");
	wait_answers(l, 1 + FETCH_RUNNING_MAX);
}

static void this_machine_is_not_asked(void **state)
{
	struct lab *l = *state;
	static const char *const places[] = { "http://127.0.0.1/", "http://[::1]/", "http://169.254.169.254/",
		"http://[fe80::1]/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/", "http://224.0.0.1/" };

	l->fetcher.local = false;
	for (unsigned i = 0; i < sizeof places / sizeof *places; i++) {
		fetch(l, places[i]);
		expect_failed(l, "of this machine or link");
	}
	assert_int_equal(l->asked, 0);
}

/* The daemon stops while a server hangs: who waits hears of it, and nothing is left (the sanitizer looks). */
static void a_stop_ends_what_hangs(void **state)
{
	struct lab *l = *state;

	fetch_get(&l->fetcher, url(l, "hang"), on_fetched, l);
	while (!l->hanging)
		event_base_loop(l->base, EVLOOP_ONCE);
	fetcher_stop(&l->fetcher);
	assert_int_equal(l->answers, 1);
	expect_failed(l, "stopping");
}

/* ------------------------------------------------------------------- portals */

/* What came in the place of EXPECTED. */
static const char *probe(struct lab *l, const char *path, const char *expected)
{
	unsigned before = l->answers, asked = l->asked;

	fetch_probe(&l->fetcher, url(l, path), expected, on_fetched, l);
	wait_answers(l, before + 1);
	assert_int_equal(l->asked, asked + 1);
	return l->body;
}

static void where_there_is_no_portal(void **state)
{
	struct lab *l = *state;

	assert_string_equal(probe(l, "crl?part=1", "a list"), "");
	assert_string_equal(probe(l, "line", "success"), "");
	assert_string_equal(probe(l, "204", ""), "");
}

/* It is not followed: what is there is no business of ours. */
static void where_a_portal_answers(void **state)
{
	struct lab *l = *state;

	assert_string_equal(probe(l, "moved", "a list"), "a redirection to /crl?part=1");
	assert_string_equal(probe(l, "crl?part=1", "success"), "something else than is there");
	assert_string_equal(probe(l, "crl?part=1", ""), "something else than is there");
	assert_string_equal(probe(l, "204", "success"), "something else than is there");
	assert_string_equal(probe(l, "511", ""), "the demand to sign in");
}

static void where_nobody_knows(void **state)
{
	struct lab *l = *state;

	assert_null(probe(l, "nothing", "success"));
	assert_non_null(strstr(l->why, "the server answers 404"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)
	const struct CMUnitTest tests[] = {
		TEST(a_file_comes),
		TEST(an_answer_to_octets_comes),
		TEST(who_wants_the_same_waits_for_it),
		TEST(redirections_are_followed),
		TEST(redirections_end),
		TEST(redirections_stay_with_http),
		TEST(what_is_not_there_fails),
		TEST(too_much_fails),
		TEST(so_many_at_once),
		TEST(this_machine_is_not_asked),
		TEST(a_stop_ends_what_hangs),
		TEST(where_there_is_no_portal),
		TEST(where_a_portal_answers),
		TEST(where_nobody_knows),
	};

	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
