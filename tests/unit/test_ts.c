/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic selectors: their text, and what narrowing makes of them. */
#include "tests/unit/unit.h"

#include "base/rng.h"
#include "model/ts.h"

static struct arena arena;

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct ts ts(const char *s)
{
	struct ts out;

	if (ts_parse(s, &out))
		fail_msg("%s is no selector", s);
	return out;
}

/* The selectors in S, between blanks. */
static struct tss tss(const char *s)
{
	struct ts *v = ARENA_ARRAY(&arena, TS_MAX, struct ts);
	char *rest = arena_str(&arena, s), *word;
	unsigned n = 0;

	while ((word = strsep(&rest, " ")))
		if (*word)
			v[n++] = ts(word);
	return (struct tss){ v, n };
}

static void text_comes_back(void **state)
{
	static const char *const same[] = { "10.1.0.0/16", "10.1.0.1/32", "10.1.0.1-10.1.0.9", "dynamic",
		"10.1.0.0/16[tcp]", "10.1.0.0/16[tcp/80]", "dynamic[udp/1000-2000]", "0.0.0.0/0[/53]",
		"10.1.0.0/16[icmp/8]", "::/0[ipv6-icmp/128-129]", "::/0[ipv6-icmp/1(4)]",
		"10.0.0.0/8[icmp/3(1)-3(9)]", "2001:db8::/32[tcp/opaque]", "10.0.0.0/8[99]",
		"10.0.0.0/8[99/7]" };
	char text[TS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		struct ts t = ts(same[i]);

		assert_string_equal(ts_print(&t, text), same[i]);
	}
}

static void other_ways_to_write_are_understood(void **state)
{
	static const char *const ways[][2] = { { "10.1.2.3", "10.1.2.3/32" },
		{ "10.1.2.3/16", "10.1.0.0/16" }, { "10.1.0.0-10.1.255.255", "10.1.0.0/16" },
		{ "10.0.0.0/8[6]", "10.0.0.0/8[tcp]" }, { "10.0.0.0/8[TCP/HTTP]", "10.0.0.0/8[tcp/80]" },
		{ "10.0.0.0/8[]", "10.0.0.0/8" }, { "10.0.0.0/8[any/any]", "10.0.0.0/8" },
		{ "10.0.0.0/8[tcp/0-65535]", "10.0.0.0/8[tcp]" }, { "::/0[icmpv6]", "::/0[ipv6-icmp]" },
		{ "10.1.0.1 - 10.1.0.9", "10.1.0.1-10.1.0.9" },
		{ " 10.0.0.0/8 [ tcp / 80 ] ", "10.0.0.0/8[tcp/80]" },
		{ "10.0.0.0/8[icmp/2048]", "10.0.0.0/8[icmp/8(0)]" } };
	char text[TS_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct ts t = ts(ways[i][0]);

		assert_string_equal(ts_print(&t, text), ways[i][1]);
	}
}

static void wrong_selectors_are_refused(void **state)
{
	static const char *const bad[] = { "", "net", "10.0.0.0/8[", "10.0.0.0/8]", "10.0.0.0/8[tcp", "[tcp]",
		"10.0.0.0/8[tpc]", "10.0.0.0/8[tcp/65536]", "10.0.0.0/8[tcp/9-8]", "10.0.0.0/8[tcp/80x]",
		"10.0.0.0/8[256]", "10.0.0.0/8[tcp/80]x", "10.0.0.0/8[icmp/3(256)]", "10.0.0.0/8[icmp/3(1]",
		"10.0.0.0/8[tcp/80-]", "10.0.0.0/40", "10.0.0.0/8[tcp/-1]", "10.0.0.0/8[icmp/http]" };
	struct ts out;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		if (ts_parse(bad[i], &out) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
}

static bool contains(const char *a, const char *b)
{
	struct ts x = ts(a), y = ts(b);

	return ts_contains(&x, &y);
}

static void containment_looks_at_all_three(void **state)
{
	(void)state;
	assert_true(contains("10.0.0.0/8", "10.1.0.0/16[tcp/80]"));
	assert_true(contains("10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/80]"));
	assert_false(contains("10.0.0.0/8[tcp]", "10.0.0.0/8"));
	assert_false(contains("10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp]"));
	assert_false(contains("10.1.0.0/16", "10.0.0.0/8"));
	assert_false(contains("::/0", "10.0.0.0/8"));
	assert_false(contains("0.0.0.0/0", "dynamic"));
}

static void opaque_is_only_part_of_any_port(void **state)
{
	(void)state;
	assert_true(contains("10.0.0.0/8[tcp]", "10.0.0.0/8[tcp/opaque]"));
	assert_true(contains("10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/opaque]"));
	assert_false(contains("10.0.0.0/8[tcp/80]", "10.0.0.0/8[tcp/opaque]"));
	assert_false(contains("10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/80]"));
}

static const char *narrow(const char *offered, const char *wanted)
{
	return tss_print(tss_narrow(tss(offered), tss(wanted), &arena), &arena);
}

static void narrowing_gives_what_is_common(void **state)
{
	(void)state;
	assert_string_equal(narrow("0.0.0.0/0", "10.1.0.0/16"), "10.1.0.0/16");
	assert_string_equal(narrow("10.1.0.0/16", "0.0.0.0/0"), "10.1.0.0/16");
	assert_string_equal(narrow("10.1.0.0-10.1.0.9", "10.1.0.5-10.1.0.20"), "10.1.0.5-10.1.0.9");
	assert_string_equal(narrow("10.0.0.0/8[tcp]", "10.1.0.0/16[/80]"), "10.1.0.0/16[tcp/80]");
	assert_string_equal(narrow("::/0 0.0.0.0/0", "10.1.0.0/16"), "10.1.0.0/16");
	assert_string_equal(narrow("10.0.0.0/8[tcp/opaque]", "10.1.0.0/16"), "10.1.0.0/16[tcp/opaque]");
}

static void nothing_in_common_is_nothing(void **state)
{
	(void)state;
	assert_string_equal(narrow("10.1.0.0/16", "10.2.0.0/16"), "");
	assert_string_equal(narrow("10.1.0.0/16[tcp]", "10.1.0.0/16[udp]"), "");
	assert_string_equal(narrow("10.1.0.0/16[tcp/1-9]", "10.1.0.0/16[tcp/10-19]"), "");
	assert_string_equal(narrow("10.1.0.0/16[tcp/opaque]", "10.1.0.0/16[tcp/80]"), "");
	assert_string_equal(narrow("", "10.1.0.0/16"), "");
	assert_string_equal(narrow("10.1.0.0/16", "::/0"), "");
}

static void narrowing_keeps_order_and_drops_the_contained(void **state)
{
	(void)state;
	assert_string_equal(
		narrow("10.2.0.0/16 10.1.0.0/16", "10.1.0.0/16 10.2.0.0/16"), "10.2.0.0/16 10.1.0.0/16");
	/* As of a trap: the packet that asks, then the whole (RFC 7296, 2.9). */
	assert_string_equal(narrow("10.1.0.7/32[tcp/80] 10.1.0.0/16", "0.0.0.0/0"), "10.1.0.0/16");
	assert_string_equal(narrow("0.0.0.0/0", "10.1.0.0/16 10.0.0.0/8 10.2.0.0/16"), "10.0.0.0/8");
}

static void narrowing_is_bounded(void **state)
{
	struct ts *offered = ARENA_ARRAY(&arena, TS_MAX, struct ts),
		  *wanted = ARENA_ARRAY(&arena, 2, struct ts);

	(void)state;
	for (unsigned i = 0; i < TS_MAX; i++) {
		offered[i] = ts("10.0.0.0/8[tcp]");
		offered[i].port_lo = offered[i].port_hi = (uint16_t)i;
	}
	wanted[0] = ts("10.1.0.0/16");
	wanted[1] = ts("10.2.0.0/16");
	assert_int_equal(
		tss_narrow((struct tss){ offered, TS_MAX }, (struct tss){ wanted, 2 }, &arena).n, TS_MAX);
}

static struct ts random_ts(struct rng *r)
{
	struct ip ip = { .v = 4, .a = { 10, 0, 0, (uint8_t)rng_below(r, 8) } };
	struct ts t = ts_host(&ip);

	t.hi.a[3] = (uint8_t)(t.lo.a[3] + rng_below(r, 8));
	t.proto = rng_below(r, 2) ? 6 : 0;
	t.port_lo = (uint16_t)rng_below(r, 4);
	t.port_hi = (uint16_t)(t.port_lo + rng_below(r, 4));
	return t;
}

/* The address, protocol and port behind N, of few. */
static bool has(const struct ts *t, unsigned n)
{
	struct ip ip = { .v = 4, .a = { 10, 0, 0, (uint8_t)(n % 16) } };

	return ts_has(t, &ip, n / 16 % 2 ? 6 : 17, (uint16_t)(n / 32 % 8), true);
}

static void a_packet_is_in_the_common_part_when_it_is_in_both(void **state)
{
	struct rng_seeded r;

	(void)state;
	rng_seed(&r, 4);
	for (int round = 0; round < 500; round++) {
		struct ts a = random_ts(&r.rng), b = random_ts(&r.rng), c;
		bool common = ts_intersect(&a, &b, &c);

		for (unsigned n = 0; n < 256; n++)
			assert_int_equal(has(&a, n) && has(&b, n), common && has(&c, n));
		if (common)
			assert_true(ts_contains(&a, &c) && ts_contains(&b, &c));
	}
}

static void dynamic_gets_the_address_and_keeps_the_rest(void **state)
{
	struct ip host;

	(void)state;
	assert_int_equal(ip_parse("192.0.2.1", &host), ERR_OK);
	assert_string_equal(tss_print(tss_resolve(tss("dynamic[tcp/80] 10.1.0.0/16"), &host, &arena), &arena),
		"192.0.2.1/32[tcp/80] 10.1.0.0/16");
}

static void dynamic_may_stand_for_several(void **state)
{
	(void)state;
	assert_string_equal(tss_print(tss_resolve_all(tss("dynamic[tcp/80] 10.1.0.0/16"),
					      tss("192.0.2.1 2001:db8::/64"), &arena),
				    &arena),
		"192.0.2.1/32[tcp/80] 2001:db8::/64[tcp/80] 10.1.0.0/16");
	assert_string_equal(
		tss_print(tss_resolve_all(tss("dynamic 10.1.0.0/16"), (struct tss){ 0 }, &arena), &arena),
		"10.1.0.0/16");
}

static void sets_contain_and_equal_each_other(void **state)
{
	struct tss wide = tss("10.0.0.0/8 192.0.2.0/24"),
		   narrow_set = tss("10.1.0.0/16 10.2.0.0/16 192.0.2.1");

	(void)state;
	assert_true(tss_contain(wide, narrow_set));
	assert_false(tss_contain(narrow_set, wide));
	assert_true(tss_contain(wide, (struct tss){ 0 }));
	assert_true(tss_eq(wide, tss_copy(&arena, wide)));
	assert_false(tss_eq(wide, tss("192.0.2.0/24 10.0.0.0/8")));
	assert_false(tss_eq(wide, tss("10.0.0.0/8")));
}

static void a_fragment_matches_only_selectors_without_ports(void **state)
{
	struct ts all = ts("10.0.0.0/8[udp]"), port = ts("10.0.0.0/8[udp/53]"),
		  opaque = ts("10.0.0.0/8[udp/opaque]");
	struct ip host;

	(void)state;
	assert_int_equal(ip_parse("10.0.0.1", &host), ERR_OK);
	assert_true(ts_has(&all, &host, 17, 0, false));
	assert_false(ts_has(&port, &host, 17, 0, false));
	assert_true(ts_has(&opaque, &host, 17, 0, false));
	assert_false(ts_has(&opaque, &host, 17, 53, true));
	assert_true(ts_has(&port, &host, 17, 53, true));
	assert_false(ts_has(&port, &host, 6, 53, true));
}

static void icmp_types_stand_where_ports_do(void **state)
{
	struct ts echo = ts("10.0.0.0/8[icmp/8]");
	struct ip host;

	(void)state;
	assert_int_equal(ip_parse("10.0.0.1", &host), ERR_OK);
	assert_true(ts_has(&echo, &host, 1, 8 * 256, true));
	assert_true(ts_has(&echo, &host, 1, 8 * 256 + 255, true));
	assert_false(ts_has(&echo, &host, 1, 0, true));
}

static void private_networks_are_those_that_anybody_may_have(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} cases[] = {
		{ "10.0.0.0/8", true },
		{ "10.1.2.0/24", true },
		{ "100.64.0.0/10", true },
		{ "172.16.0.0/12", true },
		{ "192.168.0.0/16", true },
		{ "192.168.178.7", true },
		{ "fd00:1:2:3::/64", true },
		{ "fc00::/7", true },
		{ "0.0.0.0/0", false },
		{ "0.0.0.0/1", false },
		{ "8.0.0.0/6", false },
		{ "100.0.0.0/8", false },
		{ "100.128.0.0/24", false },
		{ "172.32.0.0/24", false },
		{ "192.0.2.0/24", false },
		{ "193.168.0.0/24", false },
		{ "::/0", false },
		{ "fe00::/8", false },
		{ "2001:db8::/64", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ts ts;

		assert_int_equal(ts_parse(cases[i].text, &ts), ERR_OK);
		if (ts_is_private(&ts) != cases[i].is)
			fail_msg("%s is %sprivate", cases[i].text, cases[i].is ? "not " : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(other_ways_to_write_are_understood),
		cmocka_unit_test(wrong_selectors_are_refused),
		cmocka_unit_test(containment_looks_at_all_three),
		cmocka_unit_test(opaque_is_only_part_of_any_port),
		cmocka_unit_test_teardown(narrowing_gives_what_is_common, clear),
		cmocka_unit_test_teardown(nothing_in_common_is_nothing, clear),
		cmocka_unit_test_teardown(narrowing_keeps_order_and_drops_the_contained, clear),
		cmocka_unit_test_teardown(narrowing_is_bounded, clear),
		cmocka_unit_test(a_packet_is_in_the_common_part_when_it_is_in_both),
		cmocka_unit_test_teardown(dynamic_gets_the_address_and_keeps_the_rest, clear),
		cmocka_unit_test_teardown(dynamic_may_stand_for_several, clear),
		cmocka_unit_test_teardown(sets_contain_and_equal_each_other, clear),
		cmocka_unit_test(a_fragment_matches_only_selectors_without_ports),
		cmocka_unit_test(private_networks_are_those_that_anybody_may_have),
		cmocka_unit_test(icmp_types_stand_where_ports_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
