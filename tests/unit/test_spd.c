/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy a packet meets. */
#include "tests/unit/unit.h"

#include "tests/unit/packet.h"
#include "xfrm/user/spd.h"

static struct spd_entry entries[16];
static size_t count;

static int clear(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

/* The age tells entries apart. */
static void add(uint64_t age, const char *local, const char *remote, bool trap)
{
	struct spd_entry *e = &entries[count++];

	*e = (struct spd_entry){
		.local = packet_ts(local), .remote = packet_ts(remote), .trap = trap, .age = age
	};
	e->priority = spd_priority(&e->local, &e->remote);
}

/* The age of the entry a packet meets; 0: none. */
static uint64_t meet_inner(const struct inner *in)
{
	const struct spd_entry *e;

	spd_sort(entries, count);
	e = spd_find(entries, count, in);
	return e ? e->age : 0;
}

static uint64_t meet(const char *src, const char *dst, uint8_t proto, uint16_t sport, uint16_t dport)
{
	return meet_inner(&(struct inner){
		.src = packet_ip(src),
		.dst = packet_ip(dst),
		.proto = proto,
		.ports_known = true,
		.sport = sport,
		.dport = dport,
	});
}

static void the_narrower_remote_network_is_tried_first(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "0.0.0.0/0", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	add(3, "10.1.0.0/16", "10.2.3.0/24", false);
	assert_int_equal(meet("10.1.0.1", "10.2.3.4", 6, 1, 2), 3);
	assert_int_equal(meet("10.1.0.1", "10.2.4.4", 6, 1, 2), 2);
	assert_int_equal(meet("10.1.0.1", "192.0.2.1", 6, 1, 2), 1);
}

static void of_equal_remotes_the_narrower_local_is_tried_first(void **state)
{
	(void)state;
	add(1, "10.0.0.0/8", "10.2.0.0/16", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 2);
	assert_int_equal(meet("10.9.0.1", "10.2.0.1", 6, 1, 2), 1);
}

static void ranges_are_compared_by_their_size(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0-10.2.1.0", false);
	add(2, "10.1.0.0/16", "10.2.0.0/24", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.7", 6, 1, 2), 2);
	assert_int_equal(meet("10.1.0.1", "10.2.1.0", 6, 1, 2), 1);
}

static void a_protocol_goes_before_every_protocol(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16[tcp]", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 2);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 17, 1, 2), 1);
}

static void fewer_ports_go_before_more(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16[tcp]", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16[tcp/80]", false);
	add(3, "10.1.0.0/16", "10.2.0.0/16[tcp/1-1023]", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 40000, 80), 2);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 40000, 443), 3);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 40000, 8080), 1);
}

static void a_port_selects_on_its_side_only(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16[tcp/80]", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 80, 40000), 0);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 40000, 80), 1);
}

static void what_matches_nothing_meets_nothing(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(meet("10.3.0.1", "10.2.0.1", 6, 1, 2), 0);
	assert_int_equal(meet("10.1.0.1", "10.3.0.1", 6, 1, 2), 0);
	assert_int_equal(meet("2001:db8::1", "2001:db8::2", 6, 1, 2), 0);
}

static void a_child_goes_before_a_trap_of_the_same_selectors(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", true);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 1);
}

static uint32_t priority(const char *local, const char *remote)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);

	return spd_priority(&l, &r);
}

/* The numbers of strongSwan's policies in the kernel, and 1 for the bit it takes off for what is no trap. */
static void priorities_are_strongswans(void **state)
{
	(void)state;
	assert_int_equal(priority("0.0.0.0/0", "0.0.0.0/0"), 400000);
	assert_int_equal(priority("10.1.0.0/24", "10.2.0.0/24"), 375423 + 1);
	assert_int_equal(priority("10.1.0.0/16", "10.2.0.0-10.2.1.0"), 400000 - 512 * 39);
	assert_int_equal(priority("2001:db8::1/128", "2001:db8::2/128"), 400000 - 512 * 256);
	assert_int_equal(priority("10.1.0.0/24[tcp]", "10.2.0.0/24"), 375424 - 256);
	assert_int_equal(priority("10.1.0.0/24", "10.2.0.0/24[tcp/443]"), 375424 - 256 - 4 * 16);
	assert_int_equal(
		priority("10.1.0.0/24[udp/1024-2047]", "10.2.0.0/24[udp/53]"), 375424 - 256 - 4 * (6 + 16));
}

static void a_configured_priority_goes_before_selectors(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "0.0.0.0/0", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 2);
	clear(state);
	add(1, "10.1.0.0/16", "0.0.0.0/0", false);
	entries[0].priority = 100;
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 1);
}

/* 10.1/24 to 10/8 and 10.1/16 to 10.2/16 are as narrow together. */
static void of_one_priority_the_narrower_remote_goes_first(void **state)
{
	(void)state;
	add(1, "10.1.0.0/24", "10.0.0.0/8", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(entries[0].priority, entries[1].priority);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 2);
}

static void a_narrower_trap_goes_before_a_wider_child(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.0.0.0/8", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", true);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 2);
}

static void the_newer_of_two_equals_wins(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16", false);
	add(3, "10.1.0.0/16", "10.2.0.0/16", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 3);
}

/* It has been installed, and its SA is not selected yet. */
static void a_newer_one_without_an_sa_waits(void **state)
{
	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16", false);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	add(3, "10.1.0.0/16", "10.2.0.0/16", true);
	entries[0].sa = (const struct sa_slot *)entries; /* any */
	assert_int_equal(meet("10.1.0.1", "10.2.0.1", 6, 1, 2), 1);
	add(4, "10.1.0.0/16", "10.2.3.0/24", false);
	assert_int_equal(meet("10.1.0.1", "10.2.3.1", 6, 1, 2), 4);
}

static void a_fragment_passes_over_ports(void **state)
{
	const struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip("10.2.0.1"), .proto = 6 };

	(void)state;
	add(1, "10.1.0.0/16", "10.2.0.0/16[tcp/80]", false);
	assert_int_equal(meet_inner(&in), 0);
	add(2, "10.1.0.0/16", "10.2.0.0/16", false);
	assert_int_equal(meet_inner(&in), 2);
}

static void ipv6_widths_are_compared_whole(void **state)
{
	(void)state;
	add(1, "2001:db8:1::/48", "2001:db8::/32", false);
	add(2, "2001:db8:1::/48", "2001:db8:2::/64", false);
	add(3, "2001:db8:1::/48", "::/0", false);
	assert_int_equal(meet("2001:db8:1::1", "2001:db8:2::1", 6, 1, 2), 2);
	assert_int_equal(meet("2001:db8:1::1", "2001:db8:2:1::1", 6, 1, 2), 1);
	assert_int_equal(meet("2001:db8:1::1", "fd00::1", 6, 1, 2), 3);
}

static void entries_of_one_device_stand_together(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		add(i + 1, "0.0.0.0/0", i < 3 ? "0.0.0.0/0" : "10.0.0.0/8", false);
		entries[i].device = i % 3;
	}
	spd_sort(entries, count);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(entries[i].device, i / 2);
	assert_int_equal(entries[0].age, 4);
	assert_int_equal(entries[1].age, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_narrower_remote_network_is_tried_first, clear),
		cmocka_unit_test_setup(of_equal_remotes_the_narrower_local_is_tried_first, clear),
		cmocka_unit_test_setup(ranges_are_compared_by_their_size, clear),
		cmocka_unit_test_setup(a_protocol_goes_before_every_protocol, clear),
		cmocka_unit_test_setup(fewer_ports_go_before_more, clear),
		cmocka_unit_test_setup(a_port_selects_on_its_side_only, clear),
		cmocka_unit_test_setup(what_matches_nothing_meets_nothing, clear),
		cmocka_unit_test_setup(a_child_goes_before_a_trap_of_the_same_selectors, clear),
		cmocka_unit_test_setup(priorities_are_strongswans, clear),
		cmocka_unit_test_setup(a_configured_priority_goes_before_selectors, clear),
		cmocka_unit_test_setup(of_one_priority_the_narrower_remote_goes_first, clear),
		cmocka_unit_test_setup(a_narrower_trap_goes_before_a_wider_child, clear),
		cmocka_unit_test_setup(the_newer_of_two_equals_wins, clear),
		cmocka_unit_test_setup(a_newer_one_without_an_sa_waits, clear),
		cmocka_unit_test_setup(a_fragment_passes_over_ports, clear),
		cmocka_unit_test_setup(ipv6_widths_are_compared_whole, clear),
		cmocka_unit_test_setup(entries_of_one_device_stand_together, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
