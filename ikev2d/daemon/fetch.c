/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HTTP by libevent's client, to an address that was judged first. */
#include "daemon/fetch.h"

#include "base/arena.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/util.h>
#include <stdlib.h>
#include <strings.h>

enum { HEADERS_MAX = 16 * 1024 /* octets */, LOCATION_MAX = 200 /* that are shown to people */ };

struct waiter {
	struct node node;
	fetch_done *done;
	void *ctx;
};

/* One transfer. It lives until everybody who waits has heard of it. */
struct fetch {
	struct node node;
	struct fetcher *fetcher;
	struct arena arena;
	const char *url; /* as it was asked for */
	const char *now; /* where redirections have led to */
	const char *type;
	struct bytes body;    /* to be sent; TYPE NULL: none, it is a GET */
	const char *expected; /* NULL: whatever is there */
	struct evhttp_uri *uri;
	struct evhttp_connection *connection;
	struct event *timer;
	struct node waiters;
	unsigned redirects;
	unsigned held; /* callbacks that will come, whatever becomes of this */
	bool over;
};

void fetcher_start(struct fetcher *f, struct event_base *base, struct resolver *resolver)
{
	*f = (struct fetcher){ .base = base, .resolver = resolver };
	list_init(&f->running);
}

/* One callback fewer; the last one frees what is over. */
static void release(struct fetch *x)
{
	if (--x->held || !x->over)
		return;
	if (x->connection)
		evhttp_connection_free(x->connection);
	if (x->uri)
		evhttp_uri_free(x->uri);
	if (x->timer)
		event_free(x->timer);
	arena_free(&x->arena);
	free(x);
}

/* Calls back from the loop, where nobody stands in what is freed then. */
static void soon(struct fetch *x, event_callback_fn callback)
{
	x->held++;
	if (event_base_once(x->fetcher->base, -1, EV_TIMEOUT, callback, x, &(struct timeval){ 0 }))
		abort();
}

static void on_over(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	release(ctx);
}

/* Tells everybody, once. */
static void finish(struct fetch *x, struct bytes body, const char *why)
{
	x->over = true;
	soon(x, on_over);
	list_remove(&x->node);
	x->fetcher->n--;
	list_each_safe (n, &x->waiters) {
		struct waiter *w = node_owner(n, struct waiter, node);

		list_remove(n);
		w->done(w->ctx, body, why);
		free(w);
	}
}

static void fail(struct fetch *x, const char *what)
{
	struct arena arena = { 0 };

	if (!x->over)
		finish(x, (struct bytes){ 0 },
			arena_printf(&arena, "%s could not be fetched: %s", x->url, what));
	arena_free(&arena);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct arena arena = { 0 };

	(void)fd;
	(void)what;
	fail(ctx, arena_printf(&arena, "no answer within %d s", FETCH_TIME));
	arena_free(&arena);
}

static void go(struct fetch *x);

/* A place relative to the one before is one on the same server. */
static const char *redirected(struct fetch *x, const char *location)
{
	if (*location != '/')
		return arena_str(&x->arena, location);
	return arena_printf(&x->arena, "http://%s:%d%s", evhttp_uri_get_host(x->uri),
		evhttp_uri_get_port(x->uri) < 0 ? 80 : evhttp_uri_get_port(x->uri), location);
}

static void on_again(evutil_socket_t fd, short what, void *ctx)
{
	struct fetch *x = ctx;

	(void)fd;
	(void)what;
	evhttp_connection_free(x->connection);
	x->connection = NULL;
	if (!x->over)
		go(x);
	release(x);
}

static void follow(struct fetch *x, struct evhttp_request *r)
{
	const char *location = evhttp_find_header(evhttp_request_get_input_headers(r), "Location");

	if (!location || strlen(location) > FETCH_URL_MAX)
		fail(x, "the server redirects to nowhere");
	else if (++x->redirects > FETCH_REDIRECTS_MAX)
		fail(x, "the server redirects again and again");
	else {
		x->now = redirected(x, location);
		soon(x, on_again);
	}
}

static bool is_redirection(int code)
{
	return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

static struct bytes body_of(struct evhttp_request *r)
{
	struct evbuffer *b = evhttp_request_get_input_buffer(r);
	size_t n = evbuffer_get_length(b);

	return bytes_of(n ? evbuffer_pullup(b, -1) : NULL, n);
}

/* The place that a stranger names, as it may be shown. */
static const char *shown(const char *location, struct arena *arena)
{
	char *text = arena_printf(arena, "%.*s", LOCATION_MAX, location);

	for (char *c = text; *c; c++)
		if (*c <= ' ' || *c > '~')
			*c = '?';
	return text;
}

static bool is_expected(struct bytes body, const char *expected)
{
	while (body.n && (body.p[body.n - 1] == '\n' || body.p[body.n - 1] == '\r'))
		body.n--;
	return bytes_eq(body, bytes_str(expected));
}

/* A server that fails says nothing of portals; 511 is said by nobody else (RFC 6585, 6). */
static void judge_answer(struct fetch *x, struct evhttp_request *r, int code)
{
	const char *location = evhttp_find_header(evhttp_request_get_input_headers(r), "Location");
	struct arena arena = { 0 };
	const char *instead = "";

	if (is_redirection(code))
		instead = arena_printf(
			&arena, "a redirection to %s", location ? shown(location, &arena) : "nowhere");
	else if (code == 511)
		instead = "the demand to sign in";
	else if (code != 200 && code != 204)
		fail(x, arena_printf(&arena, "the server answers %d", code));
	else if (!is_expected(body_of(r), x->expected))
		instead = "something else than is there";
	if (!x->over)
		finish(x, bytes_str(instead), NULL);
	arena_free(&arena);
}

static void on_answer(struct evhttp_request *r, void *ctx)
{
	struct fetch *x = ctx;
	int code = r ? evhttp_request_get_response_code(r) : 0;
	struct arena arena = { 0 };

	if (x->over)
		return;
	if (!code) {
		fail(x, "the server does not answer, breaks HTTP, or sends too much");
	} else if (x->expected) {
		judge_answer(x, r, code);
	} else if (is_redirection(code)) {
		follow(x, r);
	} else if (code != 200) {
		fail(x, arena_printf(&arena, "the server answers %d", code));
	} else {
		finish(x, body_of(r), NULL);
	}
	arena_free(&arena);
}

/* Path and query as the server wants them. */
static const char *target(struct fetch *x)
{
	const char *path = evhttp_uri_get_path(x->uri), *query = evhttp_uri_get_query(x->uri);

	return arena_printf(&x->arena, "%s%s%s%s", path && *path == '/' ? "" : "/", path ? path : "",
		query ? "?" : "", query ? query : "");
}

static void send_request(struct fetch *x, const struct ip *ip)
{
	int port = evhttp_uri_get_port(x->uri) < 0 ? 80 : evhttp_uri_get_port(x->uri);
	struct evhttp_request *r = evhttp_request_new(on_answer, x);
	char text[IP_TEXT];
	bool failed;

	x->connection =
		evhttp_connection_base_new(x->fetcher->base, NULL, ip_print(ip, text), (ev_uint16_t)port);
	if (!x->connection || !r)
		abort();
	evhttp_connection_set_max_body_size(x->connection, FETCH_BODY_MAX);
	evhttp_connection_set_max_headers_size(x->connection, HEADERS_MAX);
	evhttp_connection_set_timeout(x->connection, FETCH_TIME);
	failed = evhttp_add_header(evhttp_request_get_output_headers(r), "Host",
			 arena_printf(&x->arena, port == 80 ? "%s" : "%s:%d", evhttp_uri_get_host(x->uri),
				 port)) ||
		 evhttp_add_header(evhttp_request_get_output_headers(r), "Connection", "close");
	if (x->type)
		failed |= evhttp_add_header(evhttp_request_get_output_headers(r), "Content-Type", x->type) ||
			  evbuffer_add(evhttp_request_get_output_buffer(r), x->body.p, x->body.n);
	/* A request that was not taken is freed by its connection. */
	if (failed ||
		evhttp_make_request(x->connection, r, x->type ? EVHTTP_REQ_POST : EVHTTP_REQ_GET, target(x)))
		fail(x, "the request could not be sent");
}

static void judge(struct fetch *x, const struct ip *ip)
{
	struct arena arena = { 0 };
	char text[IP_TEXT];

	if (x->fetcher->local || !ip_is_local(ip))
		send_request(x, ip);
	else
		fail(x, arena_printf(&arena,
				"%s is an address of this machine or link, which certificates may not "
				"lead to; write daemon.fetch_local = yes to allow it",
				ip_print(ip, text)));
	arena_free(&arena);
}

static void on_resolved(void *ctx, const struct ip *ip, const char *why)
{
	struct fetch *x = ctx;

	if (ip && !x->over)
		judge(x, ip);
	else
		fail(x, why);
	release(x);
}

/* The host of an IPv6 address stands in brackets. */
static const char *host_of(struct fetch *x)
{
	const char *host = evhttp_uri_get_host(x->uri);
	size_t n = host ? strlen(host) : 0;

	if (n > 2 && *host == '[')
		return arena_text(&x->arena, bytes_of((const uint8_t *)host + 1, n - 2));
	return host;
}

static void go(struct fetch *x)
{
	const char *scheme, *host;
	struct ip ip;

	if (x->uri)
		evhttp_uri_free(x->uri);
	x->uri = evhttp_uri_parse(x->now);
	scheme = x->uri ? evhttp_uri_get_scheme(x->uri) : NULL;
	host = x->uri ? host_of(x) : NULL;
	if (!host || !*host || !scheme || strcasecmp(scheme, "http"))
		fail(x, "only http://HOST[:PORT]/… is understood");
	else if (!ip_parse(host, &ip))
		judge(x, &ip);
	else {
		x->held++;
		resolve_name(x->fetcher->resolver, host, 0, on_resolved, x);
	}
}

static void wait_for(struct fetch *x, fetch_done *done, void *ctx)
{
	struct waiter *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	*w = (struct waiter){ .done = done, .ctx = ctx };
	list_append(&x->waiters, &w->node);
}

static struct fetch *fetch_new(struct fetcher *f, const char *url, fetch_done *done, void *ctx)
{
	struct fetch *x = calloc(1, sizeof *x);

	if (!x)
		abort();
	x->fetcher = f;
	x->url = x->now = arena_str(&x->arena, url);
	x->timer = evtimer_new(f->base, on_late, x);
	if (!x->timer)
		abort();
	list_init(&x->waiters);
	list_append(&f->running, &x->node);
	f->n++;
	wait_for(x, done, ctx);
	evtimer_add(x->timer, &(struct timeval){ .tv_sec = FETCH_TIME });
	return x;
}

static bool refused(struct fetcher *f, const char *url, fetch_done *done, void *ctx)
{
	struct arena arena = { 0 };
	const char *why = f->n >= FETCH_RUNNING_MAX     ? "too much is being fetched just now"
			  : strlen(url) > FETCH_URL_MAX ? "its name is too long"
							: NULL;

	if (why)
		done(ctx, (struct bytes){ 0 },
			arena_printf(&arena, "%.100s could not be fetched: %s", url, why));
	arena_free(&arena);
	return why;
}

void fetch_get(struct fetcher *f, const char *url, fetch_done *done, void *ctx)
{
	list_each (n, &f->running) {
		struct fetch *x = node_owner(n, struct fetch, node);

		if (!x->type && !x->expected && !strcmp(x->url, url)) {
			wait_for(x, done, ctx);
			return;
		}
	}
	if (!refused(f, url, done, ctx))
		go(fetch_new(f, url, done, ctx));
}

void fetch_post(
	struct fetcher *f, const char *url, const char *type, struct bytes body, fetch_done *done, void *ctx)
{
	struct fetch *x;

	if (refused(f, url, done, ctx))
		return;
	x = fetch_new(f, url, done, ctx);
	x->type = arena_str(&x->arena, type);
	x->body = arena_bytes(&x->arena, body);
	go(x);
}

void fetch_probe(struct fetcher *f, const char *url, const char *expected, fetch_done *done, void *ctx)
{
	struct fetch *x;

	if (refused(f, url, done, ctx))
		return;
	x = fetch_new(f, url, done, ctx);
	x->expected = arena_str(&x->arena, expected);
	go(x);
}

void fetcher_stop(struct fetcher *f)
{
	list_each_safe (n, &f->running)
		fail(node_owner(n, struct fetch, node), "the daemon is stopping");
	event_base_loop(f->base, EVLOOP_NONBLOCK);
}
