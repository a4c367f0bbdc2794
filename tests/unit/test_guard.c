/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guard drops, and what it must never drop: packets are put on the far end of the cable, and its
 * counters read. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The number of packets the guard has dropped. */
static unsigned dropped(void)
{
	return (unsigned)strtoul(
		machine_said("nft list ruleset | sed -n 's/.*counter packets \\([0-9]*\\) .* drop.*/\\1/p' |"
			     "awk '{ n += $1 } END { print n + 0 }'"),
		NULL, 10);
}

/* Puts the packet P of N octets on the cable to out0. */
static void inject(const uint8_t *p, size_t n)
{
	struct ifreq out = { .ifr_name = "out0" };
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_halen = ETH_ALEN,
		.sll_ifindex = (int)if_nametoindex("far0"),
		.sll_protocol = htons(p[0] == 0x45 ? ETH_P_IP : ETH_P_IPV6) };
	int s = socket(AF_PACKET, SOCK_DGRAM, 0);

	assert_true(s >= 0);
	assert_int_equal(ioctl(s, SIOCGIFHWADDR, &out), 0);
	memcpy(to.sll_addr, out.ifr_hwaddr.sa_data, ETH_ALEN);
	assert_int_equal(sendto(s, p, n, 0, (struct sockaddr *)&to, sizeof to), n);
	close(s);
}

/* Whether such a packet is dropped when it comes in by out0. */
static bool drops(const char *from, const char *to, uint8_t proto, unsigned sport, unsigned dport)
{
	uint8_t p[128];
	size_t n = packet_make(p, from, to, proto, (uint16_t)sport, (uint16_t)dport, 8);
	unsigned before = dropped();

	/* Other protocols than UDP get their destination port here; nobody looks at the sum. */
	p[n - 14] = (uint8_t)(dport >> 8);
	p[n - 13] = (uint8_t)dport;
	inject(p, n);
	for (unsigned tries = 0; tries < 5; tries++) {
		if (dropped() > before)
			return true;
		usleep(2000);
	}
	return false;
}

static void clear_packets_of_a_policy_are_dropped(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	assert_ok(machine_guard(h, 8, "fd01::/64", "fd02::/64"));
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_true(drops("fd02::5", "fd01::1", IPPROTO_UDP, 1, 2));
	assert_false(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("10.2.0.5", "192.0.2.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("fd02::5", "2001:db8::1", IPPROTO_UDP, 1, 2));
}

static void packets_from_the_tunnels_device_pass(void **state)
{
	struct machine *h = machine_started(state);
	uint8_t p[128];
	size_t n = packet_make(p, "10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2, 8);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	assert_int_equal(write(h->tun, p, n), n);
	usleep(5000);
	assert_int_equal(dropped(), 0);
}

static void the_guard_goes_with_its_last_owner_and_its_slot_is_used_again(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	route_guard_del(h->route, 7);
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 7);
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 7);
	assert_ok(machine_guard(h, 9, "10.1.0.0/16", "10.3.0.0/16"));
	assert_true(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_says("nft list ruleset", "jump s0");
	assert_silent("nft list ruleset", "jump s1");
}

static void what_keeps_the_tunnel_itself_alive_passes(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "0.0.0.0/0", "0.0.0.0/0"));
	assert_ok(machine_guard(h, 8, "::/0", "::/0"));
	assert_false(drops("192.0.2.9", "192.0.2.1", IPPROTO_ESP, 1, 2));
	assert_false(drops("192.0.2.9", "192.0.2.1", IPPROTO_UDP, 33333, 500));
	assert_false(drops("192.0.2.9", "192.0.2.1", IPPROTO_UDP, 33333, 4500));
	assert_false(drops("192.0.2.9", "192.0.2.1", IPPROTO_ICMP, 0x0304, 0)); /* fragmentation needed */
	assert_false(drops("2001:db8::9", "2001:db8::1", IPPROTO_ICMPV6, 0x0200, 0)); /* packet too big */
	assert_false(drops("2001:db8::9", "2001:db8::1", IPPROTO_ICMPV6, 135 << 8, 0));
	assert_false(drops("fe80::9", "ff02::1", IPPROTO_UDP, 1, 2));
	assert_true(drops("192.0.2.9", "192.0.2.1", IPPROTO_UDP, 500, 33333));
	assert_true(drops("192.0.2.9", "192.0.2.1", IPPROTO_ICMP, 0x0800, 0));
	assert_true(drops("2001:db8::9", "2001:db8::1", IPPROTO_ICMPV6, 128 << 8, 0));
}

static void the_machine_reaches_itself(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "0.0.0.0/0", "0.0.0.0/0"));
	machine_sh("ping -q -c 1 -W 1 127.0.0.1 >/dev/null && ping -q -c 1 -W 1 10.1.0.1 >/dev/null");
	assert_int_equal(dropped(), 0);
}

static void protocol_and_ports_of_both_sides_count(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16[tcp/80]", "10.2.0.0/16[tcp/1000-2000]"));
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_TCP, 1000, 80));
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_TCP, 2000, 80));
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_TCP, 2001, 80));
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_TCP, 1000, 81));
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1000, 80));
	assert_ok(machine_guard(h, 8, "10.1.0.0/16[/53]", "10.3.0.0/16"));
	assert_true(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 9, 53));
	assert_false(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 53, 9));
	assert_false(drops("10.3.0.5", "10.1.0.1", IPPROTO_GRE, 9, 53)); /* no ports there */
}

static void type_and_code_of_icmp_count(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16[icmp/8]", "10.2.0.0/16[icmp/8]"));
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_ICMP, 8 << 8, 0));
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_ICMP, 11 << 8, 0));
}

static void opaque_selectors_drop_nothing(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16[tcp/opaque]", "10.2.0.0/16"));
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_TCP, 1, 2));
}

static void a_firewall_reload_that_flushed_us_is_told(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	machine_sh("nft flush ruleset");
	assert_int_equal(machine_guard(h, 8, "10.1.0.0/16", "10.3.0.0/16"), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&h->why), "flush ruleset"));
	route_guard_del(h->route, 7);
	assert_int_equal(h->warnings, 1);
}

static void hundreds_of_policies_are_guarded(void **state)
{
	struct machine *h = machine_started(state);
	char remote[32];

	for (unsigned i = 0; i < 300; i++) {
		snprintf(remote, sizeof remote, "10.100.%u.%u", i / 256, i % 256);
		assert_ok(machine_guard(h, 1000 + i, "10.1.0.0/16", remote));
		assert_ok(machine_route(h, remote, "10.1.0.0/16"));
	}
	assert_true(drops("10.100.1.43", "10.1.0.1", IPPROTO_UDP, 1, 2));
	for (unsigned i = 0; i < 300; i++)
		route_guard_del(h->route, 1000 + i);
	assert_false(drops("10.100.1.43", "10.1.0.1", IPPROTO_UDP, 1, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(clear_packets_of_a_policy_are_dropped),
		MACHINE_CASE(packets_from_the_tunnels_device_pass),
		MACHINE_CASE(the_guard_goes_with_its_last_owner_and_its_slot_is_used_again),
		MACHINE_CASE(what_keeps_the_tunnel_itself_alive_passes),
		MACHINE_CASE(the_machine_reaches_itself),
		MACHINE_CASE(protocol_and_ports_of_both_sides_count),
		MACHINE_CASE(type_and_code_of_icmp_count),
		MACHINE_CASE(opaque_selectors_drop_nothing),
		MACHINE_CASE(a_firewall_reload_that_flushed_us_is_told),
		MACHINE_CASE(hundreds_of_policies_are_guarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
