/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices of a tunnel's own and their addresses, against the kernel. */
#include "tests/unit/machine.h"
#include "tests/unit/packet.h"

#include "xfrm/device.h"
#include "xfrm/kernel/state.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static struct if_addr addrs[2]; /* 10.9.0.1/24, 2001:db8:9::1/64 */

static int addresses_set_up(void **state)
{
	addrs[0] = (struct if_addr){ packet_ip("10.9.0.1"), 24 };
	addrs[1] = (struct if_addr){ packet_ip("2001:db8:9::1"), 64 };
	return machine_set_up(state);
}

#define DEVICE_CASE(test) cmocka_unit_test_setup_teardown(test, addresses_set_up, machine_tear_down)

/* A predecessor that runs DO and ends without a word. */
static void predecessor(struct machine *h, bool (*run)(struct machine *h))
{
	pid_t child = fork();
	int status = 0;

	assert_true(child >= 0);
	if (!child) {
		struct settings settings = settings_default();
		bool ok = !route_open(h->journal, &settings, MACHINE_MARK, &h->route, &h->why) && run(h);

		if (!ok)
			print_message("    predecessor: %s\n", text_str(&h->why));
		_exit(!ok);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Addresses. */

static void addresses_go_with_their_last_owner(void **state)
{
	struct machine *h = machine_started(state);

	assert_ok(device_addrs_add(h->route, h->dev, addrs, 2, &h->why));
	assert_ok(device_addrs_add(h->route, h->dev, addrs, 1, &h->why));
	assert_says("ip addr show dev ipsec0", "inet 10.9.0.1/24");
	assert_says("ip addr show dev ipsec0", "inet6 2001:db8:9::1/64");
	assert_silent("ip addr show dev ipsec0", "tentative");
	device_addrs_del(h->route, h->dev, addrs, 2);
	assert_says("ip addr show dev ipsec0", "inet 10.9.0.1/24");
	assert_silent("ip addr show dev ipsec0", "inet6 2001:db8:9::1");
	device_addrs_del(h->route, h->dev, addrs, 1);
	assert_silent("ip addr show dev ipsec0", "inet 10.9.0.1");
	assert_int_equal(h->warnings, 0);
}

static void somebody_elses_address_stays(void **state)
{
	struct machine *h = machine_started(state);

	machine_sh("ip addr add 10.9.0.1/24 dev ipsec0");
	assert_ok(device_addrs_add(h->route, h->dev, addrs, 2, &h->why));
	device_addrs_del(h->route, h->dev, addrs, 2);
	assert_says("ip addr show dev ipsec0", "inet 10.9.0.1/24");
	assert_silent("ip addr show dev ipsec0", "inet6 2001:db8:9::1");
}

static void of_addresses_that_cannot_be_had_none_is_left(void **state)
{
	struct machine *h = machine_started(state);

	addrs[1].ip = packet_ip("ff02::1"); /* a group's */
	assert_int_not_equal(device_addrs_add(h->route, h->dev, addrs, 2, &h->why), ERR_OK);
	assert_non_null(strstr(text_str(&h->why), "cannot put the address ff02::1/64 on ipsec0"));
	assert_silent("ip addr show dev ipsec0", "inet 10.9.0.1");
	assert_int_equal(device_addrs_add(h->route, "nowhere0", addrs, 1, &h->why), ERR_MISSING);
	assert_non_null(strstr(text_str(&h->why), "No such device"));
}

static bool put_on_out0(struct machine *h)
{
	return !device_addrs_add(h->route, "out0", addrs, 2, &h->why);
}

static void after_a_crash_addresses_go_unless_somebody_asks(void **state)
{
	struct machine *h = machine_enter(state);

	predecessor(h, put_on_out0);
	machine_start(h);
	assert_says("ip addr show dev out0", "inet 10.9.0.1/24");
	assert_ok(device_addrs_add(h->route, "out0", addrs + 1, 1, &h->why));
	route_adopted_drop(h->route);
	assert_silent("ip addr show dev out0", "inet 10.9.0.1");
	assert_says("ip addr show dev out0", "inet6 2001:db8:9::1/64");
	device_addrs_del(h->route, "out0", addrs + 1, 1);
	assert_silent("ip addr show dev out0", "inet6 2001:db8:9::1");
	assert_int_equal(h->warnings, 0);
}

/* Virtual addresses. */

static void virtual_addresses_are_on_a_device_that_is_up(void **state)
{
	struct machine *h = machine_started(state);
	const struct ip v4 = packet_ip("10.93.0.1"), v6 = packet_ip("2001:db8:93::1"),
			peer = packet_ip("192.0.2.2");

	machine_sh("ip link set lo down");
	assert_ok(device_vip_add(h->route, &v4, &peer, &h->why));
	assert_says("ip addr show dev out0", "inet 10.93.0.1/32");
	machine_sh("ip link set lo up");
	assert_ok(device_vip_add(h->route, &v6, &peer, &h->why));
	assert_says("ip addr show dev lo", "inet6 2001:db8:93::1/128");
	/* An owner more, who finds it where it is. */
	assert_ok(device_vip_add(h->route, &v4, &peer, &h->why));
	assert_silent("ip addr show dev lo", "10.93.0.1");
	assert_true(device_is_vip(h->route, &v4));
	assert_false(device_is_vip(h->route, &peer));
	device_vip_del(h->route, &v4);
	assert_says("ip addr show dev out0", "inet 10.93.0.1/32");
	device_vip_del(h->route, &v4);
	device_vip_del(h->route, &v6);
	assert_silent("ip addr", "10.93.0.1");
	assert_silent("ip addr", "2001:db8:93::1");
	assert_false(device_is_vip(h->route, &v4));
	device_vip_del(h->route, &v4);
	assert_int_equal(h->warnings, 0);
}

static void a_virtual_address_of_somebody_else_stays(void **state)
{
	struct machine *h = machine_started(state);
	const struct ip v4 = packet_ip("10.93.0.1");

	machine_sh("ip link set lo up && ip addr add 10.93.0.1/32 dev lo");
	assert_ok(device_vip_add(h->route, &v4, &v4, &h->why));
	device_vip_del(h->route, &v4);
	assert_says("ip addr show dev lo", "inet 10.93.0.1/32");
}

static bool put_on_lo(struct machine *h)
{
	const struct ip v4 = packet_ip("10.93.0.1");

	machine_sh("ip link set lo up");
	return !device_vip_add(h->route, &v4, &v4, &h->why);
}

static void after_a_crash_virtual_addresses_go_at_the_next_start(void **state)
{
	struct machine *h = machine_enter(state);

	predecessor(h, put_on_lo);
	assert_says("ip addr show dev lo", "inet 10.93.0.1/32");
	machine_start(h);
	assert_silent("ip addr show dev lo", "10.93.0.1");
	assert_int_equal(h->warnings, 0);
}

static void without_a_device_there_is_no_virtual_address(void **state)
{
	struct machine *h = machine_started(state);
	const struct ip v4 = packet_ip("10.93.0.1"), lost = packet_ip("203.0.113.9");

	machine_sh("ip link set lo down");
	assert_int_equal(device_vip_add(h->route, &v4, &lost, &h->why), ERR_MISSING);
	assert_non_null(strstr(text_str(&h->why), "ip link set lo up"));
	assert_false(device_is_vip(h->route, &v4));
}

/* XFRM interfaces. */

static bool kernel_has_xfrmi(void)
{
	return !system("ip link add probe0 type xfrm if_id 99 2>/dev/null && ip link del probe0");
}

static struct machine *with_xfrmi(void **state, const char *test)
{
	struct machine *h = machine_enter(state);

	if (!kernel_has_xfrmi())
		skip_for_lack(test, "XFRM interfaces");
	machine_start(h);
	return h;
}

/* One that has them has nothing to be told. */
static void a_kernel_without_xfrm_interfaces_is_told(void **state)
{
	struct machine *h = machine_enter(state);
	struct xfrmi dev;

	if (kernel_has_xfrmi())
		return;
	machine_start(h);
	assert_int_equal(device_get(h->route, "vpn", 5, &dev, &h->why), ERR_UNSUPPORTED);
	assert_non_null(strstr(text_str(&h->why), "this kernel has no XFRM interfaces"));
	assert_non_null(strstr(text_str(&h->why), "datapath = user"));
	assert_silent("ip link", "vpn");
}

static void count(void *ctx, const struct nlmsghdr *h)
{
	(void)h;
	++*(unsigned *)ctx;
}

/* Nobody is to hear of a device that comes and goes, at each start. First of these cases: nothing has asked
 * for the module yet. */
static void whether_there_are_interfaces_is_found_out_without_making_one(void **state)
{
	struct machine *h = machine_enter(state);
	const unsigned group = RTNLGRP_LINK;
	unsigned heard = 0;
	int events;
	bool has;

	assert_ok(netlink_listen(NETLINK_ROUTE, &group, 1, &events, &h->why));
	has = kernel_probe_interface();
	assert_true(netlink_hear(events, count, &heard));
	assert_int_equal(heard, 0);
	assert_int_equal(has, kernel_has_xfrmi());
	machine_sh("ip link set out0 down");
	assert_true(netlink_hear(events, count, &heard));
	assert_int_not_equal(heard, 0);
	close(events);
}

static void another_device_of_the_name_is_left_alone(void **state)
{
	struct machine *h = machine_enter(state);
	struct xfrmi dev;

	machine_start(h);
	assert_int_equal(device_get(h->route, "out0", 0, &dev, &h->why), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "the device out0 exists and is no XFRM interface"));
	assert_says("ip link", "out0");
}

static void an_interface_goes_with_its_last_owner(void **state)
{
	struct machine *h = with_xfrmi(state, __func__);
	struct xfrmi dev, again;

	assert_ok(device_get(h->route, "vpn", 5, &dev, &h->why));
	assert_true(dev.ours);
	assert_int_equal(dev.if_id, 5);
	assert_says("ip -d link show vpn", "xfrm if_id 0x5");
	assert_says("ip link show vpn", ",UP");
	assert_ok(device_fit(h->route, &dev, 1400, &h->why));
	assert_says("ip link show vpn", "mtu 1400");
	assert_silent("ip addr show dev vpn", "inet6 fe80");
	assert_ok(device_get(h->route, "vpn", 5, &again, &h->why));
	device_put(h->route, &dev);
	assert_says("ip link", "vpn");
	device_put(h->route, &again);
	assert_silent("ip link", "vpn");
	assert_int_equal(h->warnings, 0);
}

static void a_number_of_our_choice_is_nobody_elses(void **state)
{
	struct machine *h = with_xfrmi(state, __func__);
	struct xfrmi dev, again, other;
	char command[80];

	assert_ok(device_get(h->route, "vpn", 0, &dev, &h->why));
	assert_int_not_equal(dev.if_id, 0);
	assert_ok(device_get(h->route, "vpn", 0, &again, &h->why));
	assert_int_equal(again.if_id, dev.if_id);
	device_put(h->route, &dev);
	device_put(h->route, &again);
	snprintf(command, sizeof command, "ip link add theirs type xfrm if_id %u", dev.if_id);
	machine_sh(command);
	assert_ok(device_get(h->route, "vpn", 0, &other, &h->why));
	assert_int_not_equal(other.if_id, dev.if_id);
	assert_int_equal(device_get(h->route, "vpn2", dev.if_id, &again, &h->why), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "another XFRM interface has the if_id"));
	assert_silent("ip link", "vpn2");
}

static void somebody_elses_interface_is_used_and_left_alone(void **state)
{
	struct machine *h = with_xfrmi(state, __func__);
	struct xfrmi dev;

	machine_sh("ip link add theirs type xfrm if_id 7 && ip link set theirs mtu 1350");
	assert_ok(device_get(h->route, "theirs", 7, &dev, &h->why));
	assert_false(dev.ours);
	assert_ok(device_fit(h->route, &dev, 1400, &h->why));
	assert_says("ip link show theirs", "mtu 1350");
	device_put(h->route, &dev);
	assert_ok(device_get(h->route, "theirs", 0, &dev, &h->why));
	assert_int_equal(dev.if_id, 7);
	device_put(h->route, &dev);
	assert_says("ip -d link show theirs", "xfrm if_id 0x7");
	assert_int_equal(device_get(h->route, "theirs", 8, &dev, &h->why), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "exists with if_id 7 instead of 8"));
}

static bool make_two(struct machine *h)
{
	struct xfrmi dev;

	return !device_get(h->route, "vpn", 0, &dev, &h->why) &&
	       !device_addrs_add(h->route, "vpn", addrs, 2, &h->why) &&
	       !device_get(h->route, "gone", 5, &dev, &h->why);
}

static void after_a_crash_interfaces_go_unless_somebody_asks(void **state)
{
	struct machine *h = with_xfrmi(state, __func__);
	struct xfrmi dev;

	route_close(h->route);
	h->route = NULL;
	predecessor(h, make_two);
	assert_says("ip link", "gone");
	machine_start(h);
	assert_says("ip link", "gone");
	assert_ok(device_get(h->route, "vpn", 0, &dev, &h->why));
	assert_true(dev.ours);
	assert_ok(device_addrs_add(h->route, "vpn", addrs, 2, &h->why));
	route_adopted_drop(h->route);
	assert_silent("ip link", "gone");
	assert_says("ip addr show dev vpn", "inet 10.9.0.1/24");
	device_addrs_del(h->route, "vpn", addrs, 2);
	device_put(h->route, &dev);
	assert_silent("ip link", "vpn");
	assert_int_equal(h->warnings, 0);
}

static void after_a_crash_an_interface_may_get_another_number(void **state)
{
	struct machine *h = with_xfrmi(state, __func__);
	struct xfrmi dev, other;

	route_close(h->route);
	h->route = NULL;
	predecessor(h, make_two);
	machine_start(h);
	assert_ok(device_get(h->route, "gone", 6, &dev, &h->why));
	assert_says("ip -d link show gone", "xfrm if_id 0x6");
	assert_int_equal(device_get(h->route, "gone", 5, &other, &h->why), ERR_EXISTS);
	assert_says("ip -d link show gone", "xfrm if_id 0x6");
	device_put(h->route, &dev);
	assert_silent("ip link", "gone");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DEVICE_CASE(addresses_go_with_their_last_owner),
		DEVICE_CASE(somebody_elses_address_stays),
		DEVICE_CASE(of_addresses_that_cannot_be_had_none_is_left),
		DEVICE_CASE(after_a_crash_addresses_go_unless_somebody_asks),
		DEVICE_CASE(virtual_addresses_are_on_a_device_that_is_up),
		DEVICE_CASE(a_virtual_address_of_somebody_else_stays),
		DEVICE_CASE(after_a_crash_virtual_addresses_go_at_the_next_start),
		DEVICE_CASE(without_a_device_there_is_no_virtual_address),
		DEVICE_CASE(whether_there_are_interfaces_is_found_out_without_making_one),
		DEVICE_CASE(a_kernel_without_xfrm_interfaces_is_told),
		DEVICE_CASE(another_device_of_the_name_is_left_alone),
		DEVICE_CASE(an_interface_goes_with_its_last_owner),
		DEVICE_CASE(a_number_of_our_choice_is_nobody_elses),
		DEVICE_CASE(somebody_elses_interface_is_used_and_left_alone),
		DEVICE_CASE(after_a_crash_interfaces_go_unless_somebody_asks),
		DEVICE_CASE(after_a_crash_an_interface_may_get_another_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
