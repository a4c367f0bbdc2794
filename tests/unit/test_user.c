/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The userspace back end as the daemon uses it, with real devices, sockets and threads, on a machine of its
 * own that is its own peer: what it seals comes back to it and is opened. */
#include "tests/unit/machine.h"

#include "base/text.h"
#include "tests/unit/packet.h"
#include "xfrm/choice.h"
#include "xfrm/user/engine.h"
#include "xfrm/user/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { CHILD = 3, POLICY = 4, SPI = 0x8000abcd, PATIENCE = 3000 /* ms */ };

static const struct xfrm_backend *const user = &xfrm_choice;

/* What was reported, and how often. */
static struct {
	unsigned acquire, mapping, used, expire, ike, unknown_spi;
	uint32_t policy, child;
	struct ts remote;
	size_t ike_size;
	struct path ike_path, spi_path;
	bool spi_encap;
	uint32_t spi;
} told;

static struct xfrm *x;
static struct settings settings;
static struct child_conf conf;
static struct ts near_net, far_net;

static void note_acquire(void *ctx, uint32_t policy, const struct ts *local, const struct ts *remote)
{
	(void)ctx;
	(void)local;
	told.acquire++;
	told.policy = policy;
	told.remote = *remote;
}

static void note_mapping(void *ctx, uint32_t child, const struct addr *remote)
{
	(void)ctx;
	(void)child;
	(void)remote;
	told.mapping++;
}

static void note_used(void *ctx, uint32_t child)
{
	(void)ctx;
	told.used++;
	told.child = child;
}

static void note_expire(void *ctx, uint32_t child, bool hard)
{
	(void)ctx;
	(void)child;
	(void)hard;
	told.expire++;
}

static void note_ike(void *ctx, const struct path *path, struct bytes datagram)
{
	(void)ctx;
	told.ike++;
	told.ike_path = *path;
	told.ike_size = datagram.n;
}

static void note_unknown_spi(void *ctx, const struct path *path, bool encap, uint32_t spi)
{
	(void)ctx;
	told.spi_encap = encap;
	told.spi_path = *path;
	told.spi = spi;
	told.unknown_spi++;
}

static unsigned workers; /* in each direction; 0: as many as usual */

static enum err open_backend_in(struct machine *h, unsigned table)
{
	struct xfrm_setup setup = {
		.settings = &settings,
		.run_dir = h->dir,
		.reports = { NULL, note_acquire, note_mapping, note_used, note_expire, note_ike,
			note_unknown_spi },
	};

	settings = settings_default();
	settings.datapath = DATAPATH_USER;
	settings.routing_table = table;
	settings.workers = workers;
	memset(&told, 0, sizeof told);
	conf = (struct child_conf){ .name = "net", .replay_window = 1024, .copy_df = true, .copy_ecn = true };
	near_net = packet_ts("10.1.0.0/24");
	far_net = packet_ts("10.2.0.0/24");
	return user->open(&setup, &x, &h->why);
}

static enum err open_backend(struct machine *h)
{
	return open_backend_in(h, 220);
}

static struct machine *begin(void **state)
{
	struct machine *h = machine_enter(state);

	assert_ok(open_backend(h));
	return h;
}

static int end(void **state)
{
	if (x)
		user->close(x);
	x = NULL;
	workers = 0;
	return machine_tear_down(state);
}

/* One direction of the child; the peer is this machine. */
static struct sa_spec spec_of(bool inbound, bool encap)
{
	static struct suite suite;
	const struct addr here = { packet_ip("192.0.2.1"), 4500 };
	struct sa_spec s = {
		.spi = SPI,
		.inbound = inbound,
		.child = CHILD,
		.policy = POLICY,
		.encap = encap,
		.local = here,
		.remote = here,
		.local_ts = { inbound ? &far_net : &near_net, 1 },
		.remote_ts = { inbound ? &near_net : &far_net, 1 },
		.conf = &conf,
	};

	suite = packet_suite("aes256gcm16", false);
	s.suite = suite;
	s.encr_key = packet_encr_key(&suite);
	s.integ_key = packet_integ_key(&suite);
	return s;
}

static void add_sas(struct machine *h, bool encap)
{
	struct sa_spec in = spec_of(true, encap), out = spec_of(false, encap);

	assert_ok(user->sa_add(x, &in, &h->why));
	assert_ok(user->sa_add(x, &out, &h->why));
}

static struct policy_spec policy_of(bool trap)
{
	return (struct policy_spec){
		.id = POLICY,
		.trap = trap,
		.local_ts = { &near_net, 1 },
		.remote_ts = { &far_net, 1 },
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.1"),
		.conf = &conf,
	};
}

static void add_policy(struct machine *h, bool trap)
{
	struct policy_spec policy = policy_of(trap);

	assert_ok(user->policy_add(x, &policy, &h->why));
}

/* Sends N octets by UDP; a guard may not let them. */
/* By SOCK_DGRAM, or SOCK_RAW: then it is ESP. */
static void send_by(int type, const char *to, uint16_t port, const void *octets, size_t n)
{
	struct sockaddr_in from = { .sin_family = AF_INET },
			   dest = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, type, type == SOCK_RAW ? IPPROTO_ESP : 0);
	ssize_t sent;

	inet_pton(AF_INET, "10.1.0.1", &from.sin_addr);
	inet_pton(AF_INET, to, &dest.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	sent = sendto(fd, octets, n, 0, (struct sockaddr *)&dest, sizeof dest);
	assert_true(sent == (ssize_t)n || errno == EPERM);
	close(fd);
}

static void send_udp(const char *to, uint16_t port, const void *octets, size_t n)
{
	send_by(SOCK_DGRAM, to, port, octets, n);
}

static void send_far(void)
{
	send_udp("10.2.0.9", 9, "hello", 5);
}

static uint64_t packets(bool inbound)
{
	struct sa_usage u = { 0 };

	return user->usage(x, CHILD, inbound, &u) ? u.packets : 0;
}

static uint64_t packets_in(void)
{
	return packets(true);
}

static uint64_t acquires(void)
{
	return told.acquire;
}

static uint64_t ikes(void)
{
	return told.ike;
}

static uint64_t unknown_spis(void)
{
	return told.unknown_spi;
}

/* Dispatches until COUNT gives N, or patience is over. */
static void wait_for(uint64_t (*count)(void), uint64_t n)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		struct pollfd p = { user->fd(x), POLLIN, 0 };

		poll(&p, 1, 10);
		user->dispatch(x);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (count() < n && (now.tv_sec - start.tv_sec) * 1000 < PATIENCE);
	assert_int_equal(count(), n);
}

/* Packets go round by the SAs of CHILD. */
static void assert_carried(void)
{
	uint64_t before = packets(true);

	for (unsigned i = 1; i <= 3; i++) {
		send_far();
		wait_for(packets_in, before + i);
	}
	assert_int_equal(packets(false), before + 3);
	assert_int_equal(told.used, 1);
	assert_int_equal(told.child, CHILD);
}

static void packets_go_round_in_udp(void **state)
{
	struct machine *h = begin(state);

	add_sas(h, true);
	add_policy(h, false);
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
}

static void packets_go_round_in_raw_esp(void **state)
{
	struct machine *h = begin(state);

	add_sas(h, false);
	add_policy(h, false);
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
}

static void a_moved_sa_goes_on_over_ipv6(void **state)
{
	const struct addr here = { packet_ip("2001:db8::1"), 4500 };
	struct machine *h = begin(state);

	add_sas(h, true);
	add_policy(h, false);
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
	assert_ok(user->sa_move(x, CHILD, &here, &here, true));
	assert_carried();
	assert_ok(user->sa_move(x, CHILD, &here, &here, false));
	assert_carried();
	assert_int_equal(packets(true), 9);
	assert_int_equal(told.mapping, 0);
}

static void moving_nobody_is_missing(void **state)
{
	const struct addr here = { packet_ip("192.0.2.1"), 4500 };

	begin(state);
	assert_int_equal(user->sa_move(x, CHILD, &here, &here, true), ERR_MISSING);
}

static void a_trap_asks_and_then_carries(void **state)
{
	struct machine *h = begin(state);
	char text[TS_TEXT];

	add_policy(h, true);
	send_far();
	wait_for(acquires, 1);
	assert_int_equal(told.policy, POLICY);
	assert_string_equal(ts_print(&told.remote, text), "10.2.0.9/32[udp/9]");
	add_sas(h, true);
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
}

/* A wide policy is met before the narrow one within it where its configured priority is the smaller. */
static void a_configured_priority_decides(void **state)
{
	struct machine *h = begin(state);
	struct ts all = packet_ts("10.0.0.0/8");
	struct child_conf first = { .name = "first", .priority = 100 };
	struct policy_spec wide = policy_of(true);

	wide.id = POLICY + 1;
	wide.remote_ts = (struct tss){ &all, 1 };
	add_policy(h, true);
	assert_ok(user->policy_add(x, &wide, &h->why));
	send_far();
	wait_for(acquires, 1);
	assert_int_equal(told.policy, POLICY);
	user->policy_del(x, wide.id);
	wide.conf = &first;
	assert_ok(user->policy_add(x, &wide, &h->why));
	send_far();
	wait_for(acquires, 2);
	assert_int_equal(told.policy, wide.id);
}

static void deselecting_asks_again(void **state)
{
	struct machine *h = begin(state);

	add_sas(h, true);
	add_policy(h, false);
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
	user->sa_select(x, POLICY, 0);
	send_far();
	wait_for(acquires, 1);
	assert_int_equal(packets(false), 3);
}

static void an_outbound_sa_that_goes_leaves_its_policy_asking(void **state)
{
	struct machine *h = begin(state);

	add_sas(h, true);
	add_policy(h, false);
	user->sa_select(x, POLICY, CHILD);
	user->sa_del(x, CHILD, false);
	send_far();
	wait_for(acquires, 1);
}

static void routes_come_and_go_with_policies(void **state)
{
	struct machine *h = begin(state);

	add_policy(h, true);
	assert_says("ip route show table 220", "10.2.0.0/24 dev ipsec0");
	assert_says("ip route show table 220", "unreachable 10.2.0.0/24");
	assert_says("ip route show table 220", "src 10.1.0.1");
	user->policy_del(x, POLICY);
	assert_silent("ip route show table 220", "10.2.0.0");
}

static void no_routes_are_made_where_nobody_wants_them(void **state)
{
	struct machine *h = begin(state);

	settings.install_routes = false;
	add_policy(h, true);
	assert_says("ip link show", "ipsec0");
	assert_silent("ip route show table 220", "10.2.0.0");
	user->policy_del(x, POLICY);
}

/* out0 has an MTU of 1300, but this machine reaches itself by lo. */
static void routes_get_the_size_of_their_sa(void **state)
{
	struct machine *h = begin(state);
	struct sa_spec out = spec_of(false, true);

	out.remote.ip = packet_ip("192.0.2.2");
	add_policy(h, true);
	assert_ok(user->sa_add(x, &out, &h->why));
	assert_says("ip route show table 220", "mtu 1238"); /* 1300 - 20 - 8 - 32, - 2 for the trailer */
	user->policy_del(x, POLICY);
	assert_silent("ip route show table 220", "10.2.0.0");
}

static void a_child_may_have_a_device_of_its_own(void **state)
{
	struct machine *h = begin(state);

	conf.interface = "vpn";
	add_sas(h, true);
	add_policy(h, false);
	assert_says("ip link show", "vpn:");
	assert_silent("ip link show", "vpn0");
	assert_silent("ip link show", "ipsec0");
	assert_silent("ip route show table 220", "10.2.0.0");
	machine_sh("ip route add 10.2.0.0/24 dev vpn src 10.1.0.1");
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
	user->policy_del(x, POLICY);
	user->sa_del(x, CHILD, true);
	assert_says("ip link show", "vpn:");
	user->sa_del(x, CHILD, false);
	wait_for(packets_in, 0);
	assert_silent("ip link show", "vpn:");
}

static void a_device_of_its_own_has_addresses_and_routes(void **state)
{
	struct if_addr addrs[] = { { packet_ip("10.9.0.1"), 30 }, { packet_ip("2001:db8:9::1"), 64 } };
	struct machine *h = begin(state);

	conf.interface = "vpn";
	conf.interface_addrs = addrs;
	conf.n_interface_addrs = 2;
	conf.interface_routes.remote = true;
	add_sas(h, true);
	add_policy(h, false);
	assert_says("ip addr show dev vpn", "inet 10.9.0.1/30");
	assert_says("ip addr show dev vpn", "inet6 2001:db8:9::1/64");
	assert_says("ip route show table 220", "10.2.0.0/24 dev vpn");
	assert_says("ip route show table 220", "unreachable 10.2.0.0/24");
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
	user->policy_del(x, POLICY);
	assert_silent("ip addr show dev vpn", "inet 10.9.0.1");
	assert_silent("ip route show table 220", "10.2.0.0");
}

static void a_device_of_its_own_may_have_other_routes(void **state)
{
	struct machine *h = begin(state);
	struct ts nets[] = { packet_ts("10.3.0.0/16"), packet_ts("2001:db8:3::/64") };

	conf.interface = "vpn";
	conf.interface_routes.nets = (struct tss){ nets, 2 };
	near_net = far_net = packet_ts("0.0.0.0/0");
	settings.install_routes = false;
	add_policy(h, true);
	assert_says("ip route show table 220", "10.3.0.0/16 dev vpn");
	assert_says("ip -6 route show table 220", "2001:db8:3::/64 dev vpn");
	assert_silent("ip route show table 220", "default");
	user->policy_del(x, POLICY);
	assert_silent("ip route show table 220; ip -6 route show table 220", "vpn");
}

static uint64_t vpn_gone(void)
{
	struct sa_usage usage;

	user->usage(x, CHILD, true, &usage); /* reaps */
	return !if_nametoindex("vpn");
}

static void of_a_policy_whose_address_cannot_be_had_nothing_is_left(void **state)
{
	struct if_addr addrs[] = { { packet_ip("10.9.0.1"), 30 }, { packet_ip("ff02::1"), 64 } };
	struct machine *h = begin(state);
	struct policy_spec spec = policy_of(true);

	conf.interface = "vpn";
	conf.interface_addrs = addrs;
	conf.n_interface_addrs = 2;
	conf.interface_routes.remote = true;
	assert_int_not_equal(user->policy_add(x, &spec, &h->why), ERR_OK);
	assert_non_null(strstr(text_str(&h->why), "cannot put the address ff02::1/64 on vpn"));
	assert_silent("ip route show table 220", "10.2.0.0");
	wait_for(vpn_gone, 1);
}

static void a_route_in_main_that_catches_the_peer_is_refused(void **state)
{
	struct machine *h = machine_enter(state);
	struct policy_spec spec = policy_of(true);

	assert_ok(open_backend_in(h, TABLE_MAIN));
	add_policy(h, true);
	assert_says("ip route", "10.2.0.0/24 dev ipsec0");
	user->policy_del(x, POLICY);
	far_net = packet_ts("192.0.2.0/25");
	spec.remote = packet_ip("192.0.2.2");
	assert_int_equal(user->policy_add(x, &spec, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "packets to 192.0.2.2 into the tunnel"));
	assert_silent("ip route", "ipsec0");
}

static void add_shunt(struct machine *h, uint32_t id, bool drop, const char *local, const char *remote)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);

	assert_ok(user->shunt_add(x,
		&(struct shunt_spec){ .id = id, .drop = drop, .local_ts = { &l, 1 }, .remote_ts = { &r, 1 } },
		&h->why));
}

/* This machine's own network goes past a tunnel to everywhere, whether a source is chosen or not. */
static void what_passes_goes_past_the_device(void **state)
{
	struct machine *h = begin(state);

	far_net = packet_ts("0.0.0.0/0");
	add_policy(h, true);
	assert_says("ip route get 10.1.0.77", "dev out0"); /* it is ours */
	assert_says("ip route get 192.0.2.77", "dev ipsec0");
	add_shunt(h, 1, false, "192.0.2.0/24", "192.0.2.0/24");
	assert_says("ip route get 192.0.2.77", "dev out0");
	assert_says("ip route get 192.0.2.77 from 192.0.2.1", "dev out0");
	assert_says("ip route get 192.0.2.77 from 10.1.0.1", "dev ipsec0");
	assert_says("ip route get 198.51.100.1", "dev ipsec0");
	user->shunt_del(x, 1);
	user->shunt_del(x, 1);
	assert_says("ip route get 192.0.2.77", "dev ipsec0");
	assert_silent("ip rule", "goto");
}

static void what_is_dropped_does_not_leave(void **state)
{
	struct machine *h = begin(state);

	machine_sh("ip route add default via 192.0.2.254");
	add_shunt(h, 1, true, "0.0.0.0/0", "198.51.100.0/24");
	send_udp("203.0.113.1", 9, "hello", 5);
	assert_silent("nft list ruleset", "counter packets 1");
	send_udp("198.51.100.1", 9, "hello", 5);
	assert_says("nft list ruleset", "counter packets 1");
	assert_says("nft list ruleset", "198.51.100.0/24");
	user->shunt_del(x, 1);
	assert_silent("nft list ruleset", "198.51.100.0/24");
}

static void a_shunt_that_cannot_be_had_leaves_nothing(void **state)
{
	struct machine *h = begin(state);
	struct ts l = packet_ts("192.0.2.0/24"), r[2] = { l, packet_ts("198.51.100.0/24[icmp/8]") };
	struct shunt_spec spec = { .id = 1, .local_ts = { &l, 1 }, .remote_ts = { r, 2 } };

	assert_int_equal(user->shunt_add(x, &spec, &h->why), ERR_UNSUPPORTED);
	assert_silent("ip rule", "goto");
	spec.remote_ts.n = 1;
	assert_ok(user->shunt_add(x, &spec, &h->why));
	assert_int_equal(user->shunt_add(x, &spec, &h->why), ERR_EXISTS);
	assert_says("ip rule", "goto");
}

static void closing_takes_everything_away(void **state)
{
	struct machine *h = begin(state);

	add_sas(h, true);
	add_policy(h, false);
	user->close(x);
	x = NULL;
	assert_silent("ip rule", "220");
	assert_silent("ip route show table all", "10.2.0.0");
	assert_silent("ip link show", "ipsec0");
	assert_silent("nft list tables", "ikev2d");
	assert_int_equal(access(h->journal, F_OK), -1);
}

static void an_spi_in_use_is_refused(void **state)
{
	struct machine *h = begin(state);
	struct sa_spec in = spec_of(true, true);

	assert_ok(user->sa_add(x, &in, &h->why));
	in.child++;
	assert_int_equal(user->sa_add(x, &in, &h->why), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "8000abcd"));
	user->sa_del(x, CHILD, true);
	assert_ok(user->sa_add(x, &in, &h->why));
}

static void a_child_has_one_sa_in_a_direction(void **state)
{
	struct machine *h = begin(state);
	struct sa_spec out = spec_of(false, true);

	assert_ok(user->sa_add(x, &out, &h->why));
	out.spi++;
	assert_int_equal(user->sa_add(x, &out, &h->why), ERR_EXISTS);
}

static void only_tunnels_are_carried(void **state)
{
	struct machine *h = begin(state);
	struct sa_spec in = spec_of(true, true);
	struct policy_spec policy = policy_of(true);

	in.mode = MODE_TRANSPORT;
	assert_int_equal(user->sa_add(x, &in, &h->why), ERR_UNSUPPORTED);
	policy.mode = MODE_BEET;
	assert_int_equal(user->policy_add(x, &policy, &h->why), ERR_UNSUPPORTED);
	assert_string_equal(text_str(&h->why),
		"the userspace path carries tunnel mode only, and this CHILD_SA has mode = transport: write "
		"mode = tunnel, or let the kernel carry it"
		"the userspace path carries tunnel mode only, and this CHILD_SA has mode = beet: write mode "
		"= tunnel, or let the kernel carry it");
}

static void a_policy_is_there_once(void **state)
{
	struct machine *h = begin(state);
	struct policy_spec policy = policy_of(true);

	assert_ok(user->policy_add(x, &policy, &h->why));
	assert_int_equal(user->policy_add(x, &policy, &h->why), ERR_EXISTS);
}

static void dynamic_selectors_get_the_outer_addresses(void **state)
{
	struct machine *h = begin(state);
	struct policy_spec policy = policy_of(true);

	near_net = far_net = packet_ts("dynamic");
	policy.remote = packet_ip("192.0.2.2");
	assert_ok(user->policy_add(x, &policy, &h->why));
	assert_says("ip route show table 220", "192.0.2.2 dev ipsec0");
}

static void dynamic_selectors_without_address_are_explained(void **state)
{
	struct machine *h = begin(state);
	struct policy_spec policy = policy_of(true);

	far_net = packet_ts("dynamic");
	policy.remote = (struct ip){ 0 };
	assert_int_equal(user->policy_add(x, &policy, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "remote_addrs"));
	assert_silent("ip link show", "ipsec0");
}

static void too_many_selectors_are_explained(void **state)
{
	struct machine *h = begin(state);
	struct policy_spec policy = policy_of(true);
	struct ts many[TS_MAX];

	for (int i = 0; i < TS_MAX; i++)
		many[i] = far_net;
	policy.local_ts = policy.remote_ts = (struct tss){ many, TS_MAX };
	assert_int_equal(user->policy_add(x, &policy, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "4096"));
}

static void usage_of_nobody_is_none(void **state)
{
	struct sa_usage u;

	begin(state);
	assert_false(user->usage(x, CHILD, true, &u));
}

static void ike_that_lands_here_is_handed_over(void **state)
{
	begin(state);
	send_udp("192.0.2.1", 4500, "\0\0\0\0datagram", 12);
	wait_for(ikes, 1);
	assert_int_equal(told.ike_size, 8);
	assert_true(told.ike_path.marker);
	assert_int_equal(told.ike_path.local.port, 4500);
	assert_true(ip_eq(&told.ike_path.local.ip, &(struct ip){ 4, { 192, 0, 2, 1 } }));
	assert_true(ip_eq(&told.ike_path.remote.ip, &(struct ip){ 4, { 10, 1, 0, 1 } }));
}

/* Nor does the kernel's ESP cost anything. */
static void esp_of_the_kernel_is_not_seen(void **state)
{
	struct machine *h = begin(state);
	struct text drops = text_in(&h->arena);

	send_by(SOCK_RAW, "192.0.2.1", 0, "\x19\x99\x99\x99 the kernel's", 16);
	send_by(SOCK_RAW, "192.0.2.1", 0, "\x99\x99\x99\x99 of nobody", 14);
	wait_for(unknown_spis, 1);
	assert_int_equal(told.spi, 0x99999999);
	for (int i = 0; i < PATIENCE / 10 && !drops.n; i++) { /* counted at the end of a batch */
		user->drops(x, &drops);
		usleep(10000);
	}
	assert_string_equal(text_str(&drops), "unknown-spi=1");
}

static void an_unknown_spi_is_reported(void **state)
{
	begin(state);
	send_udp("192.0.2.1", 4500, "\x99\x99\x99\x99 of nobody", 14);
	wait_for(unknown_spis, 1);
	assert_int_equal(told.spi, 0x99999999);
	assert_true(told.spi_encap);
	assert_int_equal(told.spi_path.local.port, 4500);
	assert_true(ip_eq(&told.spi_path.local.ip, &(struct ip){ 4, { 192, 0, 2, 1 } }));
	assert_true(ip_eq(&told.spi_path.remote.ip, &(struct ip){ 4, { 10, 1, 0, 1 } }));
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
	assert_ok(open_backend(h));
	send_udp("192.0.2.1", 4500, "\200sp, for all we know", 20);
	send_udp("192.0.2.1", 4500, "\0\0\0\0ike", 7);
	assert_int_equal(poll(&p, 1, PATIENCE), 1);
	assert_int_equal(recv(ike, octets, sizeof octets, MSG_DONTWAIT), 7);
	assert_int_equal(recv(ike, octets, sizeof octets, MSG_DONTWAIT), -1);
	assert_int_equal(told.ike, 0);
	close(ike);
}

static void a_port_in_use_is_explained(void **state)
{
	struct sockaddr_in port = { .sin_family = AF_INET, .sin_port = htons(4500) };
	struct machine *h = machine_enter(state);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&port, sizeof port), 0);
	assert_int_equal(open_backend(h), ERR_SYSTEM);
	assert_non_null(strstr(text_str(&h->why), "4500"));
	x = NULL;
	close(fd);
}

static void the_pace_is_told(void **state)
{
	struct machine *h = begin(state);
	struct text text = text_in(&h->arena);

	add_sas(h, true);
	add_policy(h, false);
	user->sa_select(x, POLICY, CHILD);
	assert_carried();
	user->pace(x, &text);
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
	far_net = packet_ts(text);
	in = spec_of(true, true);
	out = spec_of(false, true);
	policy = policy_of(false);
	in.spi = out.spi = SPI + i;
	in.child = out.child = CHILD + i;
	in.policy = out.policy = policy.id = POLICY + i;
	assert_ok(user->sa_add(x, &in, &h->why));
	assert_ok(user->sa_add(x, &out, &h->why));
	assert_ok(user->policy_add(x, &policy, &h->why));
	user->sa_select(x, POLICY + i, CHILD + i);
}

static void del_child(unsigned i)
{
	user->policy_del(x, POLICY + i);
	user->sa_del(x, CHILD + i, true);
	user->sa_del(x, CHILD + i, false);
}

static uint64_t packets_of_many(void)
{
	struct sa_usage u = { 0 };
	uint64_t n = 0;

	for (unsigned i = 0; i < MANY; i++)
		n += user->usage(x, CHILD + i, true, &u) ? u.packets : 0;
	return n;
}

/* Flows on one SA go to several threads, those of many SAs too; all the while others come and go. */
static void several_workers_carry_what_one_does(void **state)
{
	struct machine *h;
	struct text pace;

	workers = 4;
	h = begin(state);
	for (unsigned i = 0; i < MANY; i++)
		add_child(h, i);
	for (unsigned turn = 0; turn < EACH; turn++) {
		for (unsigned i = 0; i < MANY; i++)
			for (uint16_t flow = 0; flow < FLOWS; flow++) {
				char to[IP_TEXT];

				snprintf(to, sizeof to, "10.2.%u.9", i);
				send_udp(to, (uint16_t)(1000 + flow), "hello", 5);
			}
		add_child(h, MANY + turn % 2);
		wait_for(packets_of_many, (uint64_t)(turn + 1) * MANY * FLOWS);
		del_child(MANY + turn % 2);
	}
	assert_int_equal(told.used, MANY);
	pace = text_in(&h->arena);
	user->drops(x, &pace);
	assert_string_equal(text_str(&pace), "");
	user->pace(x, &pace);
	assert_non_null(strstr(text_str(&pace), " workers=4"));
}

static void too_many_workers_are_refused(void **state)
{
	struct machine *h = machine_enter(state);

	workers = WORKERS_MAX + 1;
	assert_int_equal(open_backend(h), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "daemon.workers = 17"));
	x = NULL;
}

static void a_short_queue_of_the_device_is_told(void **state)
{
	struct machine *h = begin(state);
	struct text text = text_in(&h->arena);

	add_policy(h, false);
	user->advice(x, &text);
	assert_string_equal(text_str(&text), "");
	machine_sh("ip link set ipsec0 txqueuelen 500");
	user->advice(x, &text);
	assert_non_null(strstr(text_str(&text), "keeps 500 packets instead of 5000"));
	assert_non_null(strstr(text_str(&text), "\"ip link set ipsec0 txqueuelen 5000\""));
}

static void drops_are_told_by_reason(void **state)
{
	struct machine *h = begin(state);
	struct text text = text_in(&h->arena);

	far_net = packet_ts("10.2.0.0/24[tcp/80]");
	add_policy(h, true);
	send_far();
	for (unsigned i = 0; i < PATIENCE / 10 && !text.n; i++) {
		user->drops(x, &text);
		usleep(10000);
	}
	assert_string_equal(text_str(&text), "no-policy=1");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, machine_set_up, end)

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
		CASE(routes_come_and_go_with_policies),
		CASE(no_routes_are_made_where_nobody_wants_them),
		CASE(routes_get_the_size_of_their_sa),
		CASE(a_child_may_have_a_device_of_its_own),
		CASE(a_device_of_its_own_has_addresses_and_routes),
		CASE(a_device_of_its_own_may_have_other_routes),
		CASE(of_a_policy_whose_address_cannot_be_had_nothing_is_left),
		CASE(a_route_in_main_that_catches_the_peer_is_refused),
		CASE(what_passes_goes_past_the_device),
		CASE(what_is_dropped_does_not_leave),
		CASE(a_shunt_that_cannot_be_had_leaves_nothing),
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
