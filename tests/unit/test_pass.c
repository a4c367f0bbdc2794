/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routing rules out of selectors, as text: "FROM TO protocol sport dport", one behind the other. */
#include "tests/unit/unit.h"

#include "tests/unit/packet.h"
#include "xfrm/pass.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static struct text why;

static int set_up(void **state)
{
	(void)state;
	why = text_in(&arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* Selectors, several separated by a blank. */
static struct tss selectors(const char *text)
{
	struct ts *v = ARENA_ARRAY(&arena, 8, struct ts);
	unsigned n = 0;
	char *rest = NULL, *copy = arena_str(&arena, text);

	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		v[n++] = packet_ts(word);
	return (struct tss){ v, n };
}

static void put_ports(struct text *t, uint16_t lo, uint16_t hi)
{
	if (hi)
		text_add(t, " %u-%u", lo, hi);
	else
		text_add(t, " *");
}

static const char *rules(const char *local, const char *remote)
{
	struct text out = text_in(&arena);
	struct rule_matches m;

	if (pass_rules(selectors(local), selectors(remote), &arena, &m, &why))
		return text_str(&why);
	for (unsigned i = 0; i < m.n; i++) {
		char from[PREFIX_TEXT], to[PREFIX_TEXT];

		text_add(&out, "%s%s %s %u", i ? "; " : "", prefix_print(&m.v[i].from, from),
			prefix_print(&m.v[i].to, to), m.v[i].proto);
		put_ports(&out, m.v[i].sport_lo, m.v[i].sport_hi);
		put_ports(&out, m.v[i].dport_lo, m.v[i].dport_hi);
	}
	return text_str(&out);
}

#define assert_rules(local, remote, expected) assert_string_equal(rules(local, remote), expected)

static void a_pair_of_networks_is_one_rule(void **state)
{
	(void)state;
	assert_rules("10.1.0.0/24", "10.2.0.0/16", "10.1.0.0/24 10.2.0.0/16 0 * *");
	assert_rules("0.0.0.0/0", "10.2.0.7", "0.0.0.0/0 10.2.0.7/32 0 * *");
	assert_rules("::/0", "2001:db8::/32", "::/0 2001:db8::/32 0 * *");
}

static void every_local_meets_every_remote_of_its_family(void **state)
{
	(void)state;
	assert_rules("10.1.0.0/24 fd01::/64", "10.2.0.0/24 fd02::/64 10.3.0.0/24",
		"10.1.0.0/24 10.2.0.0/24 0 * *; 10.1.0.0/24 10.3.0.0/24 0 * *; fd01::/64 fd02::/64 0 * *");
	assert_rules("10.1.0.0/24", "fd02::/64", "");
}

static void ranges_are_cut_into_prefixes(void **state)
{
	(void)state;
	assert_rules("10.1.0.1-10.1.0.2", "10.2.0.0-10.2.2.255",
		"10.1.0.1/32 10.2.0.0/23 0 * *; 10.1.0.1/32 10.2.2.0/24 0 * *; "
		"10.1.0.2/32 10.2.0.0/23 0 * *; 10.1.0.2/32 10.2.2.0/24 0 * *");
}

static void ports_stand_on_their_side(void **state)
{
	(void)state;
	assert_rules("0.0.0.0/0", "192.0.2.1[udp/53]", "0.0.0.0/0 192.0.2.1/32 17 * 53-53");
	assert_rules("0.0.0.0/0[tcp/22]", "0.0.0.0/0[tcp]", "0.0.0.0/0 0.0.0.0/0 6 22-22 *");
	assert_rules("0.0.0.0/0[/1000-2000]", "0.0.0.0/0[/53]", "0.0.0.0/0 0.0.0.0/0 0 1000-2000 53-53");
	assert_rules("0.0.0.0/0[icmp]", "0.0.0.0/0", "0.0.0.0/0 0.0.0.0/0 1 * *");
}

static void two_protocols_have_nothing_in_common(void **state)
{
	(void)state;
	assert_rules("0.0.0.0/0[tcp]", "0.0.0.0/0[udp/53]", "");
}

static void ranges_lose_the_ports_that_rules_do_not_know(void **state)
{
	(void)state;
	assert_rules("0.0.0.0/0[tcp/1024-65535]", "0.0.0.0/0[tcp/0-1023]",
		"0.0.0.0/0 0.0.0.0/0 6 1024-65534 1-1023");
	assert_non_null(strstr(rules("0.0.0.0/0[tcp/65535]", "0.0.0.0/0"), "ports 1 to 65534 only"));
}

static void what_no_rule_can_say_is_refused(void **state)
{
	(void)state;
	assert_rules("0.0.0.0/0", "0.0.0.0/0[icmp/8]",
		"no routing rule can let 0.0.0.0/0[icmp/8] pass: rules know no types of ICMP; leave the type "
		"out");
	why = text_in(&arena);
	assert_non_null(strstr(rules("0.0.0.0/0[tcp/opaque]", "0.0.0.0/0"), "packets that show no ports"));
}

static void too_many_rules_are_refused(void **state)
{
	(void)state;
	/* 30 prefixes each */
	assert_non_null(strstr(rules("10.0.0.1-10.255.255.254", "10.0.0.1-10.255.255.254"),
		"need more than 256 routing rules"));
}

static void a_source_that_is_not_chosen_is_its_own_prefix(void **state)
{
	struct prefix v4 = pass_unchosen(4), v6 = pass_unchosen(6), any = { .ip.v = 4 };
	char text[PREFIX_TEXT];

	(void)state;
	assert_string_equal(prefix_print(&v4, text), "0.0.0.0/32");
	assert_string_equal(prefix_print(&v6, text), "::/128");
	assert_true(pass_is_unchosen(&v4));
	assert_true(pass_is_unchosen(&v6));
	assert_false(pass_is_unchosen(&any));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_pair_of_networks_is_one_rule, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			every_local_meets_every_remote_of_its_family, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ranges_are_cut_into_prefixes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ports_stand_on_their_side, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_protocols_have_nothing_in_common, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			ranges_lose_the_ports_that_rules_do_not_know, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_no_rule_can_say_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_many_rules_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_source_that_is_not_chosen_is_its_own_prefix, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
