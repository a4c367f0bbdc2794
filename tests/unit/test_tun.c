/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tun devices. */
#include "tests/unit/machine.h"

#include <unistd.h>

static void devices_get_the_next_free_number(void **state)
{
	struct machine *h = machine_enter(state);
	char second[TUN_NAME];
	int fd;

	assert_ok(tun_open("ipsec", true, 1, &h->tun, h->dev, &h->why));
	assert_ok(tun_open("ipsec", true, 1, &fd, second, &h->why));
	assert_string_equal(h->dev, "ipsec0");
	assert_string_equal(second, "ipsec1");
	close(fd);
	assert_silent("ip link", "ipsec1");
	assert_says("ip link show ipsec0", "qlen 5000");
}

static void a_device_with_a_number_keeps_its_name(void **state)
{
	struct machine *h = machine_enter(state);

	assert_ok(tun_open("vpn-7", true, 1, &h->tun, h->dev, &h->why));
	assert_string_equal(h->dev, "vpn-7");
}

static void a_device_has_no_addresses_of_its_own(void **state)
{
	machine_started(state);
	assert_string_equal(machine_said("ip -o addr show dev ipsec0"), "");
	assert_says("ip link show ipsec0", "mtu 1400");
	assert_says("ip link show ipsec0", "UP");
}

static void reading_an_idle_device_does_not_wait(void **state)
{
	struct machine *h = machine_started(state);
	char octet;

	while (read(h->tun, &octet, 1) > 0)
		;
	assert_int_equal(read(h->tun, &octet, 1), -1);
}

static void a_name_in_use_is_told(void **state)
{
	struct machine *h = machine_enter(state);
	char made[TUN_NAME];
	int fd;

	assert_ok(tun_open("vpn7", true, 1, &h->tun, h->dev, &h->why));
	assert_int_equal(tun_open("vpn7", true, 1, &fd, made, &h->why), ERR_EXISTS);
	assert_int_equal(tun_open("out0", true, 1, &fd, made, &h->why), ERR_EXISTS);
	assert_non_null(strstr(text_str(&h->why), "ip link del out0"));
}

static void a_name_may_be_taken_as_it_is(void **state)
{
	struct machine *h = machine_enter(state);
	char made[TUN_NAME];
	int fd;

	assert_ok(tun_open("fifteen-letters", false, 1, &h->tun, h->dev, &h->why));
	assert_string_equal(h->dev, "fifteen-letters");
	assert_int_equal(tun_open("fifteen-letters", false, 1, &fd, made, &h->why), ERR_EXISTS);
	assert_int_equal(tun_open("sixteen-letters-", false, 1, &fd, made, &h->why), ERR_SYNTAX);
}

static void an_impossible_name_is_told(void **state)
{
	static const char *const bad[] = { "", "a/b", "a b", "%d", "x%d7", "..", "a\"b", "fourteenletter",
		"sixteenletters16" };
	struct machine *h = machine_enter(state);
	char made[TUN_NAME];
	int fd;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(tun_open(bad[i], true, 1, &fd, made, &h->why), ERR_SYNTAX);
	assert_ok(tun_open("thirteenlette", true, 1, &h->tun, h->dev, &h->why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		MACHINE_CASE(devices_get_the_next_free_number),
		MACHINE_CASE(a_device_with_a_number_keeps_its_name),
		MACHINE_CASE(a_device_has_no_addresses_of_its_own),
		MACHINE_CASE(reading_an_idle_device_does_not_wait),
		MACHINE_CASE(a_name_in_use_is_told),
		MACHINE_CASE(a_name_may_be_taken_as_it_is),
		MACHINE_CASE(an_impossible_name_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
