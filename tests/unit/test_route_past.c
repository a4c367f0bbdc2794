/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes past the next hop, for policies of the kernel's. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"

/* For the kernel's policies: past the next hop to the peer, in the clear where they do not hold packets back.
 */
static void routes_past_the_next_hop(void **state)
{
	struct machine *h = machine_enter(state);
	struct ts remote = packet_ts("10.2.0.0/16"), local = packet_ts("10.1.0.0/16");
	struct ip peer = packet_ip("198.51.100.1"), near = packet_ip("192.0.2.9"),
		  own = packet_ip("192.0.2.1");
	struct route_hop hop, other;

	machine_start(h);
	machine_sh("ip route add 198.51.100.0/24 via 192.0.2.7");
	assert_ok(route_hop_find(h->route, &near, &other, &h->why));
	assert_true(ip_eq(&other.via, &near));
	assert_int_equal(route_hop_find(h->route, &own, &hop, &h->why), ERR_MISSING);
	assert_ok(route_hop_find(h->route, &peer, &hop, &h->why));
	assert_string_equal(hop.dev, "out0");
	assert_ok(route_past_add(h->route, &hop, &remote, (struct tss){ &local, 1 }, &h->why));
	assert_says(
		"ip route show table 220", "10.2.0.0/16 via 192.0.2.7 dev out0 proto static src 10.1.0.1");
	assert_silent("ip route show table 220", "unreachable");
	/* A peer that has moved: the new way, then the old one goes. */
	assert_ok(route_past_add(h->route, &other, &remote, (struct tss){ &local, 1 }, &h->why));
	route_past_del(h->route, &hop, &remote);
	assert_says("ip route show table 220", "10.2.0.0/16 via 192.0.2.9 dev out0");
	route_past_del(h->route, &other, &remote);
	assert_silent("ip route show table 220", "10.2.0.0/16");
}

static void a_route_past_a_next_hop_moves_to_another_device(void **state)
{
	struct machine *h = machine_enter(state);
	struct ts remote = packet_ts("10.2.0.0/16"), local = packet_ts("10.1.0.0/16");
	const struct route_hop wired = { "out0", packet_ip("192.0.2.7") },
			       wireless = { "air0", packet_ip("203.0.113.7") };

	machine_sh("ip link add air0 type veth peer name air1");
	machine_sh("ip link set air1 up");
	machine_sh("ip link set air0 up");
	machine_sh("ip addr add 203.0.113.1/24 dev air0");
	machine_start(h);
	/* Of two tunnels with the same networks, which move one after the other. */
	assert_ok(route_past_add(h->route, &wired, &remote, (struct tss){ &local, 1 }, &h->why));
	assert_ok(route_past_add(h->route, &wired, &remote, (struct tss){ &local, 1 }, &h->why));
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(route_past_add(h->route, &wireless, &remote, (struct tss){ &local, 1 }, &h->why));
		route_past_del(h->route, &wired, &remote);
		assert_says("ip route show table 220", "10.2.0.0/16 via 203.0.113.7 dev air0");
		assert_silent("ip route show table 220", "out0");
	}
	route_past_del(h->route, &wireless, &remote);
	assert_says("ip route show table 220", "10.2.0.0/16 via 203.0.113.7 dev air0");
	route_past_del(h->route, &wireless, &remote);
	assert_silent("ip route show table 220", "10.2.0.0/16");
	/* Somebody else's stays. */
	machine_sh("ip route add 10.2.0.0/16 dev out0 table 220 metric 6144");
	assert_int_equal(
		route_past_add(h->route, &wireless, &remote, (struct tss){ &local, 1 }, &h->why), ERR_EXISTS);
	assert_says("ip route show table 220", "10.2.0.0/16 dev out0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(routes_past_the_next_hop),
		MACHINE_CASE(a_route_past_a_next_hop_moves_to_another_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
