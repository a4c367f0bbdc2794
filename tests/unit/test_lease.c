/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What who asks for virtual addresses gets where a RADIUS server gives some. */
#include "tests/unit/unit.h"

#include "daemon/lease.h"

static const char *const radius_only[] = { "radius" }, *const both[] = { "radius", "rw" };

struct bench {
	struct arena arena;
	struct leases leases;
	struct vip_pool pool;
	struct conf conf;
	struct peer peer;
	struct lease_grant grant;
	struct ip wanted[2];
	struct ike_question q;
	struct ike_answer out;
};

static struct ip ip(const char *s)
{
	struct ip out;

	assert_int_equal(ip_parse(s, &out), ERR_OK);
	return out;
}

static void open(struct bench *b, bool pool)
{
	*b = (struct bench){ .pool = { .name = "rw", .lo = ip("10.3.0.1"), .hi = ip("10.3.0.9") },
		.wanted = { { .v = 4 }, { .v = 6 } } };
	b->conf.pools = &b->pool;
	b->conf.n_pools = 1;
	b->peer.pools = pool ? (struct strings){ both, 2 } : (struct strings){ radius_only, 1 };
	b->peer.name = "gw";
	b->q = (struct ike_question){ .kind = ASK_LEASE,
		.peer = &b->peer,
		.remote = { ID_FQDN, bytes_str("carol") },
		.remotes = { b->wanted, 2 } };
	leases_start(&b->leases);
	leases_configure(&b->leases, &b->pool, 1);
}

static void ask(struct bench *b, const struct lease_grant *grant)
{
	b->out = (struct ike_answer){ 0 };
	lease_answer(&b->leases, &b->conf, &b->q, grant, &b->arena, &b->out);
}

static void shut(struct bench *b)
{
	leases_stop(&b->leases);
	arena_free(&b->arena);
}

static void the_servers_addresses_are_given(void **state)
{
	static const uint8_t attributes[] = { 0, 3, 0, 4, 192, 0, 2, 53, 0, 4, 0, 4, 192, 0, 2, 54 };
	struct bench b;

	(void)state;
	open(&b, false);
	b.grant = (struct lease_grant){ .ip = ip("10.9.0.9"),
		.ip6 = ip("2001:db8::9"),
		.n_dns = 1,
		.dns = { ip("192.0.2.53") },
		.n_nbns = 1,
		.nbns = { ip("192.0.2.54") } };
	ask(&b, &b.grant);
	assert_int_equal(b.out.result, ERR_OK);
	assert_int_equal(b.out.ips.n, 2);
	assert_true(ip_eq(&b.out.ips.v[0], &b.grant.ip) && ip_eq(&b.out.ips.v[1], &b.grant.ip6));
	assert_true(bytes_eq(b.out.attributes, bytes_of(attributes, sizeof attributes)));
	shut(&b);
}

/* Where the server gives none, or not of that family. */
static void a_pool_beside_gives_the_rest(void **state)
{
	struct ip given = ip("10.3.0.1");
	struct bench b;

	(void)state;
	open(&b, true);
	b.grant.ip6 = ip("2001:db8::9");
	ask(&b, &b.grant);
	assert_int_equal(b.out.ips.n, 2);
	assert_true(ip_eq(&b.out.ips.v[0], &given) && ip_eq(&b.out.ips.v[1], &b.grant.ip6));
	ask(&b, NULL);
	assert_int_equal(b.out.ips.n, 1);
	shut(&b);
}

static void without_one_it_is_said_where_to_write_it(void **state)
{
	struct bench b;

	(void)state;
	open(&b, false);
	ask(&b, NULL);
	assert_int_equal(b.out.result, ERR_MISSING);
	assert_non_null(strstr(b.out.why.what, "the RADIUS server gives none of that family"));
	assert_non_null(strstr(b.out.why.instead, "Framed-IP-Address"));
	shut(&b);
}

/* Not even where there is a pool beside: the server is wrong, and a person has to know. */
static void one_that_another_user_has_is_not_given(void **state)
{
	struct bench b;

	(void)state;
	open(&b, true);
	b.q.remotes.n = 1;
	b.grant.ip = ip("10.9.0.9");
	ask(&b, &b.grant);
	b.q.remote.data = bytes_str("dave");
	ask(&b, &b.grant);
	assert_int_equal(b.out.result, ERR_MISSING);
	assert_string_equal(b.out.why.what,
		"the RADIUS server gives dave the virtual address 10.9.0.9, which another one has");
	leases_put(&b.leases, &b.grant.ip);
	ask(&b, &b.grant);
	assert_int_equal(b.out.result, ERR_OK);
	shut(&b);
}

/* Whose connection does not ask for it gets none of it. */
static void it_is_for_connections_that_name_it(void **state)
{
	struct ip given = ip("10.3.0.1");
	struct bench b;

	(void)state;
	open(&b, true);
	b.peer.pools = (struct strings){ both + 1, 1 };
	b.grant = (struct lease_grant){ .ip = ip("10.9.0.9"), .n_dns = 1, .dns = { ip("192.0.2.53") } };
	ask(&b, &b.grant);
	assert_int_equal(b.out.ips.n, 1);
	assert_true(ip_eq(&b.out.ips.v[0], &given));
	assert_int_equal(b.out.attributes.n, 0);
	shut(&b);
}

/* The users file knows no pool. */
static void those_of_the_users_file_are_given_always(void **state)
{
	struct bench b;

	(void)state;
	open(&b, true);
	b.q.remotes.n = 1;
	b.peer.pools = (struct strings){ both + 1, 1 };
	b.grant = (struct lease_grant){ .by_file = true, .ip = ip("10.9.0.9") };
	ask(&b, &b.grant);
	assert_int_equal(b.out.ips.n, 1);
	assert_true(ip_eq(&b.out.ips.v[0], &b.grant.ip));
	b.q.remote.data = bytes_str("dave");
	ask(&b, &b.grant);
	assert_int_equal(b.out.result, ERR_MISSING);
	assert_string_equal(b.out.why.what,
		"daemon.users_file gives dave the virtual address 10.9.0.9, which another one has");
	shut(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_servers_addresses_are_given),
		cmocka_unit_test(a_pool_beside_gives_the_rest),
		cmocka_unit_test(without_one_it_is_said_where_to_write_it),
		cmocka_unit_test(one_that_another_user_has_is_not_given),
		cmocka_unit_test(it_is_for_connections_that_name_it),
		cmocka_unit_test(those_of_the_users_file_are_given_always),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
