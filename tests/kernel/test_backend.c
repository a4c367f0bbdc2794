/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel back end with a real kernel: packets of one host reach the other by what it installs. */
#include "tests/kernel/cable.h"

#include <string.h>

#define assert_says(who, command, words)                                                                     \
	do {                                                                                                 \
		const char *said_ = cable_said(t, who, command);                                             \
		if (!strstr(said_, words))                                                                   \
			fail_msg("%s: no \"%s\" in:\n%s", command, words, said_);                            \
	} while (0)
#define assert_silent(who, command, words)                                                                   \
	do {                                                                                                 \
		const char *said_ = cable_said(t, who, command);                                             \
		if (strstr(said_, words))                                                                    \
			fail_msg("%s: \"%s\" in:\n%s", command, words, said_);                               \
	} while (0)

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
	xfrm_kernel.shunt_del(cable_enter(t, MOON)->x, 2);
	assert_false(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	n.moon_ts = "192.0.2.0/24";
	n.sun_ts = "192.0.2.0/24";
	cable_up(t, &n);
	assert_true(cable_ping(t, "192.0.2.1", "192.0.2.2"));
	assert_int_equal(cable_usage(t, MOON, n.id, false).packets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CABLE_CASE(packets_go_by_the_tunnel),
		CABLE_CASE(nothing_stays_after_an_orderly_stop),
		CABLE_CASE(a_trap_asks_and_the_question_ends_with_its_answer),
		CABLE_CASE(the_first_packet_is_reported),
		CABLE_CASE(volumes_end),
		CABLE_CASE(shunts_go_before_and_behind_the_tunnels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
