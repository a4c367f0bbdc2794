/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of the kernel about addresses, and what it tells of routes, against the kernel. */
#include "tests/unit/machine.h"

#include "xfrm/sources.h"

#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { OURS = 220 };

struct seen {
	struct text text; /* " 10.1.0.1 192.0.2.1" */
};

static void see(void *ctx, const struct ip *ip)
{
	struct seen *s = ctx;
	char text[IP_TEXT];

	text_add(&s->text, " %s", ip_print(ip, text));
}

static const char *addresses(struct machine *h, struct sources *s, struct netlink *nl)
{
	struct seen seen = { .text = text_in(&h->arena) };

	assert_int_equal(sources_each(s, nl, see, &seen), ERR_OK);
	return text_str(&seen.text);
}

static struct netlink *open_netlink(struct machine *h)
{
	struct netlink *nl;

	assert_ok(netlink_open(NETLINK_ROUTE, &nl, &h->why));
	return nl;
}

/* Who asks is answered by nobody. */
static void addresses_that_have_not_changed_are_not_asked_for_again(void **state)
{
	struct machine *h = machine_enter(state);
	struct netlink *nl = open_netlink(h), *nobody = netlink_on(-1);
	struct sources s;

	sources_open(&s);
	assert_non_null(strstr(addresses(h, &s, nl), " 192.0.2.1"));
	assert_string_equal(addresses(h, &s, nobody), addresses(h, &s, nl));
	machine_sh("ip route add 10.7.0.0/16 dev out0");
	assert_string_equal(addresses(h, &s, nobody), addresses(h, &s, nl));
	sources_close(&s);
	netlink_close(nobody);
	netlink_close(nl);
}

static void addresses_are_asked_for_again_once_one_has_come_or_gone(void **state)
{
	struct machine *h = machine_enter(state);
	struct netlink *nl = open_netlink(h);
	struct sources s;

	sources_open(&s);
	assert_null(strstr(addresses(h, &s, nl), " 10.7.0.1"));
	machine_sh("ip addr add 10.7.0.1/24 dev out0");
	assert_non_null(strstr(addresses(h, &s, nl), " 10.7.0.1"));
	machine_sh("ip addr del 10.7.0.1/24 dev out0");
	assert_null(strstr(addresses(h, &s, nl), " 10.7.0.1"));
	machine_sh("ip addr add fd07::1/64 dev out0 nodad");
	/* Of IPv6 the kernel tells a moment later. */
	while (!strstr(addresses(h, &s, nl), " fd07::1"))
		assert_int_equal(poll(&(struct pollfd){ .fd = s.events, .events = POLLIN }, 1, 5000), 1);
	sources_close(&s);
	netlink_close(nl);
}

static void more_addresses_than_are_kept_are_asked_for_each_time(void **state)
{
	struct machine *h = machine_enter(state);
	struct netlink *nl = open_netlink(h), *nobody = netlink_on(-1);
	struct seen seen = { .text = text_in(&h->arena) };
	struct sources s;

	machine_sh("for i in 1 2; do for k in $(seq 1 150); do echo addr add 10.7.$i.$k/32 dev out0; done; "
		   "done | "
		   "ip -batch -");
	sources_open(&s);
	assert_non_null(strstr(addresses(h, &s, nl), " 10.7.1.1"));
	assert_non_null(strstr(addresses(h, &s, nl), " 10.7.2.150"));
	assert_int_not_equal(sources_each(&s, nobody, see, &seen), ERR_OK);
	sources_close(&s);
	netlink_close(nobody);
	netlink_close(nl);
}

static void where_nothing_is_told_addresses_are_asked_for_each_time(void **state)
{
	struct machine *h = machine_enter(state);
	struct netlink *nl = open_netlink(h);
	struct sources s;

	sources_open(&s);
	sources_close(&s);
	assert_null(strstr(addresses(h, &s, nl), " 10.7.0.1"));
	machine_sh("ip addr add 10.7.0.1/24 dev out0");
	assert_non_null(strstr(addresses(h, &s, nl), " 10.7.0.1"));
	netlink_close(nl);
}

/* Routes that were told of. */
static void count(void *ctx, const struct nlmsghdr *m)
{
	*(unsigned *)ctx += m->nlmsg_type == RTM_NEWROUTE || m->nlmsg_type == RTM_DELROUTE;
}

static unsigned told(int fd, const char *command)
{
	unsigned n = 0;

	machine_sh(command);
	assert_true(netlink_hear(fd, count, &n));
	return n;
}

static void routes_of_our_own_wake_nobody(void **state)
{
	static const unsigned groups[] = { RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_IFADDR };
	struct machine *h = machine_enter(state);
	int fd;

	assert_ok(netlink_listen(NETLINK_ROUTE, groups, 3, &fd, &h->why));
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0 table 220"), 1);
	assert_int_equal(told(fd, "ip route del 10.7.0.0/16 dev out0 table 220"), 1);
	netlink_pass_over(fd, OURS);
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0 table 220"), 0);
	assert_int_equal(told(fd, "ip route del 10.7.0.0/16 dev out0 table 220"), 0);
	assert_int_equal(told(fd, "ip -6 route add fd07::/64 dev out0 table 220"), 0);
	assert_int_equal(told(fd, "ip route add local 10.7.0.1 dev out0 table local"), 0);
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0"), 1);
	assert_int_equal(told(fd, "ip route del 10.7.0.0/16 dev out0"), 1);
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0 table 221"), 1);
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0 table 1000"), 1);
	assert_int_equal(told(fd, "ip -6 route add fd07::/64 dev out0"), 1);
	close(fd);
}

/* 252 stands in each message about a table of a number above 255. */
static void who_routes_in_a_table_of_many_is_told_of_it(void **state)
{
	static const unsigned groups[] = { RTNLGRP_IPV4_ROUTE };
	struct machine *h = machine_enter(state);
	int fd;

	assert_ok(netlink_listen(NETLINK_ROUTE, groups, 1, &fd, &h->why));
	netlink_pass_over(fd, 1000);
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0 table 1000"), 1);
	assert_int_equal(told(fd, "ip route add 10.7.0.0/16 dev out0 table 1001"), 1);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(addresses_that_have_not_changed_are_not_asked_for_again),
		MACHINE_CASE(addresses_are_asked_for_again_once_one_has_come_or_gone),
		MACHINE_CASE(more_addresses_than_are_kept_are_asked_for_each_time),
		MACHINE_CASE(where_nothing_is_told_addresses_are_asked_for_each_time),
		MACHINE_CASE(routes_of_our_own_wake_nobody),
		MACHINE_CASE(who_routes_in_a_table_of_many_is_told_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
