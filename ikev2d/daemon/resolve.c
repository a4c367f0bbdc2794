/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to libevent's resolver. */
#include "daemon/resolve.h"

#include "base/arena.h"
#include "daemon/sockaddr.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <stdlib.h>

struct question {
	struct node node;
	struct evdns_getaddrinfo_request *request;
	char *name;
	resolve_done *done;
	void *ctx;
};

void resolver_start(struct resolver *r, struct event_base *base)
{
	*r = (struct resolver){ .base = base };
	list_init(&r->asked);
}

/* Ends Q, once. */
static void finish(struct question *q, const struct ip *ip, const char *why)
{
	resolve_done *done = q->done;
	void *ctx = q->ctx;

	list_remove(&q->node);
	free(q->name);
	free(q);
	done(ctx, ip, why);
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
		finish(q, &found.ip, NULL);
	else
		finish(q, NULL,
			arena_printf(&arena, "the name %s has no address: %s", q->name,
				error ? evutil_gai_strerror(error) : "the answer was empty"));
	arena_free(&arena);
}

static bool resolver_open(struct resolver *r)
{
	if (!r->dns)
		r->dns = evdns_base_new(
			r->base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	return r->dns;
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
	struct question *q = calloc(1, sizeof *q);

	if (!q || !(q->name = strdup(name)))
		abort();
	q->done = done;
	q->ctx = ctx;
	list_append(&r->asked, &q->node);
	if (resolver_open(r)) {
		struct evdns_getaddrinfo_request *request =
			evdns_getaddrinfo(r->dns, name, NULL, &hints, on_resolved, q);

		/* NULL: it has been answered already, and Q is gone. */
		if (request)
			q->request = request;
		return;
	}
	finish(q, NULL,
		"names cannot be resolved: /etc/resolv.conf names no server; write an address instead");
}

/* Answers to what was cancelled come by the loop. */
void resolver_stop(struct resolver *r)
{
	list_each (n, &r->asked)
		evdns_getaddrinfo_cancel(node_owner(n, struct question, node)->request);
	if (!list_empty(&r->asked))
		event_base_loop(r->base, EVLOOP_NONBLOCK);
	list_each_safe (n, &r->asked)
		finish(node_owner(n, struct question, node), NULL, "the daemon is stopping");
	if (r->dns)
		evdns_base_free(r->dns, 0);
}
