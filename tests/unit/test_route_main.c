/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routes in the main table, into which everybody looks, against the kernel. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void start_in_main(struct machine *h)
{
	struct settings settings = settings_default();

	settings.routing_table = TABLE_MAIN;
	assert_ok(route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why));
}

static struct machine *started_in_main(void **state)
{
	struct machine *h = machine_enter(state);

	start_in_main(h);
	machine_device(h);
	return h;
}

static void the_main_table_has_no_rule(void **state)
{
	struct machine *h = started_in_main(state);
	struct rule_match passing = { 0 };

	assert_int_equal(prefix_parse("0.0.0.0/0", &passing.from), ERR_OK);
	assert_int_equal(prefix_parse("10.4.0.0/16", &passing.to), ERR_OK);
	assert_silent("ip rule; ip -6 rule", "220:");
	assert_int_equal(route_pass_add(h->route, &passing, &h->why), ERR_UNSUPPORTED);
	assert_non_null(strstr(text_str(&h->why), "set daemon.routing_table to a table of our own"));
}

static void routes_in_the_main_table_go_again(void **state)
{
	struct machine *h = machine_enter(state);
	char before[16384];

	snprintf(before, sizeof before, "%s", machine_said("ip route; ip -6 route"));
	start_in_main(h);
	machine_device(h);
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_ok(machine_route(h, "fd02::/64", NULL));
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	assert_says("ip route", "10.2.0.0/16 dev ipsec0");
	assert_says("ip route", "unreachable 10.2.0.0/16");
	assert_says("ip -6 route", "fd02::/64 dev ipsec0");
	assert_silent("ip -6 route", "throw");
	machine_unroute(h, "10.2.0.0/16");
	assert_says("ip route", "10.2.0.0/16 dev ipsec0");
	route_close(h->route);
	h->route = NULL;
	close(h->tun);
	h->tun = -1;
	assert_string_equal(machine_said("ip route; ip -6 route"), before);
	assert_int_equal(h->warnings, 0);
}

/* Whatever its metric: packets would go by it, at once or when our device goes. */
static void a_prefix_somebody_has_routed_in_main_is_refused(void **state)
{
	static const char *const theirs[] = { "10.2.0.0/16 dev out0", "10.2.0.0/16 dev out0 metric 5000",
		"default via 192.0.2.9", "blackhole 10.2.0.0/16" };
	struct machine *h = started_in_main(state);
	char command[80], before[16384];

	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
		const char *to = *theirs[i] == 'd' ? "0.0.0.0/0" : "10.2.0.0/16";

		snprintf(command, sizeof command, "ip route add %s", theirs[i]);
		machine_sh(command);
		snprintf(before, sizeof before, "%s", machine_said("ip route"));
		assert_int_equal(machine_route(h, to, NULL), ERR_EXISTS);
		assert_non_null(strstr(text_str(&h->why), "in the main routing table already"));
		assert_non_null(strstr(text_str(&h->why), to));
		assert_string_equal(machine_said("ip route"), before);
		snprintf(command, sizeof command, "ip route del %s", theirs[i]);
		machine_sh(command);
	}
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
}

static void a_route_in_main_that_catches_its_own_tunnel_is_refused(void **state)
{
	struct machine *h = started_in_main(state);
	struct ts all = packet_ts("198.51.100.0/24"), other = packet_ts("10.2.0.0/16");
	struct ip peer = packet_ip("198.51.100.7"), nobody = { 0 };

	assert_int_equal(route_spares(h->route, &all, &peer, &h->why), ERR_RANGE);
	assert_non_null(strstr(text_str(&h->why), "packets to 198.51.100.7 into the tunnel"));
	assert_ok(route_spares(h->route, &other, &peer, &h->why));
	assert_ok(route_spares(h->route, &all, &nobody, &h->why));
	route_close(h->route);
	machine_start(h);
	assert_ok(route_spares(h->route, &all, &peer, &h->why));
}

static bool route_in_main(struct machine *h)
{
	struct settings settings = settings_default();

	settings.routing_table = TABLE_MAIN;
	return !route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why) &&
	       !tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why) &&
	       !route_device_up(h->route, h->dev, MACHINE_MTU, &h->why) &&
	       !machine_route(h, "10.2.0.0/16", NULL) && !machine_route(h, "10.3.0.0/16", NULL);
}

static void a_crash_in_main_leaves_the_way_shut_until_somebody_asks(void **state)
{
	struct machine *h = machine_enter(state);
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child)
		_exit(!route_in_main(h));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_says("ip route", "unreachable 10.2.0.0/16");
	start_in_main(h);
	machine_device(h);
	assert_ok(machine_route(h, "10.2.0.0/16", NULL));
	route_adopted_drop(h->route);
	assert_says("ip route", "10.2.0.0/16 dev ipsec0");
	assert_silent("ip route", "10.3.0.0");
	machine_unroute(h, "10.2.0.0/16");
	assert_silent("ip route", "10.2.0.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(the_main_table_has_no_rule),
		MACHINE_CASE(routes_in_the_main_table_go_again),
		MACHINE_CASE(a_prefix_somebody_has_routed_in_main_is_refused),
		MACHINE_CASE(a_route_in_main_that_catches_its_own_tunnel_is_refused),
		MACHINE_CASE(a_crash_in_main_leaves_the_way_shut_until_somebody_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
