/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel back end with a real kernel: packets of one host reach the other by what it installs. */
#include "tests/kernel/cable.h"

#include "tests/unit/packet.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void packets_go_by_the_tunnel(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct sa_usage u;

	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	u = cable_usage(t, MOON, n.id, false);
	assert_int_equal(u.packets, 1);
	assert_int_equal(u.spi, n.spi + 1);
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	assert_true(cable_usage(t, SUN, n.id, true).last_ms > 0);
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.2");
}

static void nothing_stays_after_an_orderly_stop(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	cable_up(t, &n);
	cable_close(t, MOON);
	assert_string_equal(cable_said(t, MOON, "ip xfrm state; ip xfrm policy"), "");
}

static bool is_acquired(const struct heard *h)
{
	return h->acquires;
}

static void a_trap_asks_and_the_question_ends_with_its_answer(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct heard *heard = &t->host[MOON].heard;
	char text[TS_TEXT];

	assert_ok(cable_policy(t, &n, MOON, true));
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_true(cable_wait(t, MOON, is_acquired));
	assert_int_equal(heard->acquires, 1);
	assert_int_equal(heard->policy, 101);
	assert_string_equal(ts_print(&heard->local, text), "10.1.0.1/32[icmp/8(0)]");
	assert_string_equal(ts_print(&heard->remote, text), "10.2.0.1/32[icmp/8(0)]");
	assert_says(MOON, "ip xfrm state", "spi 0x00000000");
	cable_up(t, &n);
	assert_silent(MOON, "ip xfrm state", "spi 0x00000000");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	cable_down(t, &n, MOON);
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
}

/* ------------------------------------------------------------------ for CPUs (RFC 9611) */

static bool ping_on(struct cable *t, unsigned cpu)
{
	char command[160];

	snprintf(command, sizeof command,
		"taskset -c %u ping -n -q -c1 -W2 -I 10.1.0.1 10.2.0.1 >/dev/null 2>&1", cpu);
	return cable_run(t, MOON, command);
}

/* The general one is up at both ends; where this kernel has no others the test ends here, skipped. */
static struct tunnel for_cpus(struct cable *t, const char *test)
{
	struct tunnel n = cable_tunnel();

	if (!xfrm_kernel.caps(t->host[MOON].x)->per_cpu)
		skip_for_lack(test, "SAs for CPUs, which Linux 6.13 has");
	n.per_cpu = true;
	n.conf.per_cpu_sas = PER_CPU_YES;
	cable_up(t, &n);
	return n;
}

static struct tunnel beside(const struct tunnel *general, uint32_t cpu)
{
	struct tunnel n = *general;

	n.policy = general->id;
	n.id = general->id + 1 + cpu;
	n.spi = general->spi + 2 + 2 * cpu;
	n.resource = cpu + 1;
	return n;
}

static void each_cpu_asks_for_its_own_and_sends_on_it(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = for_cpus(t, __func__), own;

	for (uint32_t cpu = 0; cpu < 2; cpu++) {
		t->host[MOON].heard.acquires = t->host[SUN].heard.acquires = 0;
		assert_true(ping_on(t, cpu));
		assert_true(cable_wait(t, MOON, is_acquired));
		(void)cable_wait(t, SUN, is_acquired);
		assert_int_equal(t->host[MOON].heard.policy, n.id);
		assert_int_equal(t->host[MOON].heard.resource, cpu + 1);
		/* While it is waited for. */
		assert_true(ping_on(t, cpu));
		assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 2 * cpu + 2);
		own = beside(&n, cpu);
		cable_up(t, &own);
		assert_true(ping_on(t, cpu));
		assert_int_equal(cable_usage(t, MOON, own.id, false).packets, 1);
	}
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 4);
	assert_silent(MOON, "ip xfrm state", "spi 0x00000000");
}

/* The newest of a CPU sends; one that is to wait does not. */
static void an_sa_that_is_to_wait_sends_when_it_is_selected(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = for_cpus(t, __func__), own = beside(&n, 0), next = beside(&n, 1);

	cable_up(t, &own);
	next.resource = 1;
	next.patient = true;
	assert_ok(cable_sa(t, &next, SUN, true));
	assert_ok(cable_sa(t, &next, SUN, false));
	assert_ok(cable_sa(t, &next, MOON, true));
	assert_ok(cable_sa(t, &next, MOON, false));
	assert_true(ping_on(t, 0));
	assert_int_equal(cable_usage(t, MOON, own.id, false).packets, 1);
	sleep(1); /* the kernel tells their age in seconds */
	cable_select(t, MOON, n.id, next.id);
	assert_true(ping_on(t, 0));
	assert_int_equal(cable_usage(t, MOON, own.id, false).packets, 1);
	assert_int_equal(cable_usage(t, MOON, next.id, false).packets, 1);
}

static bool is_used(const struct heard *h)
{
	return h->used;
}

static void the_first_packet_is_reported(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.awaited = true;
	n.conf.rekey_packets = 1000;
	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_true(cable_wait(t, SUN, is_used));
	assert_int_equal(t->host[SUN].heard.child, n.id);
	assert_int_equal(t->host[SUN].heard.soft, 0);
	assert_says(SUN, "ip -s xfrm state", "soft 1000(packets)");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
}

static bool is_hard(const struct heard *h)
{
	return h->hard;
}

static void volumes_end(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.conf.rekey_packets = 2;
	n.conf.life_packets = 4;
	cable_up(t, &n);
	for (int i = 0; i < 5; i++)
		(void)cable_ping(t, "10.1.0.1", "10.2.0.1");
	assert_true(cable_wait(t, MOON, is_hard));
	assert_true(t->host[MOON].heard.soft);
	assert_int_equal(t->host[MOON].heard.child, n.id);
}

static void shunts_go_before_and_behind_the_tunnels(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct ts local, remote;
	struct shunt_spec shunt = {
		.id = 1, .drop = true, .local_ts = { &local, 1 }, .remote_ts = { &remote, 1 }
	};

	assert_int_equal(ts_parse("192.0.2.0/24[icmp]", &local), ERR_OK);
	assert_int_equal(ts_parse("192.0.2.0/24[icmp]", &remote), ERR_OK);
	assert_true(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	assert_ok(xfrm_kernel.shunt_add(cable_enter(t, MOON)->x, &shunt, &t->why));
	assert_false(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	shunt.id = 2;
	shunt.drop = false;
	assert_ok(xfrm_kernel.shunt_add(cable_enter(t, MOON)->x, &shunt, &t->why));
	assert_true(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	assert_says(MOON, "ip xfrm policy", "dir fwd priority 17");
	xfrm_kernel.shunt_del(cable_enter(t, MOON)->x, 2);
	assert_false(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	n.moon_ts = "192.0.2.0/24";
	n.sun_ts = "192.0.2.0/24";
	cable_up(t, &n);
	assert_true(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
}

static void suite_carries(struct cable *t, struct tunnel *n, struct suite suite)
{
	n->suite = suite;
	cable_up(t, n);
	if (!cable_ping(t, "10.1.0.1", "10.2.0.1"))
		fail_msg("no packet by %s %s ESN", suite.encr->word, suite.esn ? "with" : "without");
	cable_down(t, n, MOON);
	cable_down(t, n, SUN);
}

/* Each cipher, with and without ESN; a window that needs a bitmap. */
static void all_suites_carry_packets(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	const struct transform *encr = NULL,
			       *integ = transform_find(TRANSFORM_INTEG, AUTH_HMAC_SHA2_512_256, 0);
	unsigned tried = 0;

	n.conf.replay_window = 2048;
	while ((encr = transform_next(encr))) {
		struct suite suite = { .encr = encr, .integ = encr->kind == KIND_AEAD ? NULL : integ };

		if (encr->type != TRANSFORM_ENCR)
			continue;
		tried++;
		suite_carries(t, &n, suite);
		suite.esn = true;
		suite_carries(t, &n, suite);
	}
	assert_true(tried > 3);
}

static void integrity_is_cut_as_configured(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	static const struct {
		uint16_t id;
		bool sha256_96;
		const char *bits;
	} rows[] = {
		{ AUTH_HMAC_SHA2_256_128, false, " 128" },
		{ AUTH_HMAC_SHA2_384_192, false, " 192" },
		{ AUTH_HMAC_SHA2_512_256, false, " 256" },
		{ AUTH_HMAC_SHA2_256_128, true, " 96" },
		{ AUTH_HMAC_SHA1_96, false, " 96" },
	};

	n.suite.encr = transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 128);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		n.conf.sha256_96 = rows[i].sha256_96;
		n.suite.integ = transform_find(TRANSFORM_INTEG, rows[i].id, 0);
		cable_up(t, &n);
		assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
		assert_says(MOON, "ip xfrm state", rows[i].bits);
		cable_down(t, &n, MOON);
		cable_down(t, &n, SUN);
	}
}

static void ipv6_inside_outside_and_both(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.moon_ts = "fd01::/16";
	n.sun_ts = "fd02::/16";
	cable_up(t, &n);
	assert_true(cable_ping(t, "fd01::1", "fd02::1"));
	n.moon.ip = packet_ip("2001:db8::1");
	n.sun.ip = packet_ip("2001:db8::2");
	cable_down(t, &n, MOON);
	cable_down(t, &n, SUN);
	cable_up(t, &n);
	assert_true(cable_ping(t, "fd01::1", "fd02::1"));
	cable_down(t, &n, MOON);
	cable_down(t, &n, SUN);
	n.moon_ts = "10.1.0.0/16";
	n.sun_ts = "10.2.0.0/16";
	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
}

/* Everything between the hosts is protected, also what finds out where they are. */
static void neighbours_are_found_under_a_policy(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.moon_ts = "2001:db8::1/128";
	n.sun_ts = "2001:db8::/64";
	n.moon.ip = packet_ip("2001:db8::1");
	n.sun.ip = packet_ip("2001:db8::2");
	cable_up(t, &n);
	assert_true(cable_run(t, MOON, "ip -6 neigh flush dev out0"));
	assert_true(cable_run(t, SUN, "ip -6 neigh flush dev out0"));
	assert_true(cable_ping(t, "2001:db8::1", "2001:db8::2"));
	assert_true(cable_usage(t, SUN, n.id, true).packets > 0);
}

static bool is_mapped(const struct heard *h)
{
	return h->mappings;
}

static void in_udp(struct cable *t, const char *moon, const char *sun)
{
	struct tunnel n = cable_tunnel();
	int a = cable_encap(t, MOON, moon, 4500), b = cable_encap(t, SUN, sun, 4500);
	int c = cable_encap(t, MOON, moon, 4600);
	struct addr to = { packet_ip(sun), 4500 }, from = { packet_ip(moon), 4600 };

	n.encap = true;
	n.moon.ip = packet_ip(moon);
	n.sun.ip = packet_ip(sun);
	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	/* As if a NAT before moon had chosen another port. */
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, MOON)->x, n.id, &from, &to, true));
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_true(cable_wait(t, SUN, is_mapped));
	assert_int_equal(t->host[SUN].heard.child, n.id);
	assert_true(addr_eq(&t->host[SUN].heard.moved, &from));
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, SUN)->x, n.id, &to, &from, true));
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	cable_down(t, &n, MOON);
	cable_down(t, &n, SUN);
	close(a);
	close(b);
	close(c);
	t->host[SUN].heard = (struct heard){ 0 };
}

static void packets_go_in_udp_and_ports_may_change(void **state)
{
	struct cable *t = cable_started(state);

	in_udp(t, "192.0.2.1", "192.0.2.2");
	if (xfrm_kernel.caps(t->host[MOON].x)->encap6)
		in_udp(t, "2001:db8::1", "2001:db8::2");
}

static void addresses_may_change(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct addr moon3 = { packet_ip("192.0.2.3"), 4500 }, sun4 = { packet_ip("192.0.2.4"), 4500 };

	n.suite.esn = true;
	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	/* Moon's end first, as MOBIKE does; then sun's. */
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, MOON)->x, n.id, &moon3, &n.sun, false));
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, SUN)->x, n.id, &n.sun, &moon3, false));
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.1");
	assert_silent(SUN, "ip xfrm state; ip xfrm policy", "192.0.2.1");
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, MOON)->x, n.id, &moon3, &sun4, false));
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, SUN)->x, n.id, &sun4, &moon3, false));
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	/* Counters go on; no number is used twice: those of the second move lie behind those of the first. */
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 3);
	assert_int_equal(cable_usage(t, SUN, n.id, true).packets, 3);
	assert_says(MOON, "ip -s xfrm state get src 192.0.2.3 dst 192.0.2.4 proto esp spi 0x1001",
		"oseq 0x40003");
	assert_int_equal(xfrm_kernel.sa_move(t->host[MOON].x, 77, &moon3, &sun4, false), ERR_MISSING);
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.4");
}

static atomic_bool enough;

/* Packets for the tunnel, one after the other. */
static void *packets(void *unused)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(7000), .sin_addr.s_addr = inet_addr("10.2.0.1")
	};
	int s = socket(AF_INET, SOCK_DGRAM, 0);

	(void)unused;
	while (!atomic_load(&enough))
		(void)sendto(s, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
	close(s);
	return NULL;
}

/* Between the end of the old SA and the beginning of the new one a packet makes the kernel ask for keys. */
static void the_source_changes_under_traffic(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct addr from[2] = { { packet_ip("192.0.2.3"), 4500 }, n.moon };
	struct host *moon;
	pthread_t sender;

	cable_up(t, &n);
	moon = cable_enter(t, MOON);
	assert_int_equal(pthread_create(&sender, NULL, packets, NULL), 0);
	for (int i = 0; i < 100; i++)
		assert_ok(xfrm_kernel.sa_move(moon->x, n.id, &from[i % 2], &n.sun, false));
	atomic_store(&enough, true);
	pthread_join(sender, NULL);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	cable_down(t, &n, MOON);
}

/* To an address where an SA of the same SPI is already. */
static void a_move_that_fails_changes_nothing(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct addr sun4 = { packet_ip("192.0.2.4"), 4500 };

	cable_up(t, &n);
	assert_true(cable_run(t, MOON,
		"ip xfrm state add src 192.0.2.1 dst 192.0.2.4 proto esp spi 0x1001 mode tunnel "
		"aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128"));
	assert_int_equal(
		xfrm_kernel.sa_move(cable_enter(t, MOON)->x, n.id, &n.moon, &sun4, false), ERR_EXISTS);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.2");
	assert_says(MOON, "ip xfrm state", "192.0.2.4");
}

/* A tunnel that is up, and takes what goes by a device at either end. */
static struct tunnel by_interface(struct cable *t)
{
	struct tunnel n = cable_tunnel();

	n.marks = (struct sa_marks){ .if_id_in = 42, .if_id_out = 42 };
	n.moon_ts = n.sun_ts = "0.0.0.0/0";
	for (int who = MOON; who <= SUN; who++) {
		assert_true(cable_run(
			t, who, "ip link add ipsec0 type xfrm dev lo if_id 42 && ip link set ipsec0 up"));
		cable_up_at(t, &n, who);
	}
	assert_true(cable_run(t, MOON, "ip route replace 10.2.0.0/16 dev ipsec0 src 10.1.0.1"));
	assert_true(cable_run(t, SUN, "ip route replace 10.1.0.0/16 dev ipsec0 src 10.2.0.1"));
	return n;
}

/* One that is up, and takes what has the mark 7. */
static struct tunnel by_mark(struct cable *t)
{
	struct tunnel n = cable_tunnel();

	n.marks = (struct sa_marks){ .out = { .value = 7, .mask = 0xff } };
	n.conf.set_mark_in = (struct mark){ .value = 7, .mask = 0xff };
	cable_up(t, &n);
	assert_true(cable_run(t, SUN, "echo 1 >/proc/sys/net/ipv4/fwmark_reflect"));
	return n;
}

static bool ping_marked(struct cable *t)
{
	return cable_run(t, MOON, "ping -n -q -c1 -W2 -m 7 -I 10.1.0.1 10.2.0.1 >/dev/null");
}

static void marks_and_interfaces_choose(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = by_interface(t);

	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	cable_down(t, &n, MOON);
	cable_down(t, &n, SUN);
	assert_true(cable_run(t, MOON, "ip route replace 10.2.0.0/16 via 192.0.2.2 src 10.1.0.1"));
	assert_true(cable_run(t, SUN, "ip route replace 10.1.0.0/16 via 192.0.2.1 src 10.2.0.1"));
	n = by_mark(t);
	assert_true(ping_marked(t));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
}

/* Both ends of N go where MOON and SUN are. */
static void move(struct cable *t, const struct tunnel *n, const char *moon, const char *sun)
{
	struct addr to[2] = { { packet_ip(moon), 4500 }, { packet_ip(sun), 4500 } };

	assert_ok(xfrm_kernel.sa_move(cable_enter(t, MOON)->x, n->id, &to[0], &to[1], false));
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, SUN)->x, n->id, &to[1], &to[0], false));
}

static void a_moved_sa_keeps_its_interface(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = by_interface(t);

	move(t, &n, "192.0.2.3", "192.0.2.4");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.");
}

static void a_moved_sa_keeps_its_marks(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = by_mark(t);
	const char out[] = "ip xfrm state list src 192.0.2.3 dst 192.0.2.4",
		   in[] = "ip xfrm state list src 192.0.2.4 dst 192.0.2.3";

	move(t, &n, "192.0.2.3", "192.0.2.4");
	assert_says(MOON, out, "mark 0x7/0xff");
	assert_says(MOON, out, "output-mark 0x1ce2");
	assert_says(MOON, in, "output-mark 0x7/0xff");
	assert_true(ping_marked(t));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.");
}

static void an_address_may_become_one_of_ipv6(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	move(t, &n, "2001:db8::1", "2001:db8::2");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 2);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.");
	move(t, &n, "192.0.2.1", "192.0.2.2");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, SUN, n.id, true).packets, 3);
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.");
}

static void outer_packets_carry_the_mark(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	cable_up(t, &n);
	assert_says(MOON, "ip xfrm state", "output-mark 0x1ce2");
	cable_down(t, &n, MOON);
	n.conf.set_mark_out = (struct mark){ .value = 5, .mask = 0xff };
	cable_up_at(t, &n, MOON);
	assert_says(MOON, "ip xfrm state", "output-mark 0x5/0xff");
}

static void transport_and_beet(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.conf.mode = MODE_TRANSPORT;
	n.moon_ts = "192.0.2.1/32";
	n.sun_ts = "192.0.2.2/32";
	cable_up(t, &n);
	assert_true(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	assert_silent(MOON, "ip xfrm policy", "192.0.2.1/32 \n\tdir fwd");
	cable_down(t, &n, MOON);
	cable_down(t, &n, SUN);
	n.conf.mode = MODE_BEET;
	n.moon_ts = "10.1.0.1/32";
	n.sun_ts = "10.2.0.1/32";
	cable_up(t, &n);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	cable_down(t, &n, MOON);
	n.moon_ts = "10.1.0.0/16";
	assert_int_equal(cable_sa(t, &n, MOON, true), ERR_UNSUPPORTED);
}

#define NO_OFFLOAD \
	"out0 has no such offload: see ethtool -k out0 for esp-hw-offload, or write hw_offload = no"

/* A device that only pretends to; where there is none, what was to be offloaded is refused, or done without,
 * with the reason. */
static void no_device_carries_sas(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.conf.hw_offload = OFFLOAD_AUTO;
	cable_up(t, &n);
	assert_string_equal(t->logged, "offload: child=1 msg=\"no device carries it: " NO_OFFLOAD "\"");
	assert_string_equal(xfrm_kernel.no_device(t->host[MOON].x, n.id), NO_OFFLOAD);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	cable_down(t, &n, MOON);
	assert_null(xfrm_kernel.no_device(t->host[MOON].x, n.id));
	for (int packet = 0; packet < 2; packet++) {
		n.conf.hw_offload = packet ? OFFLOAD_PACKET : OFFLOAD_CRYPTO;
		assert_int_not_equal(cable_sa(t, &n, MOON, true), ERR_OK);
		assert_silent(MOON, "ip xfrm state", "192.0.2.1");
	}
}

/* ------------------------------------------------------------------------ netdevsim */

static const char sim_counts[] = "cat /sys/kernel/debug/netdevsim/netdevsim7/ports/0/ipsec";
static const char sim_gone[] = "echo 7 >/sys/bus/netdevsim/del_device 2>/dev/null";

/* MOON's device that says of itself that it seals what is for 198.51.100.0/24, with AES-GCM; where this
 * kernel has no such module the test ends here, skipped. */
static struct tunnel by_device(struct cable *t, const char *test)
{
	struct tunnel n = cable_tunnel();

	if (!cable_run(t, MOON, "modprobe -q netdevsim && modprobe -q esp4_offload"))
		skip_for_lack(test, "netdevsim, which that of make check-newer has");
	(void)cable_run(t, MOON, sim_gone); /* of a test that failed */
	assert_true(cable_run(
		t, MOON, "mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug"));
	assert_true(cable_run(t, MOON,
		"echo '7 1' >/sys/bus/netdevsim/new_device &&"
		" dev=$(ip -o link | sed -n 's/^[0-9]*: \\(e[^:@]*\\).*/\\1/p') &&"
		" ip link set \"$dev\" name sim0 && ip addr add 198.51.100.1/24 dev sim0 && ip link set sim0 "
		"up &&"
		" ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev sim0"));
	n.conf.hw_offload = OFFLOAD_CRYPTO;
	n.suite.encr = transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 128);
	assert_int_equal(ip_parse("198.51.100.1", &n.moon.ip), ERR_OK);
	assert_int_equal(ip_parse("198.51.100.2", &n.sun.ip), ERR_OK);
	return n;
}

/* It counts those that it has, and the packets that it was to seal. */
static void a_device_seals_the_packets_of_its_sas(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = by_device(t, __func__);

	cable_up_at(t, &n, MOON);
	assert_says(MOON, "ip xfrm state", "crypto offload parameters: dev sim0 dir out");
	assert_says(MOON, "ip xfrm state", "crypto offload parameters: dev sim0 dir in");
	assert_says(MOON, sim_counts, "SA count=2 tx=0");
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_says(MOON, sim_counts, "SA count=2 tx=1");
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
	cable_down(t, &n, MOON);
	assert_says(MOON, sim_counts, "SA count=0 tx=1");
	assert_true(cable_run(t, MOON, sim_gone));
}

/* "auto" asks for no more than it can. */
static void a_device_that_carries_no_whole_packets_is_not_asked_to(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = by_device(t, __func__);

	n.conf.hw_offload = OFFLOAD_PACKET;
	assert_int_not_equal(cable_sa(t, &n, MOON, false), ERR_OK);
	assert_non_null(strstr(text_str(&t->why), "netdevsim: Unsupported ipsec offload type"));
	assert_silent(MOON, "ip xfrm state", "198.51.100.1");
	n.conf.hw_offload = OFFLOAD_AUTO;
	cable_up_at(t, &n, MOON);
	assert_says(MOON, sim_counts, "SA count=2 tx=0");
	cable_down(t, &n, MOON);
	assert_says(MOON, sim_counts, "SA count=0 tx=0");
	assert_true(cable_run(t, MOON, sim_gone));
}

/* Where nothing else leads there: with a source that the policy knows, by the way to the peer; and with it.
 */
static void packets_are_led_to_the_policy(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct addr sun4 = { packet_ip("192.0.2.4"), 4500 };

	assert_true(cable_run(t, MOON, "ip route del 10.2.0.0/16"));
	assert_true(cable_run(t, SUN, "ip route del 10.1.0.0/16"));
	cable_up(t, &n);
	assert_says(MOON, "ip route show table 220",
		"10.2.0.0/16 via 192.0.2.2 dev out0 proto static src 10.1.0.1");
	assert_true(cable_run(t, MOON, "ping -n -q -c1 -W2 10.2.0.1 >/dev/null"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	assert_ok(xfrm_kernel.sa_move(cable_enter(t, MOON)->x, n.id, &n.moon, &sun4, false));
	assert_says(MOON, "ip route show table 220", "10.2.0.0/16 via 192.0.2.4 dev out0");
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip route show table 220", "10.2.0.0/16");
}

/* Everything, but not what is on this side. */
static void a_default_route_spares_what_is_ours(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.sun_ts = "0.0.0.0/0";
	cable_up_at(t, &n, MOON);
	assert_says(MOON, "ip route show table 220", "default via 192.0.2.2 dev out0");
	assert_says(MOON, "ip route show table 220", "throw 10.1.0.0/16");
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip route show table 220", "default");
}

static void a_device_of_the_tunnels_own(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	static const struct if_addr addr = { { 4, { 10, 1, 0, 9 } }, 24 };

	n.conf.interface = "vpn7";
	n.conf.interface_addrs = &addr;
	n.conf.n_interface_addrs = 1;
	n.conf.interface_routes.remote = true;
	n.moon_ts = "10.1.0.0/16";
	assert_true(cable_run(t, MOON, "ip route del 10.2.0.0/16"));
	cable_up_at(t, &n, MOON);
	n.conf.interface = NULL;
	cable_up_at(t, &n, SUN);
	assert_says(MOON, "ip -d link show vpn7", "xfrm if_id");
	assert_says(MOON, "ip addr show vpn7", "10.1.0.9/24");
	assert_true(cable_run(t, MOON, "ping -n -q -c1 -W2 10.2.0.1 >/dev/null"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	assert_string_equal(xfrm_kernel.devices(cable_enter(t, MOON)->x, n.id).inner, "vpn7");
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip link; ip route show table all", "vpn7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CABLE_CASE(packets_go_by_the_tunnel),
		CABLE_CASE(nothing_stays_after_an_orderly_stop),
		CABLE_CASE(a_trap_asks_and_the_question_ends_with_its_answer),
		CABLE_CASE(each_cpu_asks_for_its_own_and_sends_on_it),
		CABLE_CASE(an_sa_that_is_to_wait_sends_when_it_is_selected),
		CABLE_CASE(the_first_packet_is_reported),
		CABLE_CASE(volumes_end),
		CABLE_CASE(shunts_go_before_and_behind_the_tunnels),
		CABLE_CASE(all_suites_carry_packets),
		CABLE_CASE(integrity_is_cut_as_configured),
		CABLE_CASE(ipv6_inside_outside_and_both),
		CABLE_CASE(neighbours_are_found_under_a_policy),
		CABLE_CASE(packets_go_in_udp_and_ports_may_change),
		CABLE_CASE(addresses_may_change),
		CABLE_CASE(the_source_changes_under_traffic),
		CABLE_CASE(a_move_that_fails_changes_nothing),
		CABLE_CASE(marks_and_interfaces_choose),
		CABLE_CASE(a_moved_sa_keeps_its_interface),
		CABLE_CASE(a_moved_sa_keeps_its_marks),
		CABLE_CASE(an_address_may_become_one_of_ipv6),
		CABLE_CASE(outer_packets_carry_the_mark),
		CABLE_CASE(transport_and_beet),
		CABLE_CASE(no_device_carries_sas),
		CABLE_CASE(a_device_seals_the_packets_of_its_sas),
		CABLE_CASE(a_device_that_carries_no_whole_packets_is_not_asked_to),
		CABLE_CASE(packets_are_led_to_the_policy),
		CABLE_CASE(a_default_route_spares_what_is_ours),
		CABLE_CASE(a_device_of_the_tunnels_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
