/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which policy a packet meets. */
#include "tests/unit/unit.h"

#include "base/rng.h"
#include "tests/unit/packet.h"
#include "xfrm/user/snapshot.h"

enum { ENTRIES = 400 };

static struct spd_entry entries[ENTRIES];
static size_t count;
static struct policy_live policies[ENTRIES];

static int clear(void **state)
{
	(void)state;
	count = 0;
	return 0;
}

/* The age tells entries apart; each is of a policy of its own. */
static struct spd_entry *add(uint64_t age, const char *local, const char *remote, bool trap)
{
	struct spd_entry *e = &entries[count];

	*e = (struct spd_entry){
		.local = packet_ts(local),
		.remote = packet_ts(remote),
		.trap = trap,
		.age = age,
		.policy = &policies[count++],
	};
	e->priority = spd_priority(&e->local, &e->remote);
	return e;
}

static void end_all(struct retired *gone)
{
	struct retired *r;

	while ((r = gone)) {
		gone = r->next;
		r->end(r, NULL);
	}
}

/* The age of the entry a packet meets on DEVICE; 0: none. */
static uint64_t meet_on(unsigned device, const struct inner *in)
{
	struct retired *gone = NULL;
	struct spd spd = { 0 };
	const struct spd_entry *e;
	uint64_t age;

	for (size_t i = 0; i < count; i++)
		spd_put(&spd, &entries[i], 1, &gone);
	e = spd_find(&spd, device, in);
	age = e ? e->age : 0;
	for (size_t i = 0; i < count; i++)
		spd_take(&spd, &entries[i], 1, &gone);
	assert_int_equal(spd.n_shapes, 0);
	assert_int_equal(spd.buckets.count, 0);
	spd_free(&spd);
	end_all(gone);
	return age;
}

static uint64_t meet_inner(const struct inner *in)
{
	return meet_on(0, in);
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

static void entries_of_another_device_are_not_met(void **state)
{
	const struct inner in = { .src = packet_ip("10.1.0.1"), .dst = packet_ip("10.2.0.1"), .proto = 6 };

	(void)state;
	add(1, "0.0.0.0/0", "0.0.0.0/0", false)->device = 3;
	add(2, "10.1.0.0/16", "10.2.0.0/16", false)->device = 8;
	add(3, "0.0.0.0/0", "0.0.0.0/0", false)->device = 8;
	assert_int_equal(meet_on(3, &in), 1);
	assert_int_equal(meet_on(8, &in), 2);
	assert_int_equal(meet_on(0, &in), 0);
}

/* Many selectors that lie in each other, and packets that many of them match. */

static struct ip random_ip(struct rng *r, bool v6)
{
	struct ip ip = { .v = v6 ? 6 : 4, .a = { 10 } };

	ip.a[v6 ? 8 : 1] = (uint8_t)rng_below(r, 4);
	ip.a[v6 ? 15 : 3] = (uint8_t)rng_below(r, 4);
	return ip;
}

/* A prefix, or a range. */
static struct ts random_ts(struct rng *r, bool v6)
{
	static const uint8_t lengths[2][6] = { { 0, 8, 14, 16, 31, 32 }, { 0, 3, 64, 71, 126, 128 } };
	struct ts ts = { .lo = random_ip(r, v6), .port_hi = UINT16_MAX };
	unsigned bits = lengths[v6][rng_below(r, 6)], all = v6 ? 128 : 32;

	ts.hi = ts.lo;
	for (; bits < all; bits++) {
		ts.lo.a[bits / 8] &= (uint8_t) ~(0x80 >> bits % 8);
		ts.hi.a[bits / 8] |= (uint8_t)(0x80 >> bits % 8);
	}
	if (!rng_below(r, 4) && ts.hi.a[all / 8 - 1] < UINT8_MAX)
		ts.hi.a[all / 8 - 1]++;
	ts.proto = rng_below(r, 3) ? 0 : 6;
	if (!rng_below(r, 3))
		ts.port_lo = ts.port_hi = (uint16_t)rng_below(r, 2);
	return ts;
}

static struct spd_entry random_entry(struct rng *r, unsigned i)
{
	bool v6 = rng_below(r, 2);
	struct spd_entry e = {
		.device = (unsigned)rng_below(r, 2),
		.local = random_ts(r, v6),
		.remote = random_ts(r, v6),
		.trap = rng_below(r, 2),
		.age = i + 1,
		.policy = &policies[i / 2],
		.sa = rng_below(r, 2) ? (const struct sa_slot *)entries : NULL, /* any */
	};

	e.priority = rng_below(r, 4) ? spd_priority(&e.local, &e.remote) : (uint32_t)rng_below(r, 400000);
	return e;
}

/* Every entry is looked at. The pairs that are not IN have been taken away, or not been put. */
static const struct spd_entry *find_slowly(const bool in[ENTRIES / 2], unsigned device, const struct inner *p)
{
	const struct spd_entry *best = NULL;

	for (unsigned i = 0; i < ENTRIES; i++) {
		const struct spd_entry *e = &entries[i];

		if (in[i / 2] && e->device == device &&
			ts_has(&e->remote, &p->dst, p->proto, p->dport, p->ports_known) &&
			ts_has(&e->local, &p->src, p->proto, p->sport, p->ports_known) &&
			(!best || spd_order(e, best) < 0))
			best = e;
	}
	return best;
}

static void compare_once(const struct spd *spd, const bool in[ENTRIES / 2], struct rng *r)
{
	bool v6 = rng_below(r, 2);
	struct inner p = {
		.src = random_ip(r, v6),
		.dst = random_ip(r, v6),
		.proto = rng_below(r, 2) ? 6 : 17,
		.ports_known = rng_below(r, 4),
	};
	unsigned device = (unsigned)rng_below(r, 2);
	const struct spd_entry *slow, *fast;

	if (p.ports_known) {
		p.sport = (uint16_t)rng_below(r, 2);
		p.dport = (uint16_t)rng_below(r, 2);
	}
	slow = find_slowly(in, device, &p);
	fast = spd_find(spd, device, &p);
	assert_int_equal(fast ? fast->age : 0, slow ? slow->age : 0);
}

static void the_index_finds_what_a_look_at_each_finds(void **state)
{
	bool in[ENTRIES / 2] = { false };
	struct rng_seeded r;
	struct retired *gone = NULL;
	struct spd spd = { 0 };

	(void)state;
	rng_seed(&r, 5);
	for (unsigned i = 0; i < ENTRIES; i++)
		entries[i] = random_entry(&r.rng, i);
	for (unsigned i = 0; i < 5000; i++) {
		unsigned pair = (unsigned)rng_below(&r.rng, ENTRIES / 2);
		struct spd before = spd_copy(&spd);
		bool was_in = in[pair];

		(was_in ? spd_take : spd_put)(&spd, &entries[2 * pair], 2, &gone);
		compare_once(&before, in, &r.rng);
		in[pair] = !was_in;
		compare_once(&spd, in, &r.rng);
		spd_free(&before);
		if (i % 100 == 0) {
			end_all(gone);
			gone = NULL;
		}
	}
	for (unsigned pair = 0; pair < ENTRIES / 2; pair++)
		if (in[pair])
			spd_take(&spd, &entries[2 * pair], 2, &gone);
	assert_int_equal(spd.n_shapes, 0);
	assert_int_equal(spd.buckets.count, 0);
	spd_free(&spd);
	end_all(gone);
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
		cmocka_unit_test_setup(entries_of_another_device_are_not_met, clear),
		cmocka_unit_test(the_index_finds_what_a_look_at_each_finds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
