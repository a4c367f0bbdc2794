/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who guesses passwords waits longer and longer. */
#include "daemon/guesses.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct guesses g;
static const struct id carol = { ID_FQDN, { (const uint8_t *)"carol", 5 } },
		       dave = { ID_FQDN, { (const uint8_t *)"dave", 4 } };

static struct ip ip(const char *s)
{
	struct ip out;

	assert_int_equal(ip_parse(s, &out), ERR_OK);
	return out;
}

static int set_up(void **state)
{
	(void)state;
	g = (struct guesses){ .hash = { 1, 2 } };
	return 0;
}

static void a_user_waits(void **state)
{
	static const unsigned waits[] = { 0, 0, 0, 500, 1000, 2000, 4000, 8000, 8000, 8000 };
	char text[32];

	(void)state;
	for (unsigned i = 0; i < sizeof waits / sizeof *waits; i++) {
		struct ip from;

		snprintf(text, sizeof text, "192.0.2.%u", i + 1);
		from = ip(text);
		assert_int_equal(guesses_wait(&g, &carol, &from, 1000 + i), waits[i]);
		assert_int_equal(guesses_wait(&g, &dave, &from, 1000 + i), 0);
		assert_int_equal(guesses_waiting(&g, 1000 + i), i >= GUESSES_USER);
		assert_int_equal(guesses_wrong(&g, &carol, &from, 1000 + i), i + 1);
	}
	assert_int_equal(guesses_waiting(&g, 1000 + GUESSES_TIME + 100), 0);
	guesses_right(&g, &carol);
	assert_int_equal(guesses_waiting(&g, 1010), 0);
}

static void a_user_waits_in_every_domain(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < GUESSES_USER; i++) {
		const struct ip from = { 4, { 192, 0, 2, (uint8_t)i } };
		const struct id user = { ID_KEY_ID,
			bytes_of((uint8_t *)name, (size_t)snprintf(name, sizeof name, "d%u\\Carol", i)) };

		guesses_wrong(&g, &user, &from, 1000);
	}
	assert_int_equal(
		guesses_wait(&g, &carol, &(struct ip){ 4, { 203, 0, 113, 1 } }, 1000), GUESSES_FIRST);
}

static void an_address_waits_later(void **state)
{
	const struct ip from = ip("2001:db8::1"), same_net = ip("2001:db8::2"), other = ip("2001:db8:0:1::1");
	char name[16];

	(void)state;
	for (unsigned i = 0; i < GUESSES_ADDRESS; i++) {
		struct id user = { ID_FQDN,
			bytes_of((uint8_t *)name, (size_t)snprintf(name, sizeof name, "u%u", i)) };

		assert_int_equal(guesses_wait(&g, &dave, &same_net, 1000), 0);
		assert_int_equal(guesses_wrong(&g, &user, &from, 1000), i + 1);
	}
	assert_int_equal(guesses_wait(&g, &dave, &same_net, 1000), GUESSES_FIRST);
	assert_int_equal(guesses_wait(&g, &dave, &other, 1000), 0);
}

static void the_right_password_ends_it(void **state)
{
	const struct ip from = ip("192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < GUESSES_USER; i++)
		guesses_wrong(&g, &carol, &from, 1000);
	assert_int_equal(guesses_wait(&g, &carol, &from, 1000), GUESSES_FIRST);
	guesses_right(&g, &carol);
	assert_int_equal(guesses_wait(&g, &carol, &from, 1000), 0);
}

static void time_ends_it(void **state)
{
	const struct ip from = ip("192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < GUESSES_USER; i++)
		guesses_wrong(&g, &carol, &from, 1000);
	assert_int_equal(guesses_wait(&g, &carol, &from, 1000 + GUESSES_TIME - 1), GUESSES_FIRST);
	assert_int_equal(guesses_wait(&g, &carol, &from, 1000 + GUESSES_TIME), 0);
	assert_int_equal(guesses_wrong(&g, &carol, &from, 1000 + GUESSES_TIME), 1);
}

/* However many there are, the table is what it is, and the last ones are in it. */
static void many_take_the_places_of_the_oldest(void **state)
{
	char name[16];

	(void)state;
	for (unsigned i = 0; i < 20 * GUESSES_ROOM; i++) {
		struct id user = { ID_FQDN,
			bytes_of((uint8_t *)name, (size_t)snprintf(name, sizeof name, "u%u", i)) };
		struct ip from = { 4, { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i } };

		for (unsigned k = 0; k < GUESSES_USER; k++)
			guesses_wrong(&g, &user, &from, 1000 + i);
		assert_int_equal(guesses_wait(&g, &user, &from, 1000 + i), GUESSES_FIRST);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_user_waits, set_up),
		cmocka_unit_test_setup(a_user_waits_in_every_domain, set_up),
		cmocka_unit_test_setup(an_address_waits_later, set_up),
		cmocka_unit_test_setup(the_right_password_ends_it, set_up),
		cmocka_unit_test_setup(time_ends_it, set_up),
		cmocka_unit_test_setup(many_take_the_places_of_the_oldest, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
