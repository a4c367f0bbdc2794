/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the kernel is what the back end believes, and nobody else's is touched. */
#include "tests/kernel/cable.h"
#include "tests/unit/packet.h"
#include "xfrm/kernel/message.h"
#include "xfrm/netlink.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Somebody else's SA and policy. */
static const char foreign[] =
	"ip xfrm state add src 192.0.2.2 dst 192.0.2.1 proto esp spi 0x7777 mode tunnel reqid 9 "
	"aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128 &&"
	"ip xfrm policy add src 10.9.0.0/16 dst 10.8.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.2 proto "
	"esp "
	"mode tunnel reqid 9";

/* Runs WHAT in a process that dies without a word. */
static void killed(struct cable *t, int who, void (*what)(struct cable *t, int who))
{
	int status;
	pid_t pid;

	cable_close(t, who);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		cable_open(t, who);
		what(t, who);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void tunnel_up(struct cable *t, int who)
{
	struct tunnel n = cable_tunnel();

	cable_up_at(t, &n, who);
}

static void a_crash_leaves_no_sa_and_no_hole(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	assert_true(cable_run(t, MOON, foreign));
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	killed(t, MOON, tunnel_up);
	assert_says(MOON, "ip xfrm state", "0x00001001");
	cable_open(t, MOON);
	/* Keys go, but nothing passes in the clear meanwhile. */
	assert_silent(MOON, "ip xfrm state", "0x00001001");
	assert_says(MOON, "ip xfrm policy", "action block");
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	xfrm_kernel.settled(cable_enter(t, MOON)->x);
	assert_silent(MOON, "ip xfrm policy", "10.2.0.0/16");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	cable_up_at(t, &n, SUN);
	/* Nobody else's was touched. */
	assert_says(MOON, "ip xfrm state", "0x00007777");
	assert_says(MOON, "ip xfrm policy", "10.8.0.0/16");
}

static void a_policy_wanted_again_is_taken_over(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	killed(t, MOON, tunnel_up);
	cable_open(t, MOON);
	cable_up(t, &n);
	xfrm_kernel.settled(cable_enter(t, MOON)->x);
	assert_silent(MOON, "ip xfrm policy", "action block");
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	cable_close(t, MOON);
	assert_string_equal(cable_said(t, MOON, "ip xfrm state; ip xfrm policy"), "");
}

static bool is_acquired(const struct heard *h)
{
	return h->acquires;
}

/* A trap asks, and its question is heard. */
static void asks(struct cable *t)
{
	struct tunnel n = cable_tunnel();

	t->host[MOON].heard.acquires = 0;
	assert_ok(cable_policy(t, &n, MOON, true));
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_true(cable_wait(t, MOON, is_acquired));
	assert_says(MOON, "ip xfrm state", "reqid 1 ");
}

static void trap_asks(struct cable *t, int who)
{
	(void)who;
	asks(t);
}

/* The SA has gone before its policy, and a packet comes: it asks for the SA by its SPI. */
static void policy_asks(struct cable *t, int who)
{
	tunnel_up(t, who);
	xfrm_kernel.sa_del(cable_enter(t, who)->x, cable_tunnel().id, false);
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_says(MOON, "ip xfrm state", "spi 0x00001001");
}

static void a_trap_asks_after_a_crash(struct cable *t, void (*before)(struct cable *t, int who))
{
	killed(t, MOON, before);
	assert_says(MOON, "ip xfrm state", "reqid 1 ");
	cable_open(t, MOON);
	assert_silent(MOON, "ip xfrm state", "reqid 1 ");
	asks(t);
}

static void a_trap_asks_again_after_a_crash_while_it_asked(void **state)
{
	a_trap_asks_after_a_crash(cable_started(state), trap_asks);
}

static void a_trap_asks_again_after_a_crash_while_an_sa_was_asked_for(void **state)
{
	a_trap_asks_after_a_crash(cable_started(state), policy_asks);
}

static void a_question_goes_with_its_trap(void **state)
{
	struct cable *t = cable_started(state);

	asks(t);
	xfrm_kernel.policy_del(cable_enter(t, MOON)->x, 101);
	assert_string_equal(cable_said(t, MOON, "ip xfrm state"), "");
	asks(t);
}

/* Nothing comes of it: the next packet asks, and need not wait for the kernel. */
static void a_packet_asks_again_when_the_question_is_over(void **state)
{
	struct cable *t = cable_started(state);

	asks(t);
	t->host[MOON].heard.acquires = 0;
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	xfrm_kernel.dispatch(cable_enter(t, MOON)->x);
	cable_select(t, MOON, 101, 0);
	assert_silent(MOON, "ip xfrm state", "reqid 1 ");
	assert_false(is_acquired(&t->host[MOON].heard));
	assert_false(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_true(cable_wait(t, MOON, is_acquired));
}

static void a_question_ends_with_an_orderly_stop(void **state)
{
	struct cable *t = cable_started(state);

	asks(t);
	cable_close(t, MOON);
	assert_string_equal(cable_said(t, MOON, "ip xfrm state; ip xfrm policy"), "");
	cable_open(t, MOON);
	asks(t);
}

enum { TRAPS = 6 };

/* Packets for each of them, from an address that they lead. */
static void send_to_traps(struct cable *t)
{
	struct sockaddr_in from = { .sin_family = AF_INET },
			   to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd;

	cable_enter(t, MOON);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(inet_pton(AF_INET, "10.1.0.1", &from.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	for (uint32_t i = 0; i < TRAPS; i++) {
		to.sin_addr.s_addr = htonl(0x0a020001 | i << 8);
		(void)!sendto(fd, "?", 1, 0, (struct sockaddr *)&to, sizeof to);
	}
	close(fd);
}

static unsigned questions(struct cable *t)
{
	unsigned n = 0;

	for (const char *s = cable_said(t, MOON, "ip xfrm state"); (s = strstr(s, "spi 0x00000000")); s++)
		n++;
	return n;
}

static bool have_all_been_heard(const struct heard *h)
{
	return h->acquires == TRAPS;
}

/* Somebody else hears all, so that the kernel thinks it has asked; our socket has room for less. */
static void what_was_asked_while_events_were_lost_is_asked_again_and_nothing_else(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct host *moon = &t->host[MOON];
	int fd = xfrm_kernel.fd(moon->x), other;

	cable_enter(t, MOON);
	assert_ok(netlink_listen(NETLINK_XFRM, &(unsigned){ XFRMNLGRP_ACQUIRE }, 1, &other, &t->why));
	for (uint32_t i = 0; i < TRAPS; i++) {
		n.id = 1 + i;
		n.sun_ts = arena_printf(&t->arena, "10.2.%u.0/24", i);
		assert_ok(cable_policy(t, &n, MOON, true));
	}
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, sizeof(int)), 0);
	send_to_traps(t);
	assert_int_equal(questions(t), TRAPS);
	xfrm_kernel.dispatch(cable_enter(t, MOON)->x);
	assert_in_range(moon->heard.acquires, 1, TRAPS - 1);
	assert_int_equal(questions(t), moon->heard.acquires);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ 1 << 16 }, sizeof(int)), 0);
	send_to_traps(t);
	assert_true(cable_wait(t, MOON, have_all_been_heard));
	assert_int_equal(questions(t), TRAPS);
	close(other);
}

static void somebody_elses_question_stays(void **state)
{
	struct cable *t = cable_started(state);

	assert_true(cable_run(t, MOON, foreign));
	assert_true(cable_run(t, MOON,
		"ip xfrm state flush; ip addr add 10.9.0.1/32 dev lo; "
		"ip route add 10.8.0.0/16 via 192.0.2.2 src 10.9.0.1"));
	assert_false(cable_ping(t, "10.9.0.1", "10.8.0.1"));
	killed(t, MOON, trap_asks);
	/* An SPI that somebody has drawn, with our number by chance. */
	assert_true(cable_run(t, MOON,
		"ip xfrm state allocspi src 192.0.2.1 dst 192.0.2.2 proto esp mode tunnel reqid 1 "
		"min 0x7777 max 0x7777"));
	cable_open(t, MOON);
	assert_says(MOON, "ip xfrm state", "reqid 9 ");
	assert_silent(MOON, "ip xfrm state list reqid 1", "spi 0x00000000");
	cable_close(t, MOON);
	assert_says(MOON, "ip xfrm state", "reqid 9 ");
	assert_says(MOON, "ip xfrm state list reqid 1", "spi 0x00007777");
}

/* The journal names them, but they have been made anew by somebody else since. */
static void what_became_somebody_elses_stays(void **state)
{
	struct cable *t = cable_started(state);

	killed(t, MOON, tunnel_up);
	assert_true(cable_run(t, MOON,
		"ip xfrm state flush; ip xfrm policy flush;"
		"ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1001 mode tunnel reqid 9 "
		"aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128 &&"
		"ip xfrm policy add src 10.1.0.0/16 dst 10.2.0.0/16 dir out tmpl src 192.0.2.1 dst 192.0.2.2 "
		"proto esp mode tunnel reqid 1"));
	cable_open(t, MOON);
	xfrm_kernel.settled(cable_enter(t, MOON)->x);
	assert_says(MOON, "ip xfrm state", "0x00001001");
	assert_says(MOON, "ip xfrm policy", "10.2.0.0/16");
	assert_silent(MOON, "ip xfrm policy", "action block");
}

static void what_is_there_already_is_named(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	assert_true(cable_run(t, MOON, foreign));
	n.spi = 0x7777;
	assert_int_equal(cable_sa(t, &n, MOON, true), ERR_EXISTS);
	n.moon_ts = "10.9.0.0/16";
	n.sun_ts = "10.8.0.0/16";
	assert_int_equal(cable_policy(t, &n, MOON, false), ERR_EXISTS);
	assert_non_null(strstr(text_str(&t->why), "policy out 10.9.0.0/16 10.8.0.0/16"));
	/* All or nothing: inbound policies had been made before. */
	assert_silent(MOON, "ip xfrm policy", "src 10.8.0.0/16");
	cable_close(t, MOON);
	assert_says(MOON, "ip xfrm state", "0x00007777");
	assert_says(MOON, "ip xfrm policy", "10.8.0.0/16");
}

static void the_audit_says_and_repairs(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	struct text found = text_in(&t->arena);

	cable_up(t, &n);
	xfrm_kernel.audit(cable_enter(t, MOON)->x, &found);
	assert_string_equal(text_str(&found), "");
	assert_true(cable_run(t, MOON,
		"ip xfrm policy delete src 10.1.0.0/16 dst 10.2.0.0/16 dir out &&"
		"ip xfrm policy update src 10.2.0.0/16 dst 10.1.0.0/16 dir in action block"));
	xfrm_kernel.audit(cable_enter(t, MOON)->x, &found);
	assert_non_null(strstr(text_str(&found), "policy out 10.1.0.0/16"));
	assert_non_null(strstr(text_str(&found), "policy in 10.2.0.0/16"));
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, true).packets, 1);
	found = text_in(&t->arena);
	assert_true(
		cable_run(t, MOON, "ip xfrm state delete src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1001"));
	xfrm_kernel.audit(cable_enter(t, MOON)->x, &found);
	assert_non_null(strstr(text_str(&found), "sa 192.0.2.2 1001"));
	assert_int_equal(t->host[MOON].heard.hard, 1);
	assert_int_equal(t->host[MOON].heard.child, n.id);
}

/* As another ikev2d would have it, which is none of ours. */
static void a_policy_of_an_ikev2d_that_nobody_wants_is_named(void **state)
{
	struct cable *t = cable_started(state);
	struct text found = text_in(&t->arena);
	static const char add[] = "ip xfrm policy add src 10.8.0.0/16 dst 10.9.0.0/16 dir out ";

	assert_true(cable_run(t, MOON, add));
	xfrm_kernel.audit(cable_enter(t, MOON)->x, &found);
	assert_string_equal(text_str(&found), "");
	assert_true(cable_run(t, MOON, "ip xfrm policy delete src 10.8.0.0/16 dst 10.9.0.0/16 dir out"));
	killed(t, SUN, tunnel_up);
	assert_int_equal(unlink(arena_printf(&t->arena, "%s/%s", t->host[SUN].dir, XFRM_KERNEL_JOURNAL)), 0);
	cable_open(t, SUN);
	xfrm_kernel.audit(cable_enter(t, SUN)->x, &found);
	assert_non_null(strstr(text_str(&found), "the policy out 10.2.0.0/16 10.1.0.0/16"));
	assert_non_null(strstr(text_str(&found), "nothing here wants it"));
	assert_says(SUN, "ip xfrm policy", "10.1.0.0/16");
}

static bool is_hard(const struct heard *h)
{
	return h->hard;
}

/* Moon's outbound SA, and the policy of its networks, go to 192.0.2.4, as a program of mobile IPv6 would have
 * it. */
static void migrate_from_moon(struct cable *t)
{
	struct policy_key key = { .dir = XFRM_POLICY_OUT };
	struct xfrm_user_migrate to = { .proto = IPPROTO_ESP,
		.mode = XFRM_MODE_TUNNEL,
		.reqid = 1,
		.old_family = AF_INET,
		.new_family = AF_INET,
		.old_saddr.a4 = inet_addr("192.0.2.1"),
		.new_saddr.a4 = inet_addr("192.0.2.1"),
		.old_daddr.a4 = inet_addr("192.0.2.2"),
		.new_daddr.a4 = inet_addr("192.0.2.4") };
	struct netlink *nl;
	struct nlmsghdr *h;

	cable_enter(t, MOON);
	assert_ok(netlink_open(NETLINK_XFRM, &nl, &t->why));
	h = netlink_request(nl, XFRM_MSG_MIGRATE, 0);
	assert_int_equal(selector_parse("10.1.0.0/16 10.2.0.0/16 0 0/0 0/0", &key.sel), ERR_OK);
	message_policy_id(h, &key);
	mnl_attr_put(h, XFRMA_MIGRATE, sizeof to, &to);
	assert_ok(netlink_talk(nl, NULL, NULL));
	netlink_close(nl);
}

/* The kernel tells of it. */
static void what_somebody_moved_has_ended(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	cable_up(t, &n);
	migrate_from_moon(t);
	assert_says(MOON, "ip xfrm state; ip xfrm policy", "dst 192.0.2.4");
	assert_true(cable_wait(t, MOON, is_hard));
	assert_int_equal(t->host[MOON].heard.child, n.id);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.4");
	assert_says(MOON, "ip xfrm policy", "tmpl src 192.0.2.1 dst 192.0.2.2");
	cable_down(t, &n, MOON);
	assert_silent(MOON, "ip xfrm state; ip xfrm policy", "192.0.2.");
}

/* Two tunnels to the same networks: the newer one sends, on both may be received. */
static void two_owners_of_one_policy(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel(), m = cable_tunnel();

	m.id = 2;
	m.spi = 0x3000;
	cable_up(t, &n);
	cable_up(t, &m);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, m.id, false).packets, 1);
	cable_select(t, MOON, n.id, 0);
	cable_select(t, MOON, n.id, n.id);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
	assert_int_equal(cable_usage(t, MOON, m.id, true).packets, 2);
	cable_down(t, &n, MOON);
	assert_true(cable_ping(t, "10.1.0.1", "10.2.0.1"));
	assert_int_equal(cable_usage(t, MOON, m.id, false).packets, 2);
	cable_down(t, &m, MOON);
	assert_string_equal(cable_said(t, MOON, "ip xfrm state"), "");
	assert_silent(MOON, "ip xfrm policy", "10.2.0.0/16");
}

static void policies_of_ones_own_choice(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();

	n.conf.policies_fwd_out = true;
	n.conf.priority = 77;
	cable_up_at(t, &n, MOON);
	assert_says(MOON, "ip xfrm policy", "src 10.1.0.0/16 dst 10.2.0.0/16 \n\tdir fwd priority 77");
	cable_down(t, &n, MOON);
	n.conf.priority = 0;
	cable_up_at(t, &n, MOON);
	assert_says(MOON, "ip xfrm policy", "src 10.1.0.0/16 dst 10.2.0.0/16 \n\tdir out priority 383615");
	cable_down(t, &n, MOON);
	n.conf.policies = false;
	cable_up_at(t, &n, MOON);
	assert_silent(MOON, "ip xfrm policy", "10.2.0.0/16");
}

enum { MANY = 1000 };

static double seconds(void)
{
	struct timespec s;

	clock_gettime(CLOCK_MONOTONIC, &s);
	return (double)s.tv_sec + (double)s.tv_nsec / 1e9;
}

/* Their counters come in one look; nothing stays. */
static void a_thousand(void **state)
{
	struct cable *t = cable_started(state);
	struct tunnel n = cable_tunnel();
	double start = seconds();

	for (uint32_t i = 0; i < MANY; i++) {
		n.id = 10 + i;
		n.spi = 0x10000 + 2 * i;
		assert_ok(cable_sa(t, &n, MOON, true));
		assert_ok(cable_sa(t, &n, MOON, false));
	}
	print_message("%d pairs of SAs installed in %.2f s", MANY, seconds() - start);
	start = seconds();
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(cable_usage(t, MOON, 10 + i, true).spi, 0x10000 + 2 * i);
	print_message(", their counters read in %.2f s", seconds() - start);
	start = seconds();
	for (uint32_t i = 0; i < MANY; i++) {
		n.id = 10 + i;
		cable_down(t, &n, MOON);
	}
	print_message(", removed in %.2f s\n", seconds() - start);
	assert_string_equal(cable_said(t, MOON, "ip xfrm state"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CABLE_CASE(a_crash_leaves_no_sa_and_no_hole),
		CABLE_CASE(a_policy_wanted_again_is_taken_over),
		CABLE_CASE(a_trap_asks_again_after_a_crash_while_it_asked),
		CABLE_CASE(a_trap_asks_again_after_a_crash_while_an_sa_was_asked_for),
		CABLE_CASE(a_question_goes_with_its_trap),
		CABLE_CASE(a_packet_asks_again_when_the_question_is_over),
		CABLE_CASE(a_question_ends_with_an_orderly_stop),
		CABLE_CASE(what_was_asked_while_events_were_lost_is_asked_again_and_nothing_else),
		CABLE_CASE(somebody_elses_question_stays),
		CABLE_CASE(what_became_somebody_elses_stays),
		CABLE_CASE(what_is_there_already_is_named),
		CABLE_CASE(the_audit_says_and_repairs),
		CABLE_CASE(a_policy_of_an_ikev2d_that_nobody_wants_is_named),
		CABLE_CASE(what_somebody_moved_has_ended),
		CABLE_CASE(two_owners_of_one_policy),
		CABLE_CASE(policies_of_ones_own_choice),
		CABLE_CASE(a_thousand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
