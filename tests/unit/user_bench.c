/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/user_bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

struct user_bench bench;

static void note_acquire(
	void *ctx, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	(void)ctx;
	(void)local;
	bench.told.acquire++;
	bench.told.resources |= 1u << resource;
	bench.told.policy = policy;
	bench.told.remote = *remote;
}

static void note_mapping(void *ctx, uint32_t child, const struct addr *remote)
{
	(void)ctx;
	bench.told.mapping++;
	if (child - CHILD < sizeof bench.told.ports / sizeof *bench.told.ports)
		bench.told.ports[child - CHILD] = remote->port;
}

static void note_used(void *ctx, uint32_t child)
{
	(void)ctx;
	bench.told.used++;
	bench.told.child = child;
}

static void note_expire(void *ctx, uint32_t child, bool hard)
{
	(void)ctx;
	(void)child;
	(void)hard;
	bench.told.expire++;
}

static void note_ike(void *ctx, const struct path *path, struct bytes datagram)
{
	(void)ctx;
	bench.told.ike++;
	bench.told.ike_path = *path;
	bench.told.ike_size = datagram.n;
}

static void note_unknown_spi(void *ctx, const struct path *path, bool encap, uint32_t spi)
{
	(void)ctx;
	bench.told.spi_encap = encap;
	bench.told.spi_path = *path;
	bench.told.spi = spi;
	bench.told.unknown_spi++;
}

enum err bench_open_in(struct machine *h, unsigned table)
{
	struct xfrm_setup setup = {
		.settings = &bench.settings,
		.run_dir = h->dir,
		.reports = { NULL, note_acquire, note_mapping, note_used, note_expire, note_ike,
			note_unknown_spi },
	};

	bench.settings = settings_default();
	bench.settings.datapath = DATAPATH_USER;
	bench.settings.routing_table = table;
	bench.settings.workers = bench.workers;
	memset(&bench.told, 0, sizeof bench.told);
	bench.conf = (struct child_conf){
		.name = "net", .replay_window = 1024, .copy_df = true, .copy_ecn = true
	};
	bench.near_net = packet_ts("10.1.0.0/24");
	bench.far_net = packet_ts("10.2.0.0/24");
	return user->open(&setup, &bench.x, &h->why);
}

enum err bench_open(struct machine *h)
{
	return bench_open_in(h, 220);
}

struct machine *bench_begin(void **state)
{
	struct machine *h = machine_enter(state);

	assert_ok(bench_open(h));
	return h;
}

int bench_end(void **state)
{
	if (bench.x)
		user->close(bench.x);
	bench.x = NULL;
	bench.workers = 0;
	return machine_tear_down(state);
}

struct sa_spec bench_sa(bool inbound, bool encap)
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
		.local_ts = { inbound ? &bench.far_net : &bench.near_net, 1 },
		.remote_ts = { inbound ? &bench.near_net : &bench.far_net, 1 },
		.conf = &bench.conf,
	};

	suite = packet_suite("aes256gcm16", false);
	s.suite = suite;
	s.encr_key = packet_encr_key(&suite);
	s.integ_key = packet_integ_key(&suite);
	return s;
}

void bench_add_sas(struct machine *h, bool encap)
{
	struct sa_spec in = bench_sa(true, encap), out = bench_sa(false, encap);

	assert_ok(user->sa_add(bench.x, &in, &h->why));
	assert_ok(user->sa_add(bench.x, &out, &h->why));
}

struct policy_spec bench_policy(bool trap)
{
	return (struct policy_spec){
		.id = POLICY,
		.trap = trap,
		.local_ts = { &bench.near_net, 1 },
		.remote_ts = { &bench.far_net, 1 },
		.local = packet_ip("192.0.2.1"),
		.remote = packet_ip("192.0.2.1"),
		.conf = &bench.conf,
	};
}

void bench_add_policy(struct machine *h, bool trap)
{
	struct policy_spec policy = bench_policy(trap);

	assert_ok(user->policy_add(bench.x, &policy, &h->why));
}

void bench_send(int type, const char *to, uint16_t port, const void *octets, size_t n)
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

void bench_send_udp(const char *to, uint16_t port, const void *octets, size_t n)
{
	bench_send(SOCK_DGRAM, to, port, octets, n);
}

void bench_send_far(void)
{
	bench_send_udp("10.2.0.9", 9, "hello", 5);
}

uint64_t bench_packets(bool inbound)
{
	struct sa_usage u = { 0 };

	return user->usage(bench.x, CHILD, inbound, &u) ? u.packets : 0;
}

uint64_t bench_packets_in(void)
{
	return bench_packets(true);
}

void bench_wait(uint64_t (*count)(void), uint64_t n)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		struct pollfd p = { user->fd(bench.x), POLLIN, 0 };

		poll(&p, 1, 10);
		user->dispatch(bench.x);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (count() < n && (now.tv_sec - start.tv_sec) * 1000 < PATIENCE);
	assert_int_equal(count(), n);
}

void bench_assert_carried(void)
{
	uint64_t before = bench_packets(true);

	for (unsigned i = 1; i <= 3; i++) {
		bench_send_far();
		bench_wait(bench_packets_in, before + i);
	}
	assert_int_equal(bench_packets(false), before + 3);
	assert_int_equal(bench.told.used, 1);
	assert_int_equal(bench.told.child, CHILD);
}
