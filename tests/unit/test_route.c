/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes, rules, rp_filter and what a crash leaves of them, against the kernel. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"

#include "xfrm/sysctl.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A rule of what passes; DPORT 0: every port. */
static struct rule_match match(const char *from, const char *to, uint8_t proto, uint16_t dport)
{
	struct rule_match m = { .proto = proto, .dport_lo = dport, .dport_hi = dport };

	assert_int_equal(prefix_parse(from, &m.from), ERR_OK);
	assert_int_equal(prefix_parse(to, &m.to), ERR_OK);
	return m;
}

/* A predecessor that ends without a word, as by kill -9: its device goes with it, the rest stays. */
static void predecessor(struct machine *h)
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child) {
		struct settings settings = settings_default();
		struct rule_match passing = match("0.0.0.0/0", "10.4.0.0/16", 0, 0);
		bool ok = !route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why) &&
			  !tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why) &&
			  !route_device_up(h->route, h->dev, MACHINE_MTU, &h->why) &&
			  !machine_route(h, "10.2.0.0/16", NULL) && !machine_route(h, "10.3.0.0/16", NULL) &&
			  !machine_route(h, "fd02::/64", NULL) &&
			  !route_pass_add(h->route, &passing, &h->why) &&
			  !machine_guard(h, 1, "10.1.0.0/16", "10.2.0.0/16");

		if (!ok)
			print_message("    predecessor: %s\n", text_str(&h->why));
		_exit(!ok);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Rules. */

static void all_but_marked_packets_look_into_our_table(void **state)
{
	struct machine *h = machine_enter(state);

	machine_start(h);
	assert_says("ip -4 rule", "220:\tnot from all fwmark 0x1ce2 lookup 220");
	assert_says("ip -6 rule", "220:\tnot from all fwmark 0x1ce2 lookup 220");
}

static void an_orderly_stop_leaves_nothing(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_ok(machine_route(h, "::/0", NULL));
	assert_ok(machine_guard(h, 1, "10.1.0.0/16", "10.2.0.0/16"));
	route_close(h->route);
	h->route = NULL;
	assert_silent("ip rule; ip -6 rule", "220");
	assert_string_equal(
		machine_said("ip -4 route show table 220 2>&1 | grep -v 'does not exist\\|terminated'"), "");
	assert_string_equal(
		machine_said("ip -6 route show table 220 2>&1 | grep -v 'does not exist\\|terminated'"), "");
	assert_string_equal(machine_said("nft list tables"), "");
	assert_int_equal(access(h->journal, F_OK), -1);
	assert_int_equal(h->warnings, 0);
}

static void a_second_daemon_on_the_same_journal_is_refused(void **state)
{
	struct machine *h = machine_enter(state);
	struct settings settings = settings_default();
	struct route *other = NULL;

	machine_start(h);
	assert_int_equal(route_open(h->journal, &settings, MACHINE_MARK, &other, &h->why), ERR_BUSY);
	assert_says("ip rule", "fwmark 0x1ce2");
}

static void without_rights_there_is_one_clear_sentence(void **state)
{
	struct machine *h = machine_enter(state);
	struct settings settings = settings_default();
	char sentence[300] = "";
	int pipes[2], status;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(chmod(h->dir, 0777), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		enum err e = setuid(65534)
				     ? ERR_OK
				     : route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why);

		(void)!write(pipes[1], text_str(&h->why), strlen(text_str(&h->why)));
		_exit(e);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(read(pipes[0], sentence, sizeof sentence - 1) > 0);
	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(WEXITSTATUS(status), ERR_DENIED);
	assert_non_null(strstr(sentence, "run ikev2d as root, or with CAP_NET_ADMIN"));
}

/* What passes. */

static void packets_that_pass_go_by_the_tables_behind(void **state)
{
	struct machine *h = machine_started(state);
	struct rule_match net = match("10.1.0.0/24", "10.4.0.0/16", 0, 0);
	struct rule_match ssh = match("0.0.0.0/0", "198.51.100.0/24", 6, 22);

	machine_sh("ip route add default via 192.0.2.254");
	assert_ok(machine_route(h, "0.0.0.0/0", NULL));
	assert_ok(route_pass_add(h->route, &net, &h->why));
	assert_ok(route_pass_add(h->route, &ssh, &h->why));
	assert_says("ip route get 10.4.0.9 from 10.1.0.1", "via 192.0.2.254 dev out0");
	assert_says("ip route get 10.4.0.9 from 192.0.2.1", "dev ipsec0");
	assert_says("ip route get 10.4.0.9", "dev ipsec0");
	assert_says("ip route get 10.5.0.9 from 10.1.0.1", "dev ipsec0");
	assert_says("ip route get 198.51.100.1 ipproto tcp dport 22", "via 192.0.2.254 dev out0");
	assert_says("ip route get 198.51.100.1 ipproto tcp dport 23", "dev ipsec0");
	assert_says("ip route get 198.51.100.1 ipproto udp dport 22", "dev ipsec0");
	route_pass_del(h->route, &net);
	assert_says("ip route get 10.4.0.9 from 10.1.0.1", "dev ipsec0");
	assert_says("ip -4 rule", "221:\tfrom all nop");
	route_pass_del(h->route, &ssh);
	assert_string_equal(
		machine_said("ip -4 rule | grep '^2[12]'"), "220:\tnot from all fwmark 0x1ce2 lookup 220\n");
}

static void packets_without_a_source_yet_pass_by_their_own_rule(void **state)
{
	struct machine *h = machine_started(state);
	struct rule_match v4 = match("0.0.0.0/32", "10.4.0.0/16", 0, 0),
			  v6 = match("::/128", "2001:db8:4::/48", 0, 0);

	machine_sh("ip route add default via 192.0.2.254; ip -6 route add default via 2001:db8::99");
	assert_ok(machine_route(h, "0.0.0.0/0", NULL));
	assert_ok(machine_route(h, "::/0", NULL));
	assert_ok(route_pass_add(h->route, &v4, &h->why));
	assert_ok(route_pass_add(h->route, &v6, &h->why));
	assert_says("ip route get 10.4.0.9", "via 192.0.2.254 dev out0");
	assert_says("ip route get 10.4.0.9 from 10.1.0.1", "dev ipsec0");
	assert_says("ip route get 2001:db8:4::9", "via 2001:db8::99 dev out0");
	assert_says("ip route get 2001:db8:4::9 from 2001:db8::1", "dev ipsec0");
	route_pass_del(h->route, &v6);
	assert_says("ip route get 2001:db8:4::9", "dev ipsec0");
}

/* The kernel deletes the first rule that has what the request says. */
static void a_rule_is_not_taken_for_a_narrower_one(void **state)
{
	static const char *const narrower[][2] = { { "10.1.0.0/24", "10.4.0.0/16" },
		{ "0.0.0.0/0", "10.4.0.0/16" }, { "10.1.0.0/24", "0.0.0.0/0" },
		{ "0.0.0.0/0", "0.0.0.0/0" } };
	struct machine *h = machine_started(state);
	struct rule_match wide = match("0.0.0.0/0", "0.0.0.0/0", 0, 0);

	for (size_t i = 0; i < 4; i++) {
		struct rule_match m = match(narrower[i][0], narrower[i][1], 17, 53);

		assert_ok(route_pass_add(h->route, &m, &h->why));
		m.proto = 6;
		assert_ok(route_pass_add(h->route, &m, &h->why));
		m.dport_lo = m.dport_hi = 0;
		assert_ok(route_pass_add(h->route, &m, &h->why));
	}
	assert_ok(route_pass_add(h->route, &wide, &h->why));
	assert_says("ip -4 rule", "219:\tfrom all goto 221 proto");
	route_pass_del(h->route, &wide);
	assert_silent("ip -4 rule", "219:\tfrom all goto 221 proto");
	assert_string_equal(machine_said("ip -4 rule | grep -c '^219:'"), "12\n");
}

static void a_rule_that_is_wanted_twice_goes_with_the_last(void **state)
{
	struct machine *h = machine_started(state);
	struct rule_match m = match("10.1.0.0/24", "10.4.0.0/16", 0, 0);

	assert_ok(route_pass_add(h->route, &m, &h->why));
	assert_ok(route_pass_add(h->route, &m, &h->why));
	route_pass_del(h->route, &m);
	assert_says("ip -4 rule", "219:\tfrom 10.1.0.0/24 to 10.4.0.0/16 goto 221");
	route_pass_del(h->route, &m);
	assert_silent("ip -4 rule", "10.4.0.0");
}

static void without_room_for_rules_nothing_passes(void **state)
{
	struct machine *h = machine_enter(state);
	struct settings settings = settings_default();
	struct rule_match m = match("0.0.0.0/0", "10.4.0.0/16", 0, 0);

	settings.routing_table_prio = 1;
	assert_ok(route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why));
	assert_int_equal(route_pass_add(h->route, &m, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "routing_table_prio to at least 2"));
}

static bool chooses(struct machine *h, const char *to, const char *from)
{
	struct rule_match m = match(from, to, 0, 0);

	return route_chooses(h->route, &m.to, &m.from);
}

static void the_choice_of_a_source_is_foreseen(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add default via 192.0.2.254");
	assert_ok(machine_route(h, "0.0.0.0/0", NULL));
	assert_true(chooses(h, "10.1.0.0/24", "10.1.0.0/24"));
	assert_true(chooses(h, "198.51.100.1/32", "192.0.2.1/32"));
	assert_true(chooses(h, "2001:db8::/64", "2001:db8::/64"));
	assert_false(chooses(h, "198.51.100.0/24", "10.1.0.0/24"));
	assert_false(chooses(h, "10.0.0.0/8", "10.1.0.0/24")); /* the rest goes by 192.0.2.1 */
	assert_false(chooses(h, "fd77::/64", "::/0"));         /* there is no way */
}

/* Routes. */

static void a_route_leads_to_the_device_with_an_unreachable_behind(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_says("ip route show table 220",
		"10.2.0.0/16 dev ipsec0 proto static scope link metric 256 mtu 1300");
	assert_says("ip route show table 220", "unreachable 10.2.0.0/16 proto static metric 4096");
	assert_says("ip route get 10.2.0.1", "dev ipsec0 table 220");
}

static void marked_packets_go_by_the_main_table(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add default via 192.0.2.254");
	assert_ok(machine_route(h, "0.0.0.0/0", NULL));
	assert_says("ip route get 198.51.100.1", "dev ipsec0");
	assert_says("ip route get 198.51.100.1 mark 0x1ce2", "via 192.0.2.254 dev out0");
}

static void without_the_device_packets_are_refused_not_sent(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add default via 192.0.2.254; ip -6 route add default via 2001:db8::99");
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_ok(machine_route(h, "fd02::/64", NULL));
	close(h->tun);
	h->tun = -1;
	assert_says("ip route get 10.2.0.1 2>&1", "No route to host");
	assert_says("ip route get fd02::1 2>&1", "No route to host");
}

static void the_preferred_source_lies_in_the_local_selector(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_route(h, "10.2.0.0/16", "10.1.0.0/16"));
	assert_says("ip route get 10.2.0.1", "src 10.1.0.1");
	assert_ok(machine_route(h, "fd02::/64", "fd01::/64"));
	assert_says("ip route get fd02::1", "src fd01::1");
	assert_ok(machine_route(h, "10.3.0.0/16", "10.9.0.0/16"));
	assert_silent("ip route show table 220 10.3.0.0/16", "src");
}

static void loopback_is_never_the_preferred_source(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_route(h, "10.2.0.0/16", "0.0.0.0/0"));
	assert_says("ip route show table 220", "src 192.0.2.1");
	assert_ok(machine_route(h, "fd02::/64", "::/0"));
	assert_silent("ip -6 route show table 220", "src ::1");
	assert_silent("ip -6 route show table 220", "src fe80");
}

static void a_crooked_range_is_routed_whole(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_route(h, "10.2.0.1-10.2.0.6", NULL));
	for (unsigned i = 0; i <= 7; i++) {
		char command[40];

		snprintf(command, sizeof command, "ip route get 10.2.0.%u 2>&1", i);
		if (i >= 1 && i <= 6)
			assert_says(command, "dev ipsec0");
		else
			assert_silent(command, "dev ipsec0");
	}
	machine_unroute(h, "10.2.0.1-10.2.0.6");
	assert_string_equal(machine_said("ip route show table 220"), "");
}

static void a_route_goes_with_its_last_owner(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	machine_unroute(h, "10.2.0.0/16");
	assert_says("ip route show table 220", "10.2.0.0/16 dev ipsec0");
	machine_unroute(h, "10.2.0.0/16");
	assert_string_equal(machine_said("ip route show table 220"), "");
	machine_unroute(h, "10.2.0.0/16");
}

static void an_owner_more_renews_mtu_and_source(void **state)
{
	struct machine *h = machine_started(state);
	struct ts to = packet_ts("10.2.0.0/16");

	assert_ok(machine_route(h, "10.2.0.0/16", "10.1.0.0/16"));
	assert_says("ip route show table 220", "src 10.1.0.1");
	machine_sh("ip addr del 10.1.0.1/24 dev out0");
	assert_ok(route_add(h->route, h->dev, &to, (struct tss){ 0 }, 1234, &h->why));
	assert_says("ip route show table 220",
		"10.2.0.0/16 dev ipsec0 proto static scope link metric 256 mtu 1234");
	to = packet_ts("fd02::/64");
	assert_ok(machine_route(h, "fd02::/64", NULL));
	assert_ok(route_add(h->route, h->dev, &to, (struct tss){ 0 }, 1290, &h->why));
	assert_says("ip -6 route show table 220", "mtu 1290");
	assert_silent("ip -6 route show table 220", "mtu 1300");
}

static void neighbour_discovery_never_goes_into_the_tunnel(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip addr add fe80::2/64 dev out0 nodad");
	assert_ok(machine_route(h, "::/0", NULL));
	assert_ok(machine_route(h, "fe80::1", NULL));
	assert_ok(machine_route(h, "ff05::/16", NULL));
	assert_says("ip -6 route show table 220", "throw fe80::/10");
	assert_says("ip -6 route show table 220", "throw ff00::/8");
	assert_silent("ip -6 route show table 220", "fe80::1");
	assert_silent("ip -6 route show table 220", "ff05::");
	assert_says("ip route get fe80::1 oif out0", "dev out0");
	assert_says("ip route get 2001:db8:1::1", "dev ipsec0");
	machine_unroute(h, "fe80::1");
	assert_says("ip -6 route show table 220", "throw fe80::/10");
}

static void somebody_elses_route_is_not_replaced(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add 10.2.0.4/30 dev out0 table 220 metric 256");
	assert_int_equal(machine_route(h, "10.2.0.1-10.2.0.8", NULL), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "another tunnel or program has routed it already"));
	/* Nor is half of it left. */
	assert_string_equal(
		machine_said("ip route show table 220"), "10.2.0.4/30 dev out0 scope link metric 256 \n");
}

/* In our table as in any. */
static void somebody_elses_unreachable_route_stays(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip route add unreachable 10.2.0.0/16 table 220 metric 4096");
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	machine_unroute(h, "10.2.0.0/16");
	assert_says("ip route show table 220", "unreachable 10.2.0.0/16");
	assert_silent("ip route show table 220", "ipsec0");
}

static void a_device_that_is_not_there_is_told(void **state)
{
	struct machine *h = machine_enter(state);

	machine_start(h);
	snprintf(h->dev, sizeof h->dev, "nowhere0");
	assert_int_equal(machine_route(h, "10.2.0.0/16", NULL), ERR_MISSING);
	assert_non_null(strstr(text_str(&h->why), "No such device"));
	assert_string_equal(machine_said("ip route show table 220 2>/dev/null"), "");
	assert_int_equal(route_device_up(h->route, "nowhere0", MACHINE_MTU, &h->why), ERR_MISSING);
}

static void the_kernels_own_words_are_passed_on(void **state)
{
	struct machine *h = machine_enter(state);

	machine_start(h);
	assert_ok(tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why)); /* and not brought up */
	assert_int_not_equal(machine_route(h, "10.2.0.0/16", NULL), ERR_OK);
	assert_non_null(strstr(text_str(&h->why), "Network is down: Device for nexthop is not up"));
}

/* Crashes. */

static void a_crash_leaves_the_way_into_the_clear_shut(void **state)
{
	struct machine *h = machine_enter(state);

	machine_sh("ip route add default via 192.0.2.254");
	predecessor(h);
	assert_says("ip route get 10.2.0.1 2>&1", "No route to host");
	machine_start(h);
	assert_says("ip route get 10.2.0.1 2>&1", "No route to host");
	assert_says("ip route get fd02::1 2>&1", "No route to host");
	assert_says("nft list tables", "table inet ikev2d-");
	assert_says("ip rule", "fwmark 0x1ce2");
}

/* Another device than the one that packets were led to meanwhile may ask for them. */
static void what_was_led_to_its_end_may_be_asked_for_by_another_device(void **state)
{
	struct machine *h = machine_enter(state);
	struct ts to = packet_ts("10.2.0.0/16");

	predecessor(h);
	machine_start(h);
	machine_device(h);
	route_adopted_lead(h->route, h->dev);
	assert_says("ip route show table 220", "10.2.0.0/16 dev ipsec0");
	assert_ok(route_add(h->route, "out0", &to, (struct tss){ 0 }, 0, &h->why));
	assert_says("ip route show table 220", "10.2.0.0/16 dev out0");
	assert_says("ip route show table 220", "10.3.0.0/16 dev ipsec0");
	assert_int_equal(machine_route(h, "10.2.0.0/16", NULL), ERR_EXISTS);
	route_adopted_drop(h->route);
	assert_says("ip route show table 220", "10.2.0.0/16 dev out0");
	assert_silent("ip route show table 220", "10.3.0.0/16");
}

static void what_nobody_asked_for_again_is_dropped(void **state)
{
	struct machine *h = machine_enter(state);

	predecessor(h);
	machine_start(h);
	machine_device(h);
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_says("ip route get 10.2.0.1", "dev ipsec0");
	route_adopted_drop(h->route);
	assert_says("ip route show table 220", "unreachable 10.2.0.0/16");
	assert_silent("ip route show table 220", "10.3.0.0/16");
	assert_silent("ip -6 route show table 220", "fd02::");
	assert_says("ip -6 route show table 220", "throw fe80::/10");
	assert_says("ip rule", "fwmark 0x1ce2");
	assert_string_equal(machine_said("nft list tables"), "");
	assert_int_equal(h->warnings, 0);
}

static void after_a_crash_nothing_passes_any_more(void **state)
{
	struct machine *h = machine_enter(state);

	predecessor(h);
	assert_says("ip -4 rule", "219:\tfrom all to 10.4.0.0/16 goto 221");
	machine_start(h);
	assert_string_equal(
		machine_said("ip -4 rule | grep '^2[12]'"), "220:\tnot from all fwmark 0x1ce2 lookup 220\n");
}

static void a_stop_after_a_crash_leaves_nothing(void **state)
{
	struct machine *h = machine_enter(state);

	predecessor(h);
	machine_start(h);
	assert_ok(tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why));
	assert_ok(machine_guard(h, 1, "10.1.0.0/16", "10.2.0.0/16"));
	route_close(h->route);
	h->route = NULL;
	assert_silent("ip rule; ip -6 rule", "220");
	assert_string_equal(machine_said("ip route show table 220 2>/dev/null"), "");
	assert_string_equal(machine_said("nft list tables"), "");
	assert_int_equal(access(h->journal, F_OK), -1);
}

static void another_table_after_a_crash_does_not_lose_the_old_one(void **state)
{
	struct machine *h = machine_enter(state);
	struct settings settings = settings_default();

	predecessor(h);
	settings.routing_table = 221;
	assert_ok(route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why));
	assert_says("ip rule", "lookup 221");
	assert_says("ip route get 10.2.0.1 2>&1", "No route to host");
	route_adopted_drop(h->route);
	assert_silent("ip rule", "lookup 220");
	assert_string_equal(machine_said("ip route show table 220"), "");
}

static void a_journal_full_of_nonsense_is_survived(void **state)
{
	struct machine *h = machine_enter(state);
	FILE *f = fopen(h->journal, "w");

	assert_non_null(f);
	fputs("+ rule 5 1 2 3\n+ rule x\n+ route 220\n+ route 220 10.0.0.1/8 x\n", f);
	fputs("+ route 220 10.0.0.0/8 gone0\n+ unreachable 220 10.9.0.0/16\n+ throw 1\n", f);
	fputs("+ pass 1 2 10.0.0.1/8 x\n+ pass 219 221 10.9.0.0/16 10.8.0.0/16 6 0-0 0-0\n", f);
	fputs("+ landing 5 1\n+ landing 4 221\n+ pass\n", f);
	fputs("+ rp_filter ../../x 1\n+ rp_filter gone0 1\n+ nftables {\n+ bicycle 7\n+ rule 4 1 2 3\n", f);
	fclose(f);
	machine_start(h);
	route_adopted_drop(h->route);
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(access(h->journal, F_OK), -1);
}

/* rp_filter. */

static int rp_filter(const char *dev)
{
	char name[64];
	int value = -1;

	snprintf(name, sizeof name, "net/ipv4/conf/%s/rp_filter", dev);
	assert_int_equal(sysctl_get(name, &value), ERR_OK);
	return value;
}

static void strict_rp_filter_becomes_loose_and_strict_again(void **state)
{
	struct machine *h = machine_enter(state);

	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 1), ERR_OK);
	assert_int_equal(sysctl_set("net/ipv4/conf/far0/rp_filter", 0), ERR_OK);
	machine_start(h);
	machine_device(h);
	assert_int_equal(rp_filter("out0"), 2);
	assert_int_equal(rp_filter("far0"), 0);
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(rp_filter("out0"), 1);
	assert_int_equal(rp_filter("far0"), 0);
}

static void the_greater_of_all_and_one_counts(void **state)
{
	struct machine *h = machine_enter(state);

	assert_int_equal(sysctl_set("net/ipv4/conf/all/rp_filter", 1), ERR_OK);
	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 0), ERR_OK);
	machine_start(h);
	machine_device(h);
	assert_int_equal(rp_filter("all"), 1);
	assert_int_equal(rp_filter("out0"), 2);
	assert_int_equal(rp_filter(h->dev), 2);
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(rp_filter("out0"), 0);
}

static void a_loose_all_is_enough(void **state)
{
	struct machine *h = machine_enter(state);

	assert_int_equal(sysctl_set("net/ipv4/conf/all/rp_filter", 2), ERR_OK);
	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 1), ERR_OK);
	machine_start(h);
	machine_device(h);
	assert_int_equal(rp_filter("out0"), 1);
}

static void a_value_somebody_has_changed_since_is_theirs(void **state)
{
	struct machine *h = machine_enter(state);

	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 1), ERR_OK);
	machine_start(h);
	machine_device(h);
	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 0), ERR_OK);
	route_close(h->route);
	h->route = NULL;
	assert_int_equal(rp_filter("out0"), 0);
}

static void rp_filter_is_put_back_after_a_crash(void **state)
{
	struct machine *h = machine_enter(state);

	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 1), ERR_OK);
	predecessor(h);
	assert_int_equal(rp_filter("out0"), 2);
	machine_start(h);
	assert_int_equal(rp_filter("out0"), 1);
}

static void a_proc_that_cannot_be_written_is_warned_of(void **state)
{
	struct machine *h = machine_enter(state);
	int status = -1;
	pid_t child;

	assert_int_equal(sysctl_set("net/ipv4/conf/out0/rp_filter", 1), ERR_OK);
	machine_start(h);
	assert_ok(tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why));
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		bool ok = !unshare(CLONE_NEWNS) && !mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) &&
			  !mount("/proc/sys", "/proc/sys", NULL, MS_BIND, NULL) &&
			  !mount(NULL, "/proc/sys", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) &&
			  !route_device_up(h->route, h->dev, MACHINE_MTU, &h->why);

		_exit(ok ? (int)h->warnings : 100);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_int_equal(rp_filter("out0"), 1);
}

/* Where packets go. */

static void the_source_towards_a_peer_does_not_heed_our_routes(void **state)
{
	struct machine *h = machine_started(state);
	struct ip peer = packet_ip("192.0.2.77"), source;
	unsigned mtu;

	assert_ok(machine_route(h, "0.0.0.0/0", "10.1.0.0/16"));
	assert_ok(route_source(h->route, &peer, &source, &mtu, &h->why));
	assert_true(ip_eq(&source, &(struct ip){ 4, { 192, 0, 2, 1 } }));
	assert_int_equal(mtu, 1300);
	peer = packet_ip("2001:db8::77");
	assert_ok(route_source(h->route, &peer, &source, &mtu, &h->why));
	assert_int_equal(source.v, 6);
	assert_int_equal(mtu, 1300);
}

static void the_mtu_of_a_route_comes_before_the_devices(void **state)
{
	struct machine *h = machine_started(state);
	struct ip peer = packet_ip("198.51.100.1"), source;
	unsigned mtu;

	machine_sh("ip route add 198.51.100.0/24 via 192.0.2.254 mtu 1280");
	assert_ok(route_source(h->route, &peer, &source, &mtu, &h->why));
	assert_int_equal(mtu, 1280);
}

static void no_route_is_told(void **state)
{
	struct machine *h = machine_started(state);
	struct ip peer = packet_ip("198.51.100.1"), source;
	unsigned mtu;

	assert_int_equal(route_source(h->route, &peer, &source, &mtu, &h->why), ERR_MISSING);
	assert_non_null(strstr(text_str(&h->why), "no route to 198.51.100.1 (Network is unreachable)"));
	machine_sh("ip -6 route add unreachable 2001:db8:1::/48");
	peer = packet_ip("2001:db8:1::1");
	assert_int_equal(route_source(h->route, &peer, &source, &mtu, &h->why), ERR_MISSING);
}

/* And what is wanted again meanwhile is there, also after a crash. */
static void routes_that_go_together(void **state)
{
	static const char table[] = "ip route show table 220; ip -6 route show table 220";
	struct machine *h = machine_started(state);
	unsigned warnings = h->warnings;
	const char *journal = arena_printf(&h->arena, "cat %s", h->journal);
	const char *last =
		arena_printf(&h->arena, "grep ' route 220 10.3.0.0/16 ipsec0$' %s | tail -n 1", h->journal);

	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_ok(machine_route(h, "10.3.0.0/16", NULL));
	assert_ok(machine_route(h, "fd02::/64", NULL));
	route_gather(h->route, true);
	machine_unroute(h, "10.2.0.0/16");
	machine_unroute(h, "10.3.0.0/16");
	machine_unroute(h, "fd02::/64");
	assert_says(table, "10.2.0.0/16");
	assert_says(table, "unreachable 10.3.0.0/16");
	assert_silent(journal, "- ");
	assert_ok(machine_route(h, "10.3.0.0/16", NULL));
	route_gather(h->route, false);
	assert_silent(table, "10.2.0.0/16");
	assert_silent(table, "fd02::");
	assert_says(table, "10.3.0.0/16 dev ipsec0");
	assert_says(table, "unreachable 10.3.0.0/16");
	assert_says(journal, "- route 220 10.2.0.0/16 ipsec0");
	assert_says(last, "+ ");
	machine_unroute(h, "10.3.0.0/16");
	assert_silent(table, "10.3.0.0/16");
	assert_int_equal(h->warnings, warnings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(all_but_marked_packets_look_into_our_table),
		MACHINE_CASE(an_orderly_stop_leaves_nothing),
		MACHINE_CASE(a_second_daemon_on_the_same_journal_is_refused),
		MACHINE_CASE(without_rights_there_is_one_clear_sentence),
		MACHINE_CASE(packets_that_pass_go_by_the_tables_behind),
		MACHINE_CASE(packets_without_a_source_yet_pass_by_their_own_rule),
		MACHINE_CASE(a_rule_is_not_taken_for_a_narrower_one),
		MACHINE_CASE(a_rule_that_is_wanted_twice_goes_with_the_last),
		MACHINE_CASE(without_room_for_rules_nothing_passes),
		MACHINE_CASE(the_choice_of_a_source_is_foreseen),
		MACHINE_CASE(a_route_leads_to_the_device_with_an_unreachable_behind),
		MACHINE_CASE(marked_packets_go_by_the_main_table),
		MACHINE_CASE(without_the_device_packets_are_refused_not_sent),
		MACHINE_CASE(the_preferred_source_lies_in_the_local_selector),
		MACHINE_CASE(loopback_is_never_the_preferred_source),
		MACHINE_CASE(a_crooked_range_is_routed_whole),
		MACHINE_CASE(a_route_goes_with_its_last_owner),
		MACHINE_CASE(an_owner_more_renews_mtu_and_source),
		MACHINE_CASE(neighbour_discovery_never_goes_into_the_tunnel),
		MACHINE_CASE(somebody_elses_route_is_not_replaced),
		MACHINE_CASE(somebody_elses_unreachable_route_stays),
		MACHINE_CASE(a_device_that_is_not_there_is_told),
		MACHINE_CASE(the_kernels_own_words_are_passed_on),
		MACHINE_CASE(a_crash_leaves_the_way_into_the_clear_shut),
		MACHINE_CASE(what_was_led_to_its_end_may_be_asked_for_by_another_device),
		MACHINE_CASE(what_nobody_asked_for_again_is_dropped),
		MACHINE_CASE(after_a_crash_nothing_passes_any_more),
		MACHINE_CASE(a_stop_after_a_crash_leaves_nothing),
		MACHINE_CASE(another_table_after_a_crash_does_not_lose_the_old_one),
		MACHINE_CASE(a_journal_full_of_nonsense_is_survived),
		MACHINE_CASE(strict_rp_filter_becomes_loose_and_strict_again),
		MACHINE_CASE(the_greater_of_all_and_one_counts),
		MACHINE_CASE(a_loose_all_is_enough),
		MACHINE_CASE(a_value_somebody_has_changed_since_is_theirs),
		MACHINE_CASE(rp_filter_is_put_back_after_a_crash),
		MACHINE_CASE(a_proc_that_cannot_be_written_is_warned_of),
		MACHINE_CASE(the_source_towards_a_peer_does_not_heed_our_routes),
		MACHINE_CASE(the_mtu_of_a_route_comes_before_the_devices),
		MACHINE_CASE(no_route_is_told),
		MACHINE_CASE(routes_that_go_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
