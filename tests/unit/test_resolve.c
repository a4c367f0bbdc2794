/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names to addresses, as a name server in the loop and the text of /etc/hosts say. */
#include "tests/unit/unit.h"

#include "base/arena.h"
#include "daemon/resolve.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/dns_struct.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct place {
	struct event_base *base;
	struct resolver resolver;
	struct evdns_server_port *server;
	struct arena arena;
	char folder[32];
	unsigned served; /* questions */
	bool answered;
	struct ip ip;
	const char *why;
};

/* The server knows moon.example.org alone. */
static void on_question(struct evdns_server_request *r, void *ctx)
{
	const struct in_addr moon = { htonl(0xc0000201) };
	struct place *p = ctx;
	const char *name = r->nquestions ? r->questions[0]->name : "";

	p->served++;
	if (strcasecmp(name, "moon.example.org") != 0) {
		evdns_server_request_respond(r, DNS_ERR_NOTEXIST);
		return;
	}
	if (r->questions[0]->type == EVDNS_TYPE_A)
		evdns_server_request_add_a_reply(r, name, 1, &moon, 10);
	evdns_server_request_respond(r, DNS_ERR_NONE);
}

/* Its line of /etc/resolv.conf. */
static struct bytes start_server(struct place *p)
{
	struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof name;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &n), 0);
	p->server = evdns_add_server_port_with_base(p->base, fd, 0, on_question, p);
	assert_non_null(p->server);
	return bytes_str(arena_printf(&p->arena, "nameserver 127.0.0.1:%d\n", ntohs(name.sin_port)));
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	p->base = event_base_new();
	strcpy(p->folder, "/tmp/test_resolve.XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	resolver_start(&p->resolver, p->base);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	resolver_stop(&p->resolver);
	if (p->server)
		evdns_close_server_port(p->server);
	event_base_free(p->base);
	assert_int_equal(rmdir(p->folder), 0); /* nothing stays in it */
	arena_free(&p->arena);
	free(p);
	return 0;
}

static void on_resolved(void *ctx, const struct ip *ip, const char *why)
{
	struct place *p = ctx;

	p->answered = true;
	p->ip = ip ? *ip : (struct ip){ 0 };
	p->why = why ? arena_str(&p->arena, why) : NULL;
}

static void assert_resolves(struct place *p, const char *name, unsigned family, const char *address)
{
	char text[IP_TEXT];

	p->answered = false;
	resolve_name(&p->resolver, name, family, on_resolved, p);
	while (!p->answered)
		event_base_loop(p->base, EVLOOP_ONCE);
	assert_string_equal(ip_print(&p->ip, text), address);
	assert_true(!p->why == (p->ip.v != 0));
}

static void set(struct place *p, struct bytes dns, struct bytes hosts)
{
	assert_int_equal(resolver_set(&p->resolver, p->folder, dns, hosts), ERR_OK);
}

static void a_server_is_asked(void **state)
{
	struct place *p = *state;

	set(p, start_server(p), (struct bytes){ 0 });
	assert_resolves(p, "moon.example.org", 4, "192.0.2.1");
	assert_resolves(p, "sun.example.org", 4, "%any");
	assert_non_null(strstr(p->why, "the name sun.example.org has no address"));
	assert_int_not_equal(p->served, 0);
}

static void hosts_are_known(void **state)
{
	struct place *p = *state;

	set(p, start_server(p),
		bytes_str("192.0.2.7 earth.example.org earth\n2001:db8::7 earth.example.org\n"));
	assert_resolves(p, "earth", 0, "192.0.2.7");
	assert_resolves(p, "earth.example.org", 6, "2001:db8::7");
	assert_int_equal(p->served, 0);
}

/* A machine may move to another network. */
static void what_is_set_counts_from_then_on(void **state)
{
	struct place *p = *state;
	struct bytes server = start_server(p);

	set(p, server, bytes_str("192.0.2.7 earth\n"));
	assert_resolves(p, "earth", 4, "192.0.2.7");
	set(p, server, bytes_str("192.0.2.8 earth\n"));
	assert_resolves(p, "earth", 4, "192.0.2.8");
	set(p, server, (struct bytes){ 0 });
	assert_resolves(p, "earth", 4, "%any");
	assert_resolves(p, "moon.example.org", 4, "192.0.2.1");
}

static void nothing_is_known_at_first(void **state)
{
	assert_resolves(*state, "moon.example.org", 0, "%any");
}

static void where_no_file_can_be_written_no_name_is_known(void **state)
{
	struct place *p = *state;

	assert_int_equal(
		resolver_set(&p->resolver, "/dev/null", start_server(p), (struct bytes){ 0 }), ERR_SYSTEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_server_is_asked, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hosts_are_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_set_counts_from_then_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_known_at_first, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			where_no_file_can_be_written_no_name_is_known, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
