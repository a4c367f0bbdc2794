/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the guard drops, and what it must never drop: packets are put on the far end of the cable, and its
 * counters read. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"
#include "xfrm/nft.h"
#include "xfrm/pairs.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Changes of sets that the kernel was asked for, and those that it refused. */
static unsigned asked, refused;

enum err __real_pairs_add(struct netlink *nl, const char *table, const char *set, struct tss sources,
	struct tss destinations) MUST_CHECK;
enum err __wrap_pairs_add(struct netlink *nl, const char *table, const char *set, struct tss sources,
	struct tss destinations) MUST_CHECK;

enum err __wrap_pairs_add(
	struct netlink *nl, const char *table, const char *set, struct tss sources, struct tss destinations)
{
	enum err e = __real_pairs_add(nl, table, set, sources, destinations);

	asked++;
	refused += e != ERR_OK;
	return e;
}

static bool no_library;

struct nft *__real_nft_open(struct text *why);
struct nft *__wrap_nft_open(struct text *why);

struct nft *__wrap_nft_open(struct text *why)
{
	if (!no_library)
		return __real_nft_open(why);
	text_add(why, "nftables cannot be used: install them");
	return NULL;
}

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
	machine_write(h, p, n);
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
	assert_ok(machine_guard(h, 9, "10.1.0.0/16[udp]", "10.3.0.0/16"));
	assert_true(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 9);
	assert_ok(machine_guard(h, 10, "10.1.0.0/16[udp]", "10.4.0.0/16"));
	assert_true(drops("10.4.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_says("nft list ruleset", "jump s0");
	assert_silent("nft list ruleset", "jump s1");
}

/* The kernel finds them without trying one after the other. */
static void mere_addresses_have_no_slots(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	assert_ok(machine_guard(h, 8, "10.1.0.0/16", "10.3.0.7"));
	assert_ok(machine_guard(h, 9, "fd01::/64", "fd02::/64"));
	assert_silent("nft list ruleset", "jump s");
	assert_says("nft list ruleset", "10.2.0.0/16 . 10.1.0.0/16");
	route_guard_del(h->route, 8);
	assert_silent("nft list ruleset", "10.3.0.7");
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("10.3.0.7", "10.1.0.1", IPPROTO_UDP, 1, 2));
}

/* A set of pairs is copied for each change; one of addresses is not. */
static void addresses_before_one_network_are_in_a_set_of_their_own(void **state)
{
	struct machine *h = machine_started(state);
	struct ts near = packet_ts("10.1.0.0/16"), far[] = { packet_ts("10.3.0.8"), packet_ts("10.3.0.9") };

	asked = refused = 0;
	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.3.0.7"));
	assert_ok(machine_guard(h, 8, "10.1.0.0/16", "10.3.0.8"));
	assert_says("nft list ruleset", "ip daddr 10.1.0.0-10.1.255.255 ip saddr @h0");
	assert_says("nft list ruleset", "type ipv4_addr\n");
	assert_silent("nft list ruleset", "@h1");
	assert_ok(route_guard_add(
		h->route, 9, h->dev, (struct tss){ &near, 1 }, (struct tss){ far, 2 }, &h->why));
	assert_int_equal(asked, 3);
	assert_int_equal(refused, 0);
	route_guard_del(h->route, 8);
	assert_true(drops("10.3.0.7", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_true(drops("10.3.0.8", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("10.3.0.7", "10.2.0.1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 9);
	assert_false(drops("10.3.0.8", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_ok(machine_guard(h, 10, "10.1.0.0/16", "10.3.0.8"));
	assert_true(drops("10.3.0.8", "10.1.0.1", IPPROTO_UDP, 1, 2));
}

static void addresses_before_very_many_networks_are_guarded_all_the_same(void **state)
{
	struct machine *h = machine_started(state);
	char near[TS_TEXT], to[IP_TEXT];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(near, sizeof near, "10.1.%u.0/24", i);
		assert_ok(machine_guard(h, 10 + i, near, "10.3.0.7"));
	}
	assert_silent("nft list ruleset", "jump s");
	for (unsigned i = 0; i < 20; i++) {
		snprintf(to, sizeof to, "10.1.%u.1", i);
		assert_true(drops("10.3.0.7", to, IPPROTO_UDP, 1, 2));
		route_guard_del(h->route, 10 + i);
		assert_false(drops("10.3.0.7", to, IPPROTO_UDP, 1, 2));
	}
}

/* There are few crowds, and each stays for its network while it has somebody in it. */
static void empty_crowds_become_others(void **state)
{
	struct machine *h = machine_started(state);
	char near[TS_TEXT];

	for (unsigned i = 0; i < 3 * 16; i++) {
		snprintf(near, sizeof near, i % 3 ? "10.1.%u.0/24" : "fd01:%u::/64", i);
		assert_ok(machine_guard(h, 10 + i, near, i % 3 ? "10.3.0.7" : "fd03::7"));
		if (i != 5)
			route_guard_del(h->route, 10 + i);
	}
	assert_ok(machine_guard(h, 100, "10.2.1.0/24", "10.3.0.7"));
	assert_says("nft list ruleset", "ip daddr 10.2.1.0-10.2.1.255 ip saddr @h");
	assert_silent("nft list ruleset", "10.3.0.7 . 10.2.1.0");
	assert_true(drops("10.3.0.7", "10.2.1.1", IPPROTO_UDP, 1, 2));
	assert_true(drops("10.3.0.7", "10.1.5.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("10.3.0.7", "10.1.4.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("10.3.0.8", "10.2.1.1", IPPROTO_UDP, 1, 2));
	assert_int_equal(h->warnings, 0);
}

static void a_policy_of_both_families_has_no_slot(void **state)
{
	struct machine *h = machine_started(state);
	struct ts near[] = { packet_ts("10.1.0.0/16"), packet_ts("fd01::/64") },
		  far[] = { packet_ts("10.2.0.5"), packet_ts("fd02::5") };

	assert_ok(route_guard_add(
		h->route, 7, h->dev, (struct tss){ near, 2 }, (struct tss){ far, 2 }, &h->why));
	assert_silent("nft list ruleset", "jump s");
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_true(drops("fd02::5", "fd01::1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 7);
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("fd02::5", "fd01::1", IPPROTO_UDP, 1, 2));
}

static void networks(const char *prefix, struct ts *v, unsigned n)
{
	char text[TS_TEXT];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof text, "%s:%x::/64", prefix, i);
		v[i] = packet_ts(text);
	}
}

static void as_many_pairs_as_one_message_holds_have_no_slot(void **state)
{
	struct machine *h = machine_started(state);
	struct ts near[5], far[10];

	networks("fd01", near, 5);
	networks("fd02", far, 10);
	assert_ok(route_guard_add(
		h->route, 7, h->dev, (struct tss){ near, 5 }, (struct tss){ far, 9 }, &h->why));
	assert_silent("nft list ruleset", "jump s");
	assert_true(drops("fd02:8::5", "fd01:4::1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 7);
	assert_false(drops("fd02:8::5", "fd01:4::1", IPPROTO_UDP, 1, 2));
	assert_ok(route_guard_add(
		h->route, 8, h->dev, (struct tss){ near, 5 }, (struct tss){ far, 10 }, &h->why));
	assert_says("nft list ruleset", "jump s0");
	assert_true(drops("fd02:9::5", "fd01:4::1", IPPROTO_UDP, 1, 2));
}

/* So does who authenticates anew: the kernel is asked for the first one, and has it until the last one goes.
 */
static void who_comes_again_costs_the_kernel_nothing(void **state)
{
	static const char *const locals[] = { "10.1.0.0/16", "10.1.0.0/16[udp]" };
	struct machine *h = machine_started(state);

	asked = refused = 0;
	for (unsigned i = 0; i < 2; i++) {
		assert_ok(machine_guard(h, 7, locals[i], "10.2.0.5"));
		assert_ok(machine_guard(h, 8, locals[i], "10.2.0.5"));
		assert_int_equal(asked, 1);
		assert_int_equal(refused, 0);
		assert_silent("nft list ruleset", i ? "jump s1" : "jump s");
		route_guard_del(h->route, 7);
		assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
		assert_ok(machine_guard(h, 9, locals[i], "10.2.0.5"));
		route_guard_del(h->route, 8);
		assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
		route_guard_del(h->route, 9);
		assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	}
}

/* What it refuses it undoes, and lets wait for it. */
static void the_kernel_is_not_asked_for_what_it_would_refuse(void **state)
{
	struct machine *h = machine_started(state);
	struct ts near = packet_ts("10.1.0.0/16"),
		  far[] = { packet_ts("10.3.0.0-10.3.0.9"), packet_ts("10.3.0.9-10.3.0.20") };

	asked = refused = 0;
	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	assert_ok(machine_guard(h, 8, "10.1.3.0/24", "10.2.3.0/24"));
	assert_ok(machine_guard(h, 9, "10.1.0.0/16", "10.0.0.0/8"));
	assert_ok(route_guard_add(
		h->route, 10, h->dev, (struct tss){ &near, 1 }, (struct tss){ far, 2 }, &h->why));
	assert_ok(machine_guard(h, 11, "10.4.0.0/16", "10.2.0.0/16"));
	assert_int_equal(asked, 2);
	assert_int_equal(refused, 0);
	route_guard_del(h->route, 7);
	assert_ok(machine_guard(h, 12, "10.1.0.0/24", "10.2.0.0/16"));
	assert_int_equal(asked, 3);
	assert_int_equal(refused, 0);
}

/* A set takes no pair that overlaps another one: each goes with its own policy all the same. */
static void pairs_that_overlap_are_guarded_each(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "10.1.0.0/16", "10.2.0.0/16"));
	assert_ok(machine_guard(h, 8, "10.1.0.0/16", "10.2.0.0/16"));
	assert_ok(machine_guard(h, 9, "10.1.0.0/16", "10.2.3.0/24"));
	route_guard_del(h->route, 7);
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 8);
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_true(drops("10.2.3.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	route_guard_del(h->route, 9);
	assert_false(drops("10.2.3.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
}

static void what_keeps_the_tunnel_itself_alive_passes(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_guard(h, 7, "0.0.0.0/0", "0.0.0.0/0"));
	assert_ok(machine_guard(h, 8, "::/0", "::/0"));
	assert_false(drops("192.0.2.9", "192.0.2.1", IPPROTO_ESP, 1, 2));
	assert_false(drops("192.0.2.9", "192.0.2.1", IPPROTO_AH, 1, 2));
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

/* A shunt with selectors as text. */
static enum err shunt(
	struct machine *h, uint32_t id, enum guard_shunt what, const char *local, const char *remote)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);

	return route_shunt_add(h->route, id, what, (struct tss){ &l, 1 }, (struct tss){ &r, 1 }, &h->why);
}

/* Whether a datagram that this machine sends from 10.1.0.1 with MARK is dropped. */
static bool drops_ours(const char *to, uint16_t port, int mark)
{
	struct sockaddr_in from = { .sin_family = AF_INET },
			   dest = { .sin_family = AF_INET, .sin_port = htons(port) };
	unsigned before = dropped();
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, "10.1.0.1", &from.sin_addr);
	inet_pton(AF_INET, to, &dest.sin_addr);
	assert_int_equal(setsockopt(s, SOL_SOCKET, SO_MARK, &mark, sizeof mark), 0);
	assert_int_equal(bind(s, (struct sockaddr *)&from, sizeof from), 0);
	(void)!sendto(s, "", 1, 0, (struct sockaddr *)&dest, sizeof dest);
	close(s);
	return dropped() > before;
}

static void a_shunt_drops_both_ways(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add default via 192.0.2.254; ip neigh add 192.0.2.254 dev out0 lladdr "
		   "02:00:00:00:00:02");
	assert_ok(shunt(h, 1, GUARD_DROP, "10.1.0.0/16[udp]", "10.2.0.0/16[udp/53]"));
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 53, 9));
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 9, 53));
	assert_false(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 53, 9));
	assert_true(drops_ours("10.2.0.5", 53, 0));
	assert_false(drops_ours("10.2.0.5", 54, 0));
	assert_false(drops_ours("10.2.0.5", 53, MACHINE_MARK));
	route_shunt_del(h->route, 1);
	assert_false(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 53, 9));
	assert_false(drops_ours("10.2.0.5", 53, 0));
}

/* What goes into a tunnel and what comes out of one has met its policy. */
static void a_shunt_drops_nothing_of_a_tunnel(void **state)
{
	struct machine *h = machine_started(state);
	uint8_t p[128];
	size_t n = packet_make(p, "10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2, 8);

	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_ok(shunt(h, 1, GUARD_DROP, "0.0.0.0/0", "0.0.0.0/0"));
	assert_false(drops_ours("10.2.0.5", 53, 0));
	machine_write(h, p, n);
	usleep(5000);
	assert_int_equal(dropped(), 0);
	assert_true(drops("10.2.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_false(drops("fe80::9", "ff02::1", IPPROTO_UDP, 1, 2));
}

static void send_from(const char *from, uint16_t sport, const char *to, uint16_t dport)
{
	struct sockaddr_in us = { .sin_family = AF_INET, .sin_port = htons(sport) },
			   them = { .sin_family = AF_INET, .sin_port = htons(dport) };
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, from, &us.sin_addr);
	inet_pton(AF_INET, to, &them.sin_addr);
	assert_int_equal(bind(s, (struct sockaddr *)&us, sizeof us), 0);
	(void)!sendto(s, "", 1, 0, (struct sockaddr *)&them, sizeof them);
	close(s);
}

/* One packet of PROTO to 192.0.2.9. */
static void send_protocol(int proto)
{
	struct sockaddr_in them = { .sin_family = AF_INET };
	int s = socket(AF_INET, SOCK_RAW, proto);

	assert_true(s >= 0);
	inet_pton(AF_INET, "192.0.2.9", &them.sin_addr);
	(void)!sendto(s, "01234567", 8, 0, (struct sockaddr *)&them, sizeof them);
	close(s);
}

/* Whether nft and the kernel know what "ipsec" is. */
static bool knows_policies(void)
{
	return !system(
		"echo 'table inet probe { chain c { type filter hook output priority 0; rt ipsec exists; }; "
		"}' | nft -c -f - 2>/dev/null");
}

/* The packets of the kernel's path have no mark, and come and go by devices that are not ours. */
static void a_shunt_drops_nothing_of_the_kernels_path(void **state)
{
	struct machine *h = machine_started(state);

	if (!knows_policies())
		skip(); /* then there is no kernel's path */
	machine_sh("ip neigh add 192.0.2.9 dev out0 lladdr 02:00:00:00:00:02");
	assert_ok(shunt(h, 1, GUARD_DROP, "0.0.0.0/0", "0.0.0.0/0"));
	send_protocol(IPPROTO_ESP);
	send_protocol(IPPROTO_AH);
	send_from("192.0.2.1", 4500, "192.0.2.9", 4500);
	assert_int_equal(dropped(), 0);
	send_protocol(IPPROTO_GRE);
	assert_int_equal(dropped(), 1);
	assert_says("nft list ruleset", "rt ipsec exists accept");
	assert_says("nft list ruleset", "meta ipsec missing jump drop-in");
}

static void what_passes_is_dropped_by_nobody(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add default via 192.0.2.254; ip neigh add 192.0.2.254 dev out0 lladdr "
		   "02:00:00:00:00:02");
	/* 10.1.0.77 is not here, and nobody answers for it. */
	assert_ok(machine_guard(h, 1, "0.0.0.0/0", "0.0.0.0/0"));
	assert_ok(shunt(h, 1, GUARD_DROP, "0.0.0.0/0", "0.0.0.0/0"));
	assert_true(drops("10.2.0.5", "10.1.0.77", IPPROTO_UDP, 53, 9));
	assert_ok(shunt(h, 2, GUARD_PASS, "10.1.0.0/16", "10.2.0.0/16[udp/53]"));
	assert_false(drops("10.2.0.5", "10.1.0.77", IPPROTO_UDP, 53, 9));
	assert_false(drops_ours("10.2.0.5", 53, 0));
	assert_true(drops("10.2.0.5", "10.1.0.77", IPPROTO_UDP, 54, 9));
	assert_true(drops("10.2.0.5", "10.3.0.1", IPPROTO_UDP, 53, 9));
	assert_true(drops_ours("10.2.0.5", 54, 0));
	route_shunt_del(h->route, 2);
	assert_true(drops("10.2.0.5", "10.1.0.77", IPPROTO_UDP, 53, 9));
}

static enum err bar(struct machine *h, uint32_t id, const char *a, const char *b)
{
	struct ts to[] = { packet_ts(a), packet_ts(b) };

	return route_bar_add(h->route, id, 0, (struct tss){ to, 2 }, &h->why);
}

/* It stands beside the tunnel, and knows nothing of it. */
static void a_bar_drops_what_leaves_beside_the_tunnel(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add default via 192.0.2.254; ip neigh add 192.0.2.254 dev out0 lladdr "
		   "02:00:00:00:00:02; ip neigh add 2001:db8::9 dev out0 lladdr 02:00:00:00:00:02");
	assert_ok(bar(h, 1, "10.2.0.0/16", "2001:db8::9"));
	assert_ok(bar(h, 2, "10.2.0.0/24", "10.7.0.0/24"));
	if (knows_policies()) {
		assert_says("nft list ruleset", "rt ipsec exists accept"); /* of the kernel's path */
		assert_says("nft list ruleset", "meta ipsec exists accept");
	}
	assert_true(drops_ours("10.2.0.5", 53, 0));
	assert_true(drops_ours("10.7.0.5", 53, 0));
	assert_false(drops_ours("10.3.0.5", 53, 0));
	assert_false(drops_ours("10.2.0.5", 53, MACHINE_MARK));
	assert_int_not_equal(system("ping -6 -q -c 1 -W 1 2001:db8::9 >/dev/null 2>&1"), 0);
	assert_int_equal(dropped(), 3);
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_false(drops_ours("10.2.0.5", 53, 0));
	machine_unroute(h, "10.2.0.0/16");
	route_bar_del(h->route, 1);
	assert_true(drops_ours("10.2.0.5", 53, 0));
	assert_false(drops_ours("10.2.1.5", 53, 0));
	route_bar_del(h->route, 2);
	assert_false(drops_ours("10.2.0.5", 53, 0));
}

static void a_bar_lets_go_what_the_tunnel_needs(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip neigh add 192.0.2.9 dev out0 lladdr 02:00:00:00:00:02");
	assert_ok(bar(h, 1, "0.0.0.0/0", "::/0"));
	send_from("192.0.2.1", 4500, "192.0.2.9", 4500); /* the kernel's ESP has no mark */
	send_from("192.0.2.1", 68, "192.0.2.9", 67);
	send_protocol(IPPROTO_ESP);
	send_protocol(IPPROTO_AH);
	machine_sh("ping -q -c 1 -W 1 192.0.2.1 >/dev/null");
	assert_int_equal(dropped(), 0);
	send_from("192.0.2.1", 68, "192.0.2.9", 68);
	send_from("192.0.2.1", 4501, "192.0.2.9", 4500);
	assert_int_equal(dropped(), 2);
	assert_ok(shunt(h, 1, GUARD_PASS, "192.0.2.0/24", "192.0.2.0/24"));
	send_from("192.0.2.1", 4501, "192.0.2.9", 4500);
	assert_int_equal(dropped(), 2);
}

/* That of our process which asks for names. */
static void a_bar_lets_go_what_one_user_sends(void **state)
{
	enum { USER = 54321 };
	struct machine *h = machine_started(state);
	struct ts to = packet_ts("0.0.0.0/0");
	int status;

	machine_sh("ip neigh add 192.0.2.9 dev out0 lladdr 02:00:00:00:00:02");
	assert_ok(route_bar_add(h->route, 1, USER, (struct tss){ &to, 1 }, &h->why));
	for (uid_t user = USER; user <= USER + 1; user++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (!child) {
			if (setuid(user))
				_exit(1);
			send_from("192.0.2.1", 2000, "192.0.2.9", 53);
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		assert_int_equal(dropped(), user != USER);
	}
}

static void shunts_use_slots_again_each_of_their_kind(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(shunt(h, 1, GUARD_DROP, "10.1.0.0/16[udp]", "10.2.0.0/16"));
	assert_int_equal(shunt(h, 1, GUARD_DROP, "10.1.0.0/16", "10.9.0.0/16"), ERR_EXISTS);
	route_shunt_del(h->route, 1);
	route_shunt_del(h->route, 1);
	assert_ok(machine_guard(h, 1, "10.1.0.0/16[udp]", "10.2.0.0/16"));
	assert_ok(shunt(h, 1, GUARD_DROP, "10.1.0.0/16[udp]", "10.3.0.0/16"));
	assert_true(drops("10.3.0.5", "10.1.0.1", IPPROTO_UDP, 1, 2));
	assert_says("nft list ruleset", "jump s2");
	assert_silent("nft list ruleset", "jump s3");
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
	h->why = text_in(&h->arena);
	assert_int_equal(machine_guard(h, 9, "10.1.0.0/16", "10.2.0.0/16"), ERR_SYSTEM);
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

static void where_the_library_is_missing_nobody_is_asked_about_the_kernel(void **state)
{
	static const uint16_t ports[2] = { 500, 4500 };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct guard *none = NULL;

	(void)state;
	no_library = true;
	assert_int_equal(guard_open("lost", ports, 1, &none, &why), ERR_MISSING);
	no_library = false;
	assert_null(none);
	assert_non_null(strstr(text_str(&why), "(nftables cannot be used: install them): clear packets"));
	assert_null(strstr(text_str(&why), "kernel"));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(clear_packets_of_a_policy_are_dropped),
		MACHINE_CASE(packets_from_the_tunnels_device_pass),
		MACHINE_CASE(the_guard_goes_with_its_last_owner_and_its_slot_is_used_again),
		MACHINE_CASE(mere_addresses_have_no_slots),
		MACHINE_CASE(addresses_before_one_network_are_in_a_set_of_their_own),
		MACHINE_CASE(addresses_before_very_many_networks_are_guarded_all_the_same),
		MACHINE_CASE(empty_crowds_become_others),
		MACHINE_CASE(a_policy_of_both_families_has_no_slot),
		MACHINE_CASE(as_many_pairs_as_one_message_holds_have_no_slot),
		MACHINE_CASE(who_comes_again_costs_the_kernel_nothing),
		MACHINE_CASE(the_kernel_is_not_asked_for_what_it_would_refuse),
		MACHINE_CASE(pairs_that_overlap_are_guarded_each),
		MACHINE_CASE(what_keeps_the_tunnel_itself_alive_passes),
		MACHINE_CASE(the_machine_reaches_itself),
		MACHINE_CASE(protocol_and_ports_of_both_sides_count),
		MACHINE_CASE(type_and_code_of_icmp_count),
		MACHINE_CASE(a_shunt_drops_both_ways),
		MACHINE_CASE(a_shunt_drops_nothing_of_a_tunnel),
		MACHINE_CASE(a_shunt_drops_nothing_of_the_kernels_path),
		MACHINE_CASE(what_passes_is_dropped_by_nobody),
		MACHINE_CASE(a_bar_drops_what_leaves_beside_the_tunnel),
		MACHINE_CASE(a_bar_lets_go_what_the_tunnel_needs),
		MACHINE_CASE(a_bar_lets_go_what_one_user_sends),
		MACHINE_CASE(shunts_use_slots_again_each_of_their_kind),
		MACHINE_CASE(opaque_selectors_drop_nothing),
		MACHINE_CASE(a_firewall_reload_that_flushed_us_is_told),
		MACHINE_CASE(hundreds_of_policies_are_guarded),
		cmocka_unit_test(where_the_library_is_missing_nobody_is_asked_about_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
