/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to libevent's resolver. */
#include "daemon/resolve.h"

#include "base/arena.h"
#include "daemon/sockaddr.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATIENCE = 8 /* s for an answer: the core waits a little longer */ };

/* It lives until libevent has called back, which it does once, sooner or later. */
struct question {
	struct node node;
	struct evdns_getaddrinfo_request *request;
	struct event *timer;
	char *name;
	resolve_done *done; /* NULL: who asked has his answer */
	void *ctx;
};

void resolver_start(struct resolver *r, struct event_base *base)
{
	*r = (struct resolver){ .base = base };
	list_init(&r->asked);
}

/* Answers who asked, once. */
static void answer(struct question *q, const struct ip *ip, const char *why)
{
	resolve_done *done = q->done;

	q->done = NULL;
	event_del(q->timer);
	if (done)
		done(q->ctx, ip, why);
}

static void question_free(struct question *q)
{
	list_remove(&q->node);
	event_free(q->timer);
	free(q->name);
	free(q);
}

static void on_resolved(int error, struct evutil_addrinfo *list, void *ctx)
{
	struct question *q = ctx;
	struct addr found = { 0 };
	struct arena arena = { 0 };

	if (!error && list)
		found = sockaddr_read(list->ai_addr);
	if (list)
		evutil_freeaddrinfo(list);
	if (found.ip.v)
		answer(q, &found.ip, NULL);
	else
		answer(q, NULL,
			arena_printf(&arena, "the name %s has no address: %s", q->name,
				error ? evutil_gai_strerror(error) : "the answer was empty"));
	arena_free(&arena);
	question_free(q);
}

static void give_up(struct question *q, const char *why)
{
	answer(q, NULL, why);
	evdns_getaddrinfo_cancel(q->request);
}

static void on_late(evutil_socket_t fd, short what, void *ctx)
{
	struct question *q = ctx;
	struct arena arena = { 0 };

	(void)fd;
	(void)what;
	give_up(q, arena_printf(&arena, "the name %s was not resolved within %d s: no name server answers",
			   q->name, PATIENCE));
	arena_free(&arena);
}

/* The octets B as a file in FOLDER, for the time of READ. */
static enum err as_file(const char *folder, struct bytes b,
	void (*read)(struct evdns_base *dns, const char *path), struct evdns_base *dns)
{
	struct arena arena = { 0 };
	const char *path = arena_printf(&arena, "%s/names.new", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool done = fd >= 0 && write(fd, b.p, b.n) == (ssize_t)b.n;

	if (done)
		read(dns, path);
	if (fd >= 0) {
		close(fd);
		(void)unlink(path);
	}
	arena_free(&arena);
	return done ? ERR_OK : ERR_SYSTEM;
}

static void read_dns(struct evdns_base *dns, const char *path)
{
	(void)evdns_base_resolv_conf_parse(dns, DNS_OPTIONS_ALL & ~DNS_OPTION_HOSTSFILE, path);
}

static void read_hosts(struct evdns_base *dns, const char *path)
{
	(void)evdns_base_load_hosts(dns, path);
}

/* Another server is asked soon where one is silent. */
enum err resolver_set(struct resolver *r, const char *folder, struct bytes dns, struct bytes hosts)
{
	enum err e;

	if (!r->dns)
		r->dns = evdns_base_new(r->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!r->dns)
		abort();
	(void)evdns_base_clear_nameservers_and_suspend(r->dns);
	evdns_base_search_clear(r->dns);
	evdns_base_clear_host_addresses(r->dns);
	e = as_file(folder, dns, read_dns, r->dns);
	if (!e)
		e = as_file(folder, hosts, read_hosts, r->dns);
	(void)evdns_base_set_option(r->dns, "timeout:", "2");
	(void)evdns_base_resume(r->dns);
	return e;
}

static struct question *question_new(struct resolver *r, const char *name, resolve_done *done, void *ctx)
{
	struct question *q = calloc(1, sizeof *q);

	if (!q)
		abort();
	q->name = strdup(name);
	q->timer = evtimer_new(r->base, on_late, q);
	if (!q->name || !q->timer)
		abort();
	q->done = done;
	q->ctx = ctx;
	list_append(&r->asked, &q->node);
	evtimer_add(q->timer, &(struct timeval){ .tv_sec = PATIENCE });
	return q;
}

void resolve_name(struct resolver *r, const char *name, unsigned family, resolve_done *done, void *ctx)
{
	struct evutil_addrinfo hints = {
		.ai_family = family == 4   ? AF_INET
			     : family == 6 ? AF_INET6
					   : AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_protocol = IPPROTO_UDP,
	};
	struct evdns_getaddrinfo_request *request;
	struct question *q;

	if (!r->dns) {
		done(ctx, NULL, "names cannot be resolved yet");
		return;
	}
	q = question_new(r, name, done, ctx);
	request = evdns_getaddrinfo(r->dns, name, NULL, &hints, on_resolved, q);
	/* NULL: it has been answered already, and Q is gone. */
	if (request)
		q->request = request;
}

/* What was cancelled calls back by the loop. */
void resolver_stop(struct resolver *r)
{
	list_each_safe (n, &r->asked)
		give_up(node_owner(n, struct question, node), "the daemon is stopping");
	if (!list_empty(&r->asked))
		event_base_loop(r->base, EVLOOP_NONBLOCK);
	list_each_safe (n, &r->asked)
		question_free(node_owner(n, struct question, node));
	if (r->dns)
		evdns_base_free(r->dns, 0);
}
