/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the userspace back end changes on its machine: routes, devices, addresses, and shunts beside them. */
#include "tests/unit/user_bench.h"

static void routes_come_and_go_with_policies(void **state)
{
	struct machine *h = bench_begin(state);

	bench_add_policy(h, true);
	assert_says("ip route show table 220", "10.2.0.0/24 dev ipsec0");
	assert_says("ip route show table 220", "unreachable 10.2.0.0/24");
	assert_says("ip route show table 220", "src 10.1.0.1");
	user->policy_del(bench.x, POLICY);
	assert_silent("ip route show table 220", "10.2.0.0");
}

static void no_routes_are_made_where_nobody_wants_them(void **state)
{
	struct machine *h = bench_begin(state);

	bench.settings.install_routes = false;
	bench_add_policy(h, true);
	assert_says("ip link show", "ipsec0");
	assert_silent("ip route show table 220", "10.2.0.0");
	user->policy_del(bench.x, POLICY);
}

/* out0 has an MTU of 1300, but this machine reaches itself by lo. */
static void routes_get_the_size_of_their_sa(void **state)
{
	struct machine *h = bench_begin(state);
	struct sa_spec out = bench_sa(false, true);

	out.remote.ip = packet_ip("192.0.2.2");
	bench_add_policy(h, true);
	assert_ok(user->sa_add(bench.x, &out, &h->why));
	assert_says("ip route show table 220", "mtu 1238"); /* 1300 - 20 - 8 - 32, - 2 for the trailer */
	user->policy_del(bench.x, POLICY);
	assert_silent("ip route show table 220", "10.2.0.0");
}

static void both_sas_of_a_child_are_measured_at_once(void **state)
{
	struct machine *h = bench_begin(state);
	struct sa_spec in = bench_sa(true, true), out = bench_sa(false, true);

	in.remote.ip = out.remote.ip = packet_ip("192.0.2.2");
	bench_add_policy(h, true);
	assert_ok(user->sa_add(bench.x, &in, &h->why));
	machine_sh("ip link set out0 mtu 1400");
	assert_ok(user->sa_add(bench.x, &out, &h->why));
	assert_says("ip route show table 220", "mtu 1238");
	user->sa_del(bench.x, CHILD, false);
	user->sa_del(bench.x, CHILD, true);
	assert_ok(user->sa_add(bench.x, &out, &h->why));
	assert_says("ip route show table 220", "mtu 1338");
	user->policy_del(bench.x, POLICY);
}

static void a_child_may_have_a_device_of_its_own(void **state)
{
	struct machine *h = bench_begin(state);

	bench.conf.interface = "vpn";
	bench_add_sas(h, true);
	bench_add_policy(h, false);
	assert_says("ip link show", "vpn:");
	assert_silent("ip link show", "vpn0");
	assert_silent("ip link show", "ipsec0");
	assert_silent("ip route show table 220", "10.2.0.0");
	machine_sh("ip route add 10.2.0.0/24 dev vpn src 10.1.0.1");
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
	user->policy_del(bench.x, POLICY);
	user->sa_del(bench.x, CHILD, true);
	assert_says("ip link show", "vpn:");
	user->sa_del(bench.x, CHILD, false);
	bench_wait(bench_packets_in, 0);
	assert_silent("ip link show", "vpn:");
}

static void a_device_of_its_own_has_addresses_and_routes(void **state)
{
	struct if_addr addrs[] = { { packet_ip("10.9.0.1"), 30 }, { packet_ip("2001:db8:9::1"), 64 } };
	struct machine *h = bench_begin(state);

	bench.conf.interface = "vpn";
	bench.conf.interface_addrs = addrs;
	bench.conf.n_interface_addrs = 2;
	bench.conf.interface_routes.remote = true;
	bench_add_sas(h, true);
	bench_add_policy(h, false);
	assert_says("ip addr show dev vpn", "inet 10.9.0.1/30");
	assert_says("ip addr show dev vpn", "inet6 2001:db8:9::1/64");
	assert_says("ip route show table 220", "10.2.0.0/24 dev vpn");
	assert_says("ip route show table 220", "unreachable 10.2.0.0/24");
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
	user->policy_del(bench.x, POLICY);
	assert_silent("ip addr show dev vpn", "inet 10.9.0.1");
	assert_silent("ip route show table 220", "10.2.0.0");
}

static void a_device_of_its_own_may_have_other_routes(void **state)
{
	struct machine *h = bench_begin(state);
	struct ts nets[] = { packet_ts("10.3.0.0/16"), packet_ts("2001:db8:3::/64") };

	bench.conf.interface = "vpn";
	bench.conf.interface_routes.nets = (struct tss){ nets, 2 };
	bench.near_net = bench.far_net = packet_ts("0.0.0.0/0");
	bench.settings.install_routes = false;
	bench_add_policy(h, true);
	assert_says("ip route show table 220", "10.3.0.0/16 dev vpn");
	assert_says("ip -6 route show table 220", "2001:db8:3::/64 dev vpn");
	assert_silent("ip route show table 220", "default");
	user->policy_del(bench.x, POLICY);
	assert_silent("ip route show table 220; ip -6 route show table 220", "vpn");
}

static uint64_t vpn_gone(void)
{
	struct sa_usage usage;

	user->usage(bench.x, CHILD, true, &usage); /* reaps */
	return !if_nametoindex("vpn");
}

static void of_a_policy_whose_address_cannot_be_had_nothing_is_left(void **state)
{
	struct if_addr addrs[] = { { packet_ip("10.9.0.1"), 30 }, { packet_ip("ff02::1"), 64 } };
	struct machine *h = bench_begin(state);
	struct policy_spec spec = bench_policy(true);

	bench.conf.interface = "vpn";
	bench.conf.interface_addrs = addrs;
	bench.conf.n_interface_addrs = 2;
	bench.conf.interface_routes.remote = true;
	assert_int_not_equal(user->policy_add(bench.x, &spec, &h->why), ERR_OK);
	assert_non_null(strstr(text_str(&h->why), "cannot put the address ff02::1/64 on vpn"));
	assert_silent("ip route show table 220", "10.2.0.0");
	bench_wait(vpn_gone, 1);
}

static void a_route_in_main_that_catches_the_peer_is_refused(void **state)
{
	struct machine *h = machine_enter(state);
	struct policy_spec spec = bench_policy(true);

	assert_ok(bench_open_in(h, TABLE_MAIN));
	bench_add_policy(h, true);
	assert_says("ip route", "10.2.0.0/24 dev ipsec0");
	user->policy_del(bench.x, POLICY);
	bench.far_net = packet_ts("192.0.2.0/25");
	spec.remote = packet_ip("192.0.2.2");
	assert_int_equal(user->policy_add(bench.x, &spec, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "packets to 192.0.2.2 into the tunnel"));
	assert_silent("ip route", "ipsec0");
}

static void add_shunt(struct machine *h, uint32_t id, bool drop, const char *local, const char *remote)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);

	assert_ok(user->shunt_add(bench.x,
		&(struct shunt_spec){ .id = id, .drop = drop, .local_ts = { &l, 1 }, .remote_ts = { &r, 1 } },
		&h->why));
}

/* This machine's own network goes past a tunnel to everywhere, whether a source is chosen or not. */
static void what_passes_goes_past_the_device(void **state)
{
	struct machine *h = bench_begin(state);

	bench.far_net = packet_ts("0.0.0.0/0");
	bench_add_policy(h, true);
	assert_says("ip route get 10.1.0.77", "dev out0"); /* it is ours */
	assert_says("ip route get 192.0.2.77", "dev ipsec0");
	add_shunt(h, 1, false, "192.0.2.0/24", "192.0.2.0/24");
	assert_says("ip route get 192.0.2.77", "dev out0");
	assert_says("ip route get 192.0.2.77 from 192.0.2.1", "dev out0");
	assert_says("ip route get 192.0.2.77 from 10.1.0.1", "dev ipsec0");
	assert_says("ip route get 198.51.100.1", "dev ipsec0");
	user->shunt_del(bench.x, 1);
	user->shunt_del(bench.x, 1);
	assert_says("ip route get 192.0.2.77", "dev ipsec0");
	assert_silent("ip rule", "goto");
}

static void what_is_dropped_does_not_leave(void **state)
{
	struct machine *h = bench_begin(state);

	machine_sh("ip route add default via 192.0.2.254");
	add_shunt(h, 1, true, "0.0.0.0/0", "198.51.100.0/24");
	bench_send_udp("203.0.113.1", 9, "hello", 5);
	assert_silent("nft list ruleset", "counter packets 1");
	bench_send_udp("198.51.100.1", 9, "hello", 5);
	assert_says("nft list ruleset", "counter packets 1");
	assert_says("nft list ruleset", "198.51.100.0/24");
	user->shunt_del(bench.x, 1);
	assert_silent("nft list ruleset", "198.51.100.0/24");
}

static void a_shunt_that_cannot_be_had_leaves_nothing(void **state)
{
	struct machine *h = bench_begin(state);
	struct ts l = packet_ts("192.0.2.0/24"), r[2] = { l, packet_ts("198.51.100.0/24[icmp/8]") };
	struct shunt_spec spec = { .id = 1, .local_ts = { &l, 1 }, .remote_ts = { r, 2 } };

	assert_int_equal(user->shunt_add(bench.x, &spec, &h->why), ERR_UNSUPPORTED);
	assert_silent("ip rule", "goto");
	spec.remote_ts.n = 1;
	assert_ok(user->shunt_add(bench.x, &spec, &h->why));
	assert_int_equal(user->shunt_add(bench.x, &spec, &h->why), ERR_EXISTS);
	assert_says("ip rule", "goto");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, machine_set_up, bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(routes_come_and_go_with_policies),
		CASE(no_routes_are_made_where_nobody_wants_them),
		CASE(routes_get_the_size_of_their_sa),
		CASE(both_sas_of_a_child_are_measured_at_once),
		CASE(a_child_may_have_a_device_of_its_own),
		CASE(a_device_of_its_own_has_addresses_and_routes),
		CASE(a_device_of_its_own_may_have_other_routes),
		CASE(of_a_policy_whose_address_cannot_be_had_nothing_is_left),
		CASE(a_route_in_main_that_catches_the_peer_is_refused),
		CASE(what_passes_goes_past_the_device),
		CASE(what_is_dropped_does_not_leave),
		CASE(a_shunt_that_cannot_be_had_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
