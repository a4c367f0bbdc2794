/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What updown scripts are told, made from the record of an IKE_SA. */
#include "tests/unit/unit.h"

#include "daemon/updown_env.h"

#include <stdlib.h>
#include <string.h>

struct told {
	struct child_conf conf;
	struct child_record child;
	struct sa_record sa;
	struct xfrm_devices devices;
	struct arena arena;
	struct updown *u;
};

static struct tss selectors(struct told *t, const char *const *v)
{
	struct ts *out = ARENA_ARRAY(&t->arena, 8, struct ts);
	unsigned n = 0;

	for (; v[n]; n++)
		assert_int_equal(ts_parse(v[n], &out[n]), ERR_OK);
	return (struct tss){ out, n };
}

static struct id identity(struct told *t, const char *s)
{
	struct id id;

	assert_int_equal(id_parse(s, &t->arena, &id), ERR_OK);
	return id;
}

static int set_up(void **state)
{
	struct told *t = calloc(1, sizeof *t);

	t->child = (struct child_record){ .id = 7, .reqid = 3, .name = "net", .conf = &t->conf };
	t->child.local_ts = selectors(t, (const char *[]){ "10.1.0.0/16", NULL });
	t->child.remote_ts = selectors(t, (const char *[]){ "10.2.0.0/16", NULL });
	t->sa = (struct sa_record){
		.id = 5,
		.name = "site",
		.local_id = identity(t, "moon.example.org"),
		.remote_id = identity(t, "sun.example.org"),
	};
	assert_int_equal(ip_parse("192.0.2.1", &t->sa.path.local.ip), ERR_OK);
	assert_int_equal(ip_parse("192.0.2.2", &t->sa.path.remote.ip), ERR_OK);
	t->sa.path.remote.port = 4500;
	t->devices = (struct xfrm_devices){ "ipsec0", "eth0" };
	t->u = updown_new();
	*state = t;
	return 0;
}

static void forget_updown(struct told *t)
{
	arena_free(&t->u->arena);
	free(t->u);
}

static int tear_down(void **state)
{
	struct told *t = *state;

	forget_updown(t);
	arena_free(&t->arena);
	free(t);
	return 0;
}

static bool fill(struct told *t)
{
	forget_updown(t);
	t->u = updown_new();
	return updown_env(t->u, &t->sa, &t->child, &t->devices, "/bin:/sbin");
}

/* Run N as it comes, but for the verb when it goes. */
static const char *run(struct told *t, unsigned n)
{
	struct updown_run *r = &t->u->runs[n];
	struct text all = text_in(&t->arena);

	assert_true(n < t->u->n_runs);
	r->env[0] = r->up;
	for (unsigned i = 0; r->env[i]; i++)
		text_add(&all, "%s\n", r->env[i]);
	return text_str(&all);
}

static const char *value(struct told *t, unsigned n, const char *name)
{
	const char *at = strstr(run(t, n), arena_printf(&t->arena, "\n%s=", name));

	if (!at)
		return NULL;
	at += strlen(name) + 2;
	return arena_text(&t->arena, bytes_of(at, strcspn(at, "\n")));
}

static void a_tunnel_of_networks(void **state)
{
	struct told *t = *state;

	assert_true(fill(t));
	assert_int_equal(t->u->n_runs, 1);
	assert_string_equal(run(t, 0), "PLUTO_VERB=up-client\n"
				       "PATH=/bin:/sbin\n"
				       "PLUTO_VERSION=1.1\n"
				       "PLUTO_CONNECTION=net\n"
				       "PLUTO_INTERFACE=eth0\n"
				       "PLUTO_REQID=3\n"
				       "PLUTO_PROTO=esp\n"
				       "PLUTO_UNIQUEID=5\n"
				       "PLUTO_ME=192.0.2.1\n"
				       "PLUTO_MY_ID=moon.example.org\n"
				       "PLUTO_MY_CLIENT=10.1.0.0/16\n"
				       "PLUTO_MY_PORT=0\n"
				       "PLUTO_MY_PROTOCOL=0\n"
				       "PLUTO_PEER=192.0.2.2\n"
				       "PLUTO_PEER_ID=sun.example.org\n"
				       "PLUTO_PEER_CLIENT=10.2.0.0/16\n"
				       "PLUTO_PEER_PORT=0\n"
				       "PLUTO_PEER_PROTOCOL=0\n"
				       "IKEV2D_DEVICE=ipsec0\n");
	assert_string_equal(t->u->runs[0].down, "PLUTO_VERB=down-client");
}

static void what_is_there_only_sometimes(void **state)
{
	struct told *t = *state;

	t->child.encap = true;
	t->conf.hostaccess = true;
	t->devices = (struct xfrm_devices){ "", "" };
	t->child.marks = (struct sa_marks){
		.in = { .value = 23, .mask = 0xff },
		.out = { .value = 9, .mask = UINT32_MAX },
		.if_id_in = 5,
		.if_id_out = 3000000000,
	};
	assert_true(fill(t));
	assert_string_equal(value(t, 0, "PLUTO_MARK_IN"), "23/0x000000ff");
	assert_string_equal(value(t, 0, "PLUTO_MARK_OUT"), "9/0xffffffff");
	assert_string_equal(value(t, 0, "PLUTO_IF_ID_IN"), "5");
	assert_string_equal(value(t, 0, "PLUTO_IF_ID_OUT"), "3000000000");
	assert_string_equal(value(t, 0, "PLUTO_UDP_ENC"), "4500");
	assert_string_equal(value(t, 0, "PLUTO_HOST_ACCESS"), "1");
	assert_string_equal(value(t, 0, "PLUTO_INTERFACE"), "unknown");
	assert_null(value(t, 0, "IKEV2D_DEVICE"));
}

/* Only the address counts, as with strongSwan. */
static void our_own_address_is_a_host(void **state)
{
	struct told *t = *state;

	t->child.local_ts = selectors(t, (const char *[]){ "192.0.2.1/32[tcp/22]", "192.0.2.0/31", NULL });
	assert_true(fill(t));
	assert_string_equal(t->u->runs[0].up, "PLUTO_VERB=up-host");
	assert_string_equal(t->u->runs[0].down, "PLUTO_VERB=down-host");
	assert_string_equal(t->u->runs[1].up, "PLUTO_VERB=up-client");
}

static void ipv6_has_verbs_of_its_own(void **state)
{
	struct told *t = *state;

	t->child.local_ts = selectors(t, (const char *[]){ "2001:db8:1::/64", "2001:db8::1", NULL });
	t->child.remote_ts = selectors(t, (const char *[]){ "2001:db8:2::/64", NULL });
	assert_int_equal(ip_parse("2001:db8::1", &t->sa.path.local.ip), ERR_OK);
	assert_true(fill(t));
	assert_string_equal(t->u->runs[0].up, "PLUTO_VERB=up-client-v6");
	assert_string_equal(t->u->runs[1].down, "PLUTO_VERB=down-host-v6");
	assert_string_equal(value(t, 0, "PLUTO_MY_CLIENT"), "2001:db8:1::/64");
	assert_string_equal(value(t, 1, "PLUTO_MY_CLIENT"), "2001:db8::1/128");
}

/* Only pairs that a packet can match; ours first. */
static void a_run_for_each_pair(void **state)
{
	static const char *const pairs[][2] = {
		{ "10.1.0.0/16", "10.2.0.0/16" },
		{ "10.1.0.0/16", "10.3.0.0/16" },
		{ "2001:db8:1::/64", "2001:db8:2::/64" },
		{ "10.4.0.0/16", "10.2.0.0/16" },
	};
	struct told *t = *state;

	t->child.local_ts =
		selectors(t, (const char *[]){ "10.1.0.0/16", "2001:db8:1::/64", "10.4.0.0/16[udp]", NULL });
	t->child.remote_ts =
		selectors(t, (const char *[]){ "10.2.0.0/16", "10.3.0.0/16[tcp]", "2001:db8:2::/64", NULL });
	assert_true(fill(t));
	assert_int_equal(t->u->n_runs, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_string_equal(value(t, i, "PLUTO_MY_CLIENT"), pairs[i][0]);
		assert_string_equal(value(t, i, "PLUTO_PEER_CLIENT"), pairs[i][1]);
	}
	assert_string_equal(value(t, 1, "PLUTO_MY_PROTOCOL"), "0");
	assert_string_equal(value(t, 1, "PLUTO_PEER_PROTOCOL"), "6");
}

static void a_range_becomes_the_network_around_it(void **state)
{
	struct told *t = *state;

	t->child.local_ts = selectors(t, (const char *[]){ "10.1.0.5-10.1.0.9", NULL });
	t->child.remote_ts = selectors(t, (const char *[]){ "0.0.0.0/0", NULL });
	assert_true(fill(t));
	assert_string_equal(value(t, 0, "PLUTO_MY_CLIENT"), "10.1.0.0/28");
	assert_string_equal(value(t, 0, "PLUTO_PEER_CLIENT"), "0.0.0.0/0");
}

static void ports_as_iptables_wants_them(void **state)
{
	static const struct {
		const char *local, *remote, *my_port, *peer_port;
	} rows[] = {
		{ "10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp]", "80", "0" },
		{ "10.1.0.0/16[udp/1000-2000]", "10.2.0.0/16[udp/53]", "1000:2000", "53" },
		{ "10.1.0.0/16[tcp/opaque]", "10.2.0.0/16[tcp]", "65535:0", "0" },
		{ "10.1.0.0/16[icmp/8]", "10.2.0.0/16[icmp/8]", "8", "0" },
		{ "10.1.0.0/16[icmp/3(1)]", "10.2.0.0/16", "3", "1" },
		{ "10.1.0.0/16[icmp]", "10.2.0.0/16[icmp]", "0", "0" },
	};
	struct told *t = *state;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		t->child.local_ts = selectors(t, (const char *[]){ rows[i].local, NULL });
		t->child.remote_ts = selectors(t, (const char *[]){ rows[i].remote, NULL });
		assert_true(fill(t));
		assert_string_equal(value(t, 0, "PLUTO_MY_PORT"), rows[i].my_port);
		assert_string_equal(value(t, 0, "PLUTO_PEER_PORT"), rows[i].peer_port);
	}
}

static void nothing_a_peer_says_means_anything_to_a_shell(void **state)
{
	static const struct {
		uint8_t type;
		const char *said, *told;
	} rows[] = {
		{ ID_FQDN, "x';reboot;'", "x??reboot??" },
		{ ID_FQDN, "$(reboot)`reboot`\"", "??reboot??reboot??" },
		{ ID_RFC822_ADDR, "a|b&c<d>e\\f@example.org", "a?b?c?d?e?f@example.org" },
		{ ID_FQDN, "two\nPATH=/lines", "two?PATH=/lines" },
		{ ID_FQDN, "m\xc3\xbcnchen", "m??nchen" },
		{ ID_KEY_ID, "gate-7", "gate-7" },
		{ ID_KEY_ID, "\x01\x02", "01:02" },
	};
	struct told *t = *state;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		t->sa.remote_id = (struct id){ rows[i].type, bytes_str(rows[i].said) };
		assert_true(fill(t));
		assert_string_equal(value(t, 0, "PLUTO_PEER_ID"), rows[i].told);
	}
	t->sa.remote_id = identity(t, "C=DE, O=Example\\, Inc. (Berlin), CN=gw");
	assert_true(fill(t));
	assert_string_equal(value(t, 0, "PLUTO_PEER_ID"), "C=DE, O=Example, Inc. ?Berlin?, CN=gw");
}

/* Who the peer is to EAP, where it was asked that. */
static void the_user_is_told(void **state)
{
	struct told *t = *state;

	assert_true(fill(t));
	assert_null(value(t, 0, "PLUTO_XAUTH_ID"));
	t->sa.remote_eap_id = identity(t, "carol");
	assert_true(fill(t));
	assert_string_equal(value(t, 0, "PLUTO_XAUTH_ID"), "carol");
}

static void too_many_pairs_are_left_out(void **state)
{
	struct told *t = *state;
	struct ts *v = ARENA_ARRAY(&t->arena, UPDOWN_RUNS_MAX + 1, struct ts);

	for (unsigned i = 0; i <= UPDOWN_RUNS_MAX; i++)
		v[i] = t->child.local_ts.v[0];
	t->child.local_ts = (struct tss){ v, UPDOWN_RUNS_MAX };
	assert_true(fill(t));
	t->child.local_ts.n++;
	assert_false(fill(t));
	assert_int_equal(t->u->n_runs, UPDOWN_RUNS_MAX);
}

static struct ip ip(const char *s)
{
	struct ip out;

	assert_int_equal(ip_parse(s, &out), ERR_OK);
	return out;
}

static void virtual_addresses_and_servers_are_counted_by_family(void **state)
{
	struct told *t = *state;
	const struct ip dns[] = { ip("10.1.0.53"), ip("2001:db8::53"), ip("10.1.0.54") };

	assert_true(fill(t));
	assert_null(value(t, 0, "PLUTO_MY_SOURCEIP"));
	assert_null(value(t, 0, "PLUTO_DNS4_1"));
	t->sa.local_vips = (struct vips){ 3, { ip("2001:db8::1"), ip("10.3.0.1"), ip("10.3.0.2") } };
	t->sa.remote_vips =
		(struct vips){ 4, { ip("10.4.0.1"), ip("10.4.0.2"), ip("10.4.0.3"), ip("10.4.0.4") } };
	t->sa.dns = dns;
	t->sa.n_dns = 3;
	assert_true(fill(t));
	assert_string_equal(value(t, 0, "PLUTO_MY_SOURCEIP"), "2001:db8::1");
	assert_string_equal(value(t, 0, "PLUTO_MY_SOURCEIP6_1"), "2001:db8::1");
	assert_string_equal(value(t, 0, "PLUTO_MY_SOURCEIP4_2"), "10.3.0.2");
	assert_string_equal(value(t, 0, "PLUTO_PEER_SOURCEIP"), "10.4.0.1");
	assert_string_equal(value(t, 0, "PLUTO_PEER_SOURCEIP4_4"), "10.4.0.4");
	assert_string_equal(value(t, 0, "PLUTO_DNS4_2"), "10.1.0.54");
	assert_string_equal(value(t, 0, "PLUTO_DNS6_1"), "2001:db8::53");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_tunnel_of_networks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_there_only_sometimes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_own_address_is_a_host, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ipv6_has_verbs_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_run_for_each_pair, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_range_becomes_the_network_around_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ports_as_iptables_wants_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			nothing_a_peer_says_means_anything_to_a_shell, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_user_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many_pairs_are_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			virtual_addresses_and_servers_are_counted_by_family, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
