/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The userspace back end as the daemon uses it: packets go round, what is reported, what is refused. */
#include "tests/unit/user_bench.h"

#include "xfrm/user/engine.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

static uint64_t acquires(void)
{
	return bench.told.acquire;
}

static uint64_t ikes(void)
{
	return bench.told.ike;
}

static uint64_t unknown_spis(void)
{
	return bench.told.unknown_spi;
}

static void packets_go_round_in_udp(void **state)
{
	struct machine *h = bench_begin(state);

	bench_add_sas(h, true);
	bench_add_policy(h, false);
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
}

static void packets_go_round_in_raw_esp(void **state)
{
	struct machine *h = bench_begin(state);

	bench_add_sas(h, false);
	bench_add_policy(h, false);
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
}

static void a_moved_sa_goes_on_over_ipv6(void **state)
{
	const struct addr here = { packet_ip("2001:db8::1"), 4500 };
	struct machine *h = bench_begin(state);

	bench_add_sas(h, true);
	bench_add_policy(h, false);
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
	assert_ok(user->sa_move(bench.x, CHILD, &here, &here, true));
	bench_assert_carried();
	assert_ok(user->sa_move(bench.x, CHILD, &here, &here, false));
	bench_assert_carried();
	assert_int_equal(bench_packets(true), 9);
	assert_int_equal(bench.told.mapping, 0);
}

static void moving_nobody_is_missing(void **state)
{
	const struct addr here = { packet_ip("192.0.2.1"), 4500 };

	bench_begin(state);
	assert_int_equal(user->sa_move(bench.x, CHILD, &here, &here, true), ERR_MISSING);
}

static void a_trap_asks_and_then_carries(void **state)
{
	struct machine *h = bench_begin(state);
	char text[TS_TEXT];

	bench_add_policy(h, true);
	bench_send_far();
	bench_wait(acquires, 1);
	assert_int_equal(bench.told.policy, POLICY);
	assert_string_equal(ts_print(&bench.told.remote, text), "10.2.0.9/32[udp/9]");
	bench_add_sas(h, true);
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
}

/* A wide policy is met before the narrow one within it where its configured priority is the smaller. */
static void a_configured_priority_decides(void **state)
{
	struct machine *h = bench_begin(state);
	struct ts all = packet_ts("10.0.0.0/8");
	struct child_conf first = { .name = "first", .priority = 100 };
	struct policy_spec wide = bench_policy(true);

	wide.id = POLICY + 1;
	wide.remote_ts = (struct tss){ &all, 1 };
	bench_add_policy(h, true);
	assert_ok(user->policy_add(bench.x, &wide, &h->why));
	bench_send_far();
	bench_wait(acquires, 1);
	assert_int_equal(bench.told.policy, POLICY);
	user->policy_del(bench.x, wide.id);
	wide.conf = &first;
	assert_ok(user->policy_add(bench.x, &wide, &h->why));
	bench_send_far();
	bench_wait(acquires, 2);
	assert_int_equal(bench.told.policy, wide.id);
}

static void deselecting_asks_again(void **state)
{
	struct machine *h = bench_begin(state);

	bench_add_sas(h, true);
	bench_add_policy(h, false);
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
	user->sa_select(bench.x, POLICY, 0);
	bench_send_far();
	bench_wait(acquires, 1);
	assert_int_equal(bench_packets(false), 3);
}

static void an_outbound_sa_that_goes_leaves_its_policy_asking(void **state)
{
	struct machine *h = bench_begin(state);

	bench_add_sas(h, true);
	bench_add_policy(h, false);
	user->sa_select(bench.x, POLICY, CHILD);
	user->sa_del(bench.x, CHILD, false);
	bench_send_far();
	bench_wait(acquires, 1);
}

static void closing_takes_everything_away(void **state)
{
	struct machine *h = bench_begin(state);

	bench_add_sas(h, true);
	bench_add_policy(h, false);
	user->close(bench.x);
	bench.x = NULL;
	assert_silent("ip rule", "220");
	assert_silent("ip route show table all", "10.2.0.0");
	assert_silent("ip link show", "ipsec0");
	assert_silent("nft list tables", "ikev2d");
	assert_int_equal(access(h->journal, F_OK), -1);
}

static void an_spi_in_use_is_refused(void **state)
{
	struct machine *h = bench_begin(state);
	struct sa_spec in = bench_sa(true, true);

	assert_ok(user->sa_add(bench.x, &in, &h->why));
	in.child++;
	assert_int_equal(user->sa_add(bench.x, &in, &h->why), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "8000abcd"));
	user->sa_del(bench.x, CHILD, true);
	assert_ok(user->sa_add(bench.x, &in, &h->why));
}

static void a_child_has_one_sa_in_a_direction(void **state)
{
	struct machine *h = bench_begin(state);
	struct sa_spec out = bench_sa(false, true);

	assert_ok(user->sa_add(bench.x, &out, &h->why));
	out.spi++;
	assert_int_equal(user->sa_add(bench.x, &out, &h->why), ERR_EXISTS);
}

static void only_tunnels_are_carried(void **state)
{
	struct machine *h = bench_begin(state);
	struct sa_spec in = bench_sa(true, true);
	struct policy_spec policy = bench_policy(true);

	in.mode = MODE_TRANSPORT;
	assert_int_equal(user->sa_add(bench.x, &in, &h->why), ERR_UNSUPPORTED);
	policy.mode = MODE_BEET;
	assert_int_equal(user->policy_add(bench.x, &policy, &h->why), ERR_UNSUPPORTED);
	assert_string_equal(text_str(&h->why),
		"the userspace path carries tunnel mode only, and this CHILD_SA has mode = transport: write "
		"mode = tunnel, or let the kernel carry it"
		"the userspace path carries tunnel mode only, and this CHILD_SA has mode = beet: write mode "
		"= tunnel, or let the kernel carry it");
}

static void a_policy_is_there_once(void **state)
{
	struct machine *h = bench_begin(state);
	struct policy_spec policy = bench_policy(true);

	assert_ok(user->policy_add(bench.x, &policy, &h->why));
	assert_int_equal(user->policy_add(bench.x, &policy, &h->why), ERR_EXISTS);
}

static void dynamic_selectors_get_the_outer_addresses(void **state)
{
	struct machine *h = bench_begin(state);
	struct policy_spec policy = bench_policy(true);

	bench.near_net = bench.far_net = packet_ts("dynamic");
	policy.remote = packet_ip("192.0.2.2");
	assert_ok(user->policy_add(bench.x, &policy, &h->why));
	assert_says("ip route show table 220", "192.0.2.2 dev ipsec0");
}

static void dynamic_selectors_without_address_are_explained(void **state)
{
	struct machine *h = bench_begin(state);
	struct policy_spec policy = bench_policy(true);

	bench.far_net = packet_ts("dynamic");
	policy.remote = (struct ip){ 0 };
	assert_int_equal(user->policy_add(bench.x, &policy, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "remote_addrs"));
	assert_silent("ip link show", "ipsec0");
}

static void too_many_selectors_are_explained(void **state)
{
	struct machine *h = bench_begin(state);
	struct policy_spec policy = bench_policy(true);
	struct ts many[TS_MAX];

	for (int i = 0; i < TS_MAX; i++)
		many[i] = bench.far_net;
	policy.local_ts = policy.remote_ts = (struct tss){ many, TS_MAX };
	assert_int_equal(user->policy_add(bench.x, &policy, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "4096"));
}

static void usage_of_nobody_is_none(void **state)
{
	struct sa_usage u;

	bench_begin(state);
	assert_false(user->usage(bench.x, CHILD, true, &u));
}

static void ike_that_lands_here_is_handed_over(void **state)
{
	bench_begin(state);
	bench_send_udp("192.0.2.1", 4500, "\0\0\0\0datagram", 12);
	bench_wait(ikes, 1);
	assert_int_equal(bench.told.ike_size, 8);
	assert_true(bench.told.ike_path.marker);
	assert_int_equal(bench.told.ike_path.local.port, 4500);
	assert_true(ip_eq(&bench.told.ike_path.local.ip, &(struct ip){ 4, { 192, 0, 2, 1 } }));
	assert_true(ip_eq(&bench.told.ike_path.remote.ip, &(struct ip){ 4, { 10, 1, 0, 1 } }));
}

/* Nor does the kernel's ESP cost anything. */
static void esp_of_the_kernel_is_not_seen(void **state)
{
	struct machine *h = bench_begin(state);
	struct text drops = text_in(&h->arena);

	bench_send(SOCK_RAW, "192.0.2.1", 0, "\x19\x99\x99\x99 the kernel's", 16);
	bench_send(SOCK_RAW, "192.0.2.1", 0, "\x99\x99\x99\x99 of nobody", 14);
	bench_wait(unknown_spis, 1);
	assert_int_equal(bench.told.spi, 0x99999999);
	for (unsigned i = 0; i < PATIENCE / 10 && !drops.n; i++) { /* counted at the end of a batch */
		user->drops(bench.x, &drops);
		usleep(10000);
	}
	assert_string_equal(text_str(&drops), "unknown-spi=1");
}

static void an_unknown_spi_is_reported(void **state)
{
	bench_begin(state);
	bench_send_udp("192.0.2.1", 4500, "\x99\x99\x99\x99 of nobody", 14);
	bench_wait(unknown_spis, 1);
	assert_int_equal(bench.told.spi, 0x99999999);
	assert_true(bench.told.spi_encap);
	assert_int_equal(bench.told.spi_path.local.port, 4500);
	assert_true(ip_eq(&bench.told.spi_path.local.ip, &(struct ip){ 4, { 192, 0, 2, 1 } }));
	assert_true(ip_eq(&bench.told.spi_path.remote.ip, &(struct ip){ 4, { 10, 1, 0, 1 } }));
}

/* A datagram of the IKE marker goes to the IKE socket, which was there first; one with an SPI of ours does
 * not.
 */
static void the_ike_socket_keeps_what_is_its_own(void **state)
{
	struct sockaddr_in port = { .sin_family = AF_INET, .sin_port = htons(4500) };
	struct machine *h = machine_enter(state);
	int ike = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
	struct pollfd p = { ike, POLLIN, 0 };
	char octets[32];

	assert_int_equal(setsockopt(ike, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
	assert_int_equal(bind(ike, (struct sockaddr *)&port, sizeof port), 0);
	assert_ok(bench_open(h));
	bench_send_udp("192.0.2.1", 4500, "\200sp, for all we know", 20);
	bench_send_udp("192.0.2.1", 4500, "\0\0\0\0ike", 7);
	assert_int_equal(poll(&p, 1, PATIENCE), 1);
	assert_int_equal(recv(ike, octets, sizeof octets, MSG_DONTWAIT), 7);
	assert_int_equal(recv(ike, octets, sizeof octets, MSG_DONTWAIT), -1);
	assert_int_equal(bench.told.ike, 0);
	close(ike);
}

static void a_port_in_use_is_explained(void **state)
{
	struct sockaddr_in port = { .sin_family = AF_INET, .sin_port = htons(4500) };
	struct machine *h = machine_enter(state);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&port, sizeof port), 0);
	assert_int_equal(bench_open(h), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&h->why), "4500"));
	bench.x = NULL;
	close(fd);
}

static void the_pace_is_told(void **state)
{
	struct machine *h = bench_begin(state);
	struct text text = text_in(&h->arena);

	bench_add_sas(h, true);
	bench_add_policy(h, false);
	user->sa_select(bench.x, POLICY, CHILD);
	bench_assert_carried();
	user->pace(bench.x, &text);
	assert_ptr_equal(strstr(text_str(&text), "engine="), text_str(&text));
	assert_non_null(strstr(text_str(&text), engine_next(NULL)->name));
	assert_non_null(strstr(text_str(&text), " offloads=tcp"));
	assert_non_null(strstr(text_str(&text), " sent=1.0 received=1.0"));
}

enum { MANY = 12 /* children, each to a network of its own */, FLOWS = 8, EACH = 40 };

/* Installs child number I, as the core does it. */
static void add_child(struct machine *h, unsigned i)
{
	char text[TS_TEXT];
	struct sa_spec in, out;
	struct policy_spec policy;

	snprintf(text, sizeof text, "10.2.%u.0/24", i);
	bench.far_net = packet_ts(text);
	in = bench_sa(true, true);
	out = bench_sa(false, true);
	policy = bench_policy(false);
	in.spi = out.spi = SPI + i;
	in.child = out.child = CHILD + i;
	in.policy = out.policy = policy.id = POLICY + i;
	assert_ok(user->sa_add(bench.x, &in, &h->why));
	assert_ok(user->sa_add(bench.x, &out, &h->why));
	assert_ok(user->policy_add(bench.x, &policy, &h->why));
	user->sa_select(bench.x, POLICY + i, CHILD + i);
}

static void del_child(unsigned i)
{
	user->policy_del(bench.x, POLICY + i);
	user->sa_del(bench.x, CHILD + i, true);
	user->sa_del(bench.x, CHILD + i, false);
}

static uint64_t packets_of_many(void)
{
	struct sa_usage u = { 0 };
	uint64_t n = 0;

	for (unsigned i = 0; i < MANY; i++)
		n += user->usage(bench.x, CHILD + i, true, &u) ? u.packets : 0;
	return n;
}

/* Flows on one SA go to several threads, those of many SAs too; all the while others come and go. */
static void several_workers_carry_what_one_does(void **state)
{
	struct machine *h;
	struct text pace;

	bench.workers = 4;
	h = bench_begin(state);
	for (unsigned i = 0; i < MANY; i++)
		add_child(h, i);
	for (unsigned turn = 0; turn < EACH; turn++) {
		for (unsigned i = 0; i < MANY; i++)
			for (uint16_t flow = 0; flow < FLOWS; flow++) {
				char to[IP_TEXT];

				snprintf(to, sizeof to, "10.2.%u.9", i);
				bench_send_udp(to, (uint16_t)(1000 + flow), "hello", 5);
			}
		add_child(h, MANY + turn % 2);
		bench_wait(packets_of_many, (uint64_t)(turn + 1) * MANY * FLOWS);
		del_child(MANY + turn % 2);
	}
	assert_int_equal(bench.told.used, MANY);
	pace = text_in(&h->arena);
	user->drops(bench.x, &pace);
	assert_string_equal(text_str(&pace), "");
	user->pace(bench.x, &pace);
	assert_non_null(strstr(text_str(&pace), " workers=4"));
}

static void too_many_workers_are_refused(void **state)
{
	struct machine *h = machine_enter(state);

	bench.workers = WORKERS_MAX + 1;
	assert_int_equal(bench_open(h), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "daemon.workers = 17"));
	bench.x = NULL;
}

static void a_short_queue_of_the_device_is_told(void **state)
{
	struct machine *h = bench_begin(state);
	struct text text = text_in(&h->arena);

	bench_add_policy(h, false);
	user->advice(bench.x, &text);
	assert_string_equal(text_str(&text), "");
	machine_sh("ip link set ipsec0 txqueuelen 500");
	user->advice(bench.x, &text);
	assert_non_null(strstr(text_str(&text), "keeps 500 packets instead of 5000"));
	assert_non_null(strstr(text_str(&text), "\"ip link set ipsec0 txqueuelen 5000\""));
}

static void drops_are_told_by_reason(void **state)
{
	struct machine *h = bench_begin(state);
	struct text text = text_in(&h->arena);

	bench.far_net = packet_ts("10.2.0.0/24[tcp/80]");
	bench_add_policy(h, true);
	bench_send_far();
	for (unsigned i = 0; i < PATIENCE / 10 && !text.n; i++) {
		user->drops(bench.x, &text);
		usleep(10000);
	}
	assert_string_equal(text_str(&text), "no-policy=1");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, machine_set_up, bench_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(packets_go_round_in_udp),
		CASE(packets_go_round_in_raw_esp),
		CASE(a_moved_sa_goes_on_over_ipv6),
		CASE(moving_nobody_is_missing),
		CASE(a_trap_asks_and_then_carries),
		CASE(a_configured_priority_decides),
		CASE(deselecting_asks_again),
		CASE(an_outbound_sa_that_goes_leaves_its_policy_asking),
		CASE(closing_takes_everything_away),
		CASE(an_spi_in_use_is_refused),
		CASE(only_tunnels_are_carried),
		CASE(a_child_has_one_sa_in_a_direction),
		CASE(a_policy_is_there_once),
		CASE(dynamic_selectors_get_the_outer_addresses),
		CASE(dynamic_selectors_without_address_are_explained),
		CASE(too_many_selectors_are_explained),
		CASE(usage_of_nobody_is_none),
		CASE(ike_that_lands_here_is_handed_over),
		CASE(an_unknown_spi_is_reported),
		CASE(esp_of_the_kernel_is_not_seen),
		CASE(the_ike_socket_keeps_what_is_its_own),
		CASE(a_port_in_use_is_explained),
		CASE(the_pace_is_told),
		CASE(several_workers_carry_what_one_does),
		CASE(too_many_workers_are_refused),
		CASE(a_short_queue_of_the_device_is_told),
		CASE(drops_are_told_by_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
