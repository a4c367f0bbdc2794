/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks that stay outside of all tunnels, on a machine whose addresses are those of a test. */
#include "tests/unit/unit.h"

#include "base/log.h"
#include "daemon/world.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

enum { ADDRESSES = 64 };

static struct world world;
static struct ifaddrs all[ADDRESSES];
static struct sockaddr_in addresses[ADDRESSES], mask;
static unsigned n;                /* addresses that there are, of /24 */
static unsigned passed, warnings; /* shunts that there are; lines */

/* In place of those of the C library. */
int getifaddrs(struct ifaddrs **out)
{
	for (unsigned i = 0; i < n; i++)
		all[i].ifa_next = i + 1 < n ? &all[i + 1] : NULL;
	*out = n ? all : NULL;
	return 0;
}

void freeifaddrs(struct ifaddrs *list)
{
	(void)list;
}

static void address(const char *format, unsigned i)
{
	char text[INET_ADDRSTRLEN];

	snprintf(text, sizeof text, format, i);
	addresses[n].sin_family = mask.sin_family = AF_INET;
	assert_int_equal(inet_pton(AF_INET, text, &addresses[n].sin_addr), 1);
	assert_int_equal(inet_pton(AF_INET, "255.255.255.0", &mask.sin_addr), 1);
	all[n] = (struct ifaddrs){ .ifa_flags = IFF_UP | IFF_BROADCAST,
		.ifa_addr = (struct sockaddr *)&addresses[n],
		.ifa_netmask = (struct sockaddr *)&mask };
	n++;
}

static enum err shunt_add(struct xfrm *x, const struct shunt_spec *shunt, struct text *why)
{
	(void)x;
	(void)shunt;
	(void)why;
	passed++;
	return ERR_OK;
}

static void shunt_del(struct xfrm *x, uint32_t shunt)
{
	(void)x;
	(void)shunt;
	passed--;
}

static void count(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	(void)line;
	warnings += level == LOG_WARN && !strcmp(word, "beside");
}

static int set_up(void **state)
{
	static const struct xfrm_backend backend = { .shunt_add = shunt_add, .shunt_del = shunt_del };

	(void)state;
	world = (struct world){ .backend = &backend };
	config_start(&world.config, NULL);
	world.config.file.settings.lan_bypass = LAN_PRIVATE;
	n = passed = warnings = 0;
	log_to(count, NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	beside_stop(&world);
	config_stop(&world.config);
	return 0;
}

static void networks_come_and_go(void **state)
{
	(void)state;
	address("192.168.%u.1", 1);
	address("192.0.%u.1", 2);
	beside_follow(&world);
	assert_int_equal(passed, 1);
	assert_int_equal(warnings, 1);
	beside_follow(&world);
	assert_int_equal(warnings, 1);
	n = 0;
	beside_follow(&world);
	assert_int_equal(passed, 0);
	assert_int_equal(world.beside.n, 0);
}

static void refused_networks_leave_room_for_others(void **state)
{
	(void)state;
	for (unsigned i = 0; i < BESIDE_NETWORKS_MAX; i++)
		address("198.51.%u.1", i);
	address("192.168.%u.1", 1);
	beside_follow(&world);
	assert_int_equal(passed, 1);
	assert_int_equal(world.beside.n, 1 + BESIDE_REFUSED_MAX);
}

/* All at once, with as many as there can be. */
static void networks_that_go_make_room_for_those_that_come(void **state)
{
	(void)state;
	for (unsigned net = 0; net < 2; net++) {
		n = 0;
		for (unsigned i = 0; i < BESIDE_NETWORKS_MAX; i++)
			address(net ? "10.1.%u.1" : "10.0.%u.1", i);
		beside_follow(&world);
		assert_int_equal(passed, BESIDE_NETWORKS_MAX);
	}
	assert_true(world.beside.networks[0].ts.lo.a[1] == 1);
}

static void refused_networks_do_not_fill_the_log(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		n = 0;
		address("198.51.%u.1", i);
		beside_follow(&world);
	}
	assert_int_equal(warnings, BESIDE_REFUSED_MAX);
	world.beside.since -= BESIDE_REFUSED_TIME;
	n = 0;
	address("198.51.%u.1", 100);
	beside_follow(&world);
	assert_int_equal(warnings, BESIDE_REFUSED_MAX + 1);
	assert_int_equal(passed, 0);
}

int main(void)
{
#define BESIDE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		BESIDE(networks_come_and_go),
		BESIDE(refused_networks_leave_room_for_others),
		BESIDE(networks_that_go_make_room_for_those_that_come),
		BESIDE(refused_networks_do_not_fill_the_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
