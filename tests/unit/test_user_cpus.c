/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs that packet threads have of their own (RFC 9611), on a machine that is its own peer. */
#include "tests/unit/user_bench.h"

#include <stdio.h>

enum { FLOWS = 64 /* the kernel leads all of them to the same of two threads once in 2^63 times */ };

static struct machine *h;
static uint16_t port; /* of the next flow: of one that it has seen the kernel remembers the thread */

/* The general one, of policies whose threads may have their own. */
static void begin(void **state, unsigned workers)
{
	struct policy_spec policy = bench_policy(false);

	bench.workers = workers;
	port = 1000;
	h = bench_begin(state);
	policy = bench_policy(false);
	policy.per_cpu = true;
	bench_add_sas(h, true);
	assert_ok(user->policy_add(bench.x, &policy, &h->why));
	user->sa_select(bench.x, POLICY, CHILD);
}

static void add_selected(unsigned child, uint32_t resource)
{
	struct sa_spec in = bench_sa(true, true), out = bench_sa(false, true);

	in.spi = out.spi = SPI + child;
	in.child = out.child = CHILD + child;
	in.per_cpu = out.per_cpu = true;
	in.resource = out.resource = resource;
	assert_ok(user->sa_add(bench.x, &in, &h->why));
	assert_ok(user->sa_add(bench.x, &out, &h->why));
	user->sa_select(bench.x, POLICY, CHILD + child);
}

static void del(unsigned child)
{
	user->sa_del(bench.x, CHILD + child, false);
	user->sa_del(bench.x, CHILD + child, true);
}

static uint64_t counted(unsigned child, bool inbound)
{
	struct sa_usage u = { 0 };

	return user->usage(bench.x, CHILD + child, inbound, &u) ? u.packets : 0;
}

static uint64_t all_in(void)
{
	uint64_t n = 0;

	for (unsigned child = 0; child < 4; child++)
		n += counted(child, true);
	return n;
}

static uint64_t mappings(void)
{
	return bench.told.mapping;
}

/* Sends one packet of each flow, and fills SENT with how many left by each child; as many came in. */
static void send_flows(unsigned sent[4])
{
	uint64_t before[4], in = all_in();

	for (unsigned child = 0; child < 4; child++)
		before[child] = counted(child, false);
	for (unsigned i = 0; i < FLOWS; i++)
		bench_send_udp("10.2.0.9", port++, "hello", 5);
	bench_wait(all_in, in + FLOWS);
	for (unsigned child = 0; child < 4; child++) {
		sent[child] = (unsigned)(counted(child, false) - before[child]);
		assert_int_equal(counted(child, false), counted(child, true));
	}
}

static void each_thread_sends_by_the_sa_of_its_own(void **state)
{
	unsigned sent[4];

	begin(state, 2);
	add_selected(1, 1);
	add_selected(2, 2);
	send_flows(sent);
	assert_int_equal(sent[0], 0);
	assert_true(sent[1] && sent[2]);
	assert_int_equal(sent[1] + sent[2], FLOWS);
	assert_int_equal(bench.told.acquire, 0);
}

static void who_has_none_asks_for_it_and_goes_by_the_general_one(void **state)
{
	unsigned sent[4];

	begin(state, 2);
	send_flows(sent);
	assert_int_equal(sent[0], FLOWS);
	assert_int_equal(bench.told.resources, 1u << 1 | 1u << 2);
	add_selected(1, 2);
	bench.told.resources = 0;
	send_flows(sent);
	assert_true(sent[0] && sent[1]);
	assert_int_equal(sent[0] + sent[1], FLOWS);
	assert_int_equal(bench.told.resources & ~(1u << 1), 0);
	del(1);
	send_flows(sent);
	assert_int_equal(sent[0], FLOWS);
}

static void who_has_its_own_needs_no_general_one(void **state)
{
	unsigned sent[4];

	begin(state, 2);
	add_selected(1, 1);
	add_selected(2, 2);
	del(0);
	send_flows(sent);
	assert_int_equal(sent[1] + sent[2], FLOWS);
}

/* As those of a peer that has more processors than this machine has threads. */
static void of_several_the_last_one_selected_sends(void **state)
{
	unsigned sent[4];

	begin(state, 2);
	add_selected(1, 1);
	add_selected(2, 2);
	add_selected(3, 5);
	send_flows(sent);
	assert_true(!sent[0] && !sent[1] && sent[2] && sent[3]);
	user->sa_select(bench.x, POLICY, CHILD + 1);
	send_flows(sent);
	assert_true(!sent[0] && sent[1] && sent[2] && !sent[3]);
	del(1);
	send_flows(sent);
	assert_true(!sent[0] && sent[2] && sent[3]);
}

static void what_is_not_selected_sends_nothing(void **state)
{
	struct sa_spec out = bench_sa(false, true);
	unsigned sent[4];

	begin(state, 2);
	out.spi = SPI + 1;
	out.child = CHILD + 1;
	out.resource = 1;
	assert_ok(user->sa_add(bench.x, &out, &h->why));
	send_flows(sent);
	assert_int_equal(sent[0], FLOWS);
}

static void one_that_moves_goes_on(void **state)
{
	const struct addr here = { packet_ip("2001:db8::1"), 4500 };
	unsigned sent[4];

	begin(state, 2);
	add_selected(1, 1);
	add_selected(2, 2);
	for (unsigned child = 0; child < 3; child++)
		assert_ok(user->sa_move(bench.x, CHILD + child, &here, &here, true));
	send_flows(sent);
	assert_true(!sent[0] && sent[1] && sent[2]);
}

static void one_thread_alone_sends_all_by_the_general_one(void **state)
{
	unsigned sent[4];

	begin(state, 1);
	add_selected(1, 1);
	send_flows(sent);
	assert_int_equal(sent[0], FLOWS);
	assert_int_equal(bench.told.acquire, 0);
}

/* What comes from another port than the SA has for the peer is told; IPV6: over that. */
static void send_from_own_ports(void **state, bool ipv6)
{
	const struct addr here = { packet_ip("2001:db8::1"), 4500 };
	unsigned sent[4];

	begin(state, 2);
	bench.conf.per_cpu_sas = PER_CPU_ENCAP;
	add_selected(1, 1);
	add_selected(2, 2);
	for (unsigned child = 0; child < 3 && ipv6; child++)
		assert_ok(user->sa_move(bench.x, CHILD + child, &here, &here, true));
	send_flows(sent);
	assert_int_equal(sent[1] + sent[2], FLOWS);
	bench_wait(mappings, 2);
	assert_int_equal(bench.told.ports[0], 0);
	assert_true(bench.told.ports[1] && bench.told.ports[1] != here.port);
	assert_true(bench.told.ports[2] && bench.told.ports[2] != here.port);
	assert_int_not_equal(bench.told.ports[1], bench.told.ports[2]);
}

static void each_thread_sends_from_a_port_of_its_own_where_that_is_wanted(void **state)
{
	send_from_own_ports(state, false);
}

static void it_has_one_for_ipv6_as_well(void **state)
{
	send_from_own_ports(state, true);
}

static void what_goes_by_the_general_one_leaves_from_its_port(void **state)
{
	unsigned sent[4];

	begin(state, 2);
	bench.conf.per_cpu_sas = PER_CPU_ENCAP;
	send_flows(sent);
	assert_int_equal(sent[0], FLOWS);
	assert_int_equal(bench.told.mapping, 0);
}

/* Without UDP there are no ports. */
static void an_sa_that_leaves_udp_leaves_its_port(void **state)
{
	const struct addr here = { packet_ip("192.0.2.1"), 4500 };
	unsigned sent[4];

	begin(state, 2);
	bench.conf.per_cpu_sas = PER_CPU_ENCAP;
	add_selected(1, 1);
	add_selected(2, 2);
	for (unsigned child = 0; child < 3; child++)
		assert_ok(user->sa_move(bench.x, CHILD + child, &here, &here, false));
	send_flows(sent);
	assert_int_equal(sent[1] + sent[2], FLOWS);
	assert_int_equal(bench.told.mapping, 0);
}

static void a_policy_that_goes_takes_nothing_with_it(void **state)
{
	struct policy_spec policy;
	unsigned sent[4];

	begin(state, 2);
	add_selected(1, 1);
	add_selected(2, 2);
	user->policy_del(bench.x, POLICY);
	policy = bench_policy(false);
	policy.per_cpu = true;
	assert_ok(user->policy_add(bench.x, &policy, &h->why));
	user->sa_select(bench.x, POLICY, CHILD);
	user->sa_select(bench.x, POLICY, CHILD + 2);
	del(1);
	send_flows(sent);
	assert_true(sent[0] && sent[2]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, machine_set_up, bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(each_thread_sends_by_the_sa_of_its_own),
		CASE(who_has_none_asks_for_it_and_goes_by_the_general_one),
		CASE(who_has_its_own_needs_no_general_one),
		CASE(of_several_the_last_one_selected_sends),
		CASE(what_is_not_selected_sends_nothing),
		CASE(one_that_moves_goes_on),
		CASE(one_thread_alone_sends_all_by_the_general_one),
		CASE(each_thread_sends_from_a_port_of_its_own_where_that_is_wanted),
		CASE(it_has_one_for_ipv6_as_well),
		CASE(what_goes_by_the_general_one_leaves_from_its_port),
		CASE(an_sa_that_leaves_udp_leaves_its_port),
		CASE(a_policy_that_goes_takes_nothing_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
