/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which DNS servers are asked, through what, and for which names. */
#include "tests/unit/unit.h"

#include "daemon/dns_setup.h"

#include <stdio.h>
#include <string.h>

/* An IKE_SA with two CHILD_SAs, the first of which leads to 10.2.0.0/16, the second everywhere. */
struct told {
	struct ts ts[2];
	struct child_record children[2];
	struct ip dns[3];
	const char *domains[2];
	struct sa_record sa;
	struct xfrm_devices devices[2];
	struct arena arena;
};

static struct ip ip(const char *s)
{
	struct ip ip;

	assert_int_equal(ip_parse(s, &ip), ERR_OK);
	return ip;
}

static struct told *told(void)
{
	static struct told t;

	t = (struct told){ .dns = { ip("10.2.0.53"), ip("192.0.2.53"), ip("10.2.0.54") },
		.domains = { "example.org", "example.net" },
		.devices = { { "ipsec0", "eth0" }, { "ipsec0", "eth0" } } };
	assert_int_equal(ts_parse("10.2.0.0/16", &t.ts[0]), ERR_OK);
	assert_int_equal(ts_parse("0.0.0.0/0", &t.ts[1]), ERR_OK);
	for (unsigned i = 0; i < 2; i++)
		t.children[i] = (struct child_record){ .id = i + 1, .remote_ts = { &t.ts[i], 1 } };
	t.sa = (struct sa_record){ .dns = t.dns,
		.n_dns = 3,
		.domains = { t.domains, 2 },
		.local_vips = { .n = 1, .v = { ip("10.3.0.1") } },
		.children = t.children,
		.n_children = 1 };
	return &t;
}

static void says(const struct dns_setup *s, const char *wanted)
{
	struct arena arena = { 0 };

	assert_string_equal(dns_setup_text(s, &arena), wanted);
	arena_free(&arena);
}

static void those_behind_the_tunnel(void **state)
{
	struct told *t = told();
	struct dns_setup s = { 0 };

	(void)state;
	dns_setup_add(&s, &t->sa, 0, t->devices);
	says(&s, "link ipsec0\nnameserver 10.2.0.53\nnameserver 10.2.0.54\nsearch example.org example.net\n"
		 "address 10.3.0.1\n");
}

static void for_all_names(void **state)
{
	struct told *t = told();
	struct dns_setup s = { 0 }, all = { 0 };

	(void)state;
	t->sa.domains.n = 0;
	dns_setup_add(&s, &t->sa, 0, t->devices);
	says(&s, "link ipsec0 everything\nnameserver 10.2.0.53\nnameserver 10.2.0.54\naddress 10.3.0.1\n");
	t->sa.domains.n = 1;
	t->sa.n_children = 2;
	dns_setup_add(&all, &t->sa, 0, t->devices);
	says(&all,
		"link ipsec0 everything\nnameserver 10.2.0.53\nnameserver 10.2.0.54\nnameserver 192.0.2.53\n"
		"search example.org\naddress 10.3.0.1\n");
}

static void what_has_gone_does_not_count(void **state)
{
	struct told *t = told();
	struct dns_setup s = { 0 };

	(void)state;
	dns_setup_add(&s, &t->sa, 1, t->devices);
	says(&s, "");
}

/* Where the packets take no device of the tunnel's own, its name is that of the outer one. */
static void links_are_by_their_devices(void **state)
{
	struct told *t = told();
	struct dns_setup s = { 0 };
	struct arena arena = { 0 };

	(void)state;
	t->sa.n_children = 2;
	t->sa.n_dns = 1;
	strcpy(t->devices[1].inner, "eth0");
	dns_setup_add(&s, &t->sa, 0, t->devices);
	says(&s,
		"link ipsec0\nnameserver 10.2.0.53\nsearch example.org example.net\naddress 10.3.0.1\n"
		"link  everything\nnameserver 10.2.0.53\nsearch example.org example.net\naddress 10.3.0.1\n");
	assert_string_equal(
		dns_setup_lines(&s, &arena), "nameserver 10.2.0.53\nsearch example.org example.net\n");
	arena_free(&arena);
}

static void no_more_than_there_is_room_for(void **state)
{
	struct told *t = told();
	struct dns_setup s = { 0 }, more = { 0 };

	(void)state;
	for (unsigned i = 0; i < 2 * DNS_LINKS_MAX; i++) {
		snprintf(t->devices[0].inner, sizeof t->devices[0].inner, "ipsec%u", i);
		for (unsigned k = 0; k < 2 * DNS_SERVERS_MAX; k++) {
			t->dns[0].a[3] = (uint8_t)k;
			dns_setup_add(&s, &t->sa, 0, t->devices);
		}
	}
	assert_int_equal(s.n, DNS_LINKS_MAX);
	assert_int_equal(s.links[0].n_servers, DNS_SERVERS_MAX);
	dns_setup_join(&more, &s);
	dns_setup_join(&more, &s);
	assert_int_equal(more.n, DNS_LINKS_MAX);
	assert_int_equal(dns_setup_joined(&s).n_servers, DNS_SERVERS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_behind_the_tunnel),
		cmocka_unit_test(for_all_names),
		cmocka_unit_test(what_has_gone_does_not_count),
		cmocka_unit_test(links_are_by_their_devices),
		cmocka_unit_test(no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
