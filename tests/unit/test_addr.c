/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addresses, ranges and the patterns of configurations. */
#include "tests/unit/unit.h"

#include "base/arena.h"
#include "model/addr.h"

static struct ip ip(const char *s)
{
	struct ip out;

	if (ip_parse(s, &out))
		fail_msg("%s is no address", s);
	return out;
}

static void addresses_print_as_they_are_read(void **state)
{
	static const char *const good[] = { "192.0.2.1", "0.0.0.0", "2001:db8::1", "::" };
	static const char *const bad[] = { "", "192.0.2", "192.0.2.256", "2001:db8", "gw", "192.0.2.1/32" };
	char text[IP_TEXT];
	struct ip out;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		out = ip(good[i]);
		assert_string_equal(ip_print(&out, text), good[i]);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ip_parse(bad[i], &out), ERR_SYNTAX);
	assert_string_equal(ip_print(&(struct ip){ 0 }, text), "%any");
}

static void transport_addresses_print_like_strongswan(void **state)
{
	struct addr a = { ip("192.0.2.1"), 4500 };
	char text[ADDR_TEXT];

	(void)state;
	assert_string_equal(addr_print(&a, text), "192.0.2.1[4500]");
	a.ip = ip("2001:db8:1111:2222:3333:4444:5555:6666");
	assert_string_equal(addr_print(&a, text), "2001:db8:1111:2222:3333:4444:5555:6666[4500]");
}

static void families_do_not_mix_in_comparison(void **state)
{
	struct ip four = ip("192.0.2.1"), six = ip("c000:201::"), none = { 0 };

	(void)state;
	assert_false(ip_eq(&four, &six));
	assert_true(ip_cmp(&four, &six) < 0);
	assert_true(ip_cmp(&none, &four) < 0);
	assert_true(ip_eq(&none, &none));
	assert_true(ip_is_any(&none));
	assert_false(ip_is_any(&four));
}

static void addresses_of_this_link_are_known(void **state)
{
	static const char *const local[] = { "127.0.0.1", "127.255.255.255", "169.254.1.2", "0.0.0.0",
		"224.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "febf::1", "ff02::1",
		"::ffff:127.0.0.1", "::ffff:169.254.169.254" };
	static const char *const remote[] = { "192.0.2.1", "10.0.0.1", "169.253.0.1", "128.0.0.1",
		"2001:db8::1", "fd00::1", "fec0::1", "::2", "::ffff:192.0.2.1" };

	(void)state;
	for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
		struct ip a = ip(local[i]);

		assert_true(ip_is_local(&a));
	}
	for (size_t i = 0; i < sizeof remote / sizeof *remote; i++) {
		struct ip a = ip(remote[i]);

		assert_false(ip_is_local(&a));
	}
}

static void octets_become_addresses(void **state)
{
	static const uint8_t octets[16] = { 192, 0, 2, 1 };
	struct ip out, four = ip("192.0.2.1");

	(void)state;
	assert_int_equal(ip_from(bytes_of(octets, 4), &out), ERR_OK);
	assert_true(ip_eq(&out, &four));
	assert_true(bytes_eq(ip_bytes(&out), bytes_of(octets, 4)));
	assert_int_equal(ip_from(bytes_of(octets, 16), &out), ERR_OK);
	assert_int_equal(out.v, 6);
	assert_int_equal(ip_from(bytes_of(octets, 5), &out), ERR_RANGE);
	assert_int_equal(ip_from(bytes_of(octets, 0), &out), ERR_RANGE);
}

static void ranges_are_read_in_three_forms(void **state)
{
	static const struct {
		const char *text, *lo, *hi;
	} good[] = {
		{ "192.0.2.1", "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.77/24", "192.0.2.0", "192.0.2.255" },
		{ "192.0.2.77/32", "192.0.2.77", "192.0.2.77" },
		{ "192.0.2.77/0", "0.0.0.0", "255.255.255.255" },
		{ "192.0.2.200/27", "192.0.2.192", "192.0.2.223" },
		{ "192.0.2.1-192.0.2.9", "192.0.2.1", "192.0.2.9" },
		{ "2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct ip lo, hi, first = ip(good[i].lo), last = ip(good[i].hi);

		assert_int_equal(ip_range_parse(good[i].text, &lo, &hi), ERR_OK);
		assert_true(ip_eq(&lo, &first));
		assert_true(ip_eq(&hi, &last));
	}
}

static void wrong_ranges_are_refused(void **state)
{
	static const char *const bad[] = { "192.0.2.9-192.0.2.1", "192.0.2.1-2001:db8::1", "192.0.2.0/33",
		"192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/8x", "192.0.2.0/ 8", "/8", "192.0.2.1-",
		"2001:db8::/129", "192.0.2.0/4294967297" };
	struct ip lo, hi;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(ip_range_parse(bad[i], &lo, &hi), ERR_SYNTAX);
}

static void every_prefix_is_known_again(void **state)
{
	struct ip four = ip("192.0.2.77"), six = ip("2001:db8:aaaa:5555::77"), lo, hi;
	unsigned bits = 999;

	(void)state;
	for (unsigned n = 0; n <= 32; n++) {
		assert_int_equal(ip_prefix(&four, n, &lo, &hi), ERR_OK);
		assert_true(ip_range_prefix(&lo, &hi, &bits));
		assert_int_equal(bits, n);
	}
	for (unsigned n = 0; n <= 128; n++) {
		assert_int_equal(ip_prefix(&six, n, &lo, &hi), ERR_OK);
		assert_true(ip_range_prefix(&lo, &hi, &bits));
		assert_int_equal(bits, n);
	}
	assert_int_equal(ip_prefix(&four, 33, &lo, &hi), ERR_RANGE);
}

static void not_every_range_is_a_prefix(void **state)
{
	struct ip lo = ip("192.0.2.1"), hi = ip("192.0.2.2"), six = ip("::");
	unsigned bits;

	(void)state;
	assert_false(ip_range_prefix(&lo, &hi, &bits));
	lo = ip("192.0.2.0");
	assert_false(ip_range_prefix(&lo, &hi, &bits));
	assert_false(ip_range_prefix(&six, &hi, &bits));
	assert_false(ip_range_prefix(&(struct ip){ 0 }, &(struct ip){ 0 }, &bits));
}

static void neighbours_carry_over_octets(void **state)
{
	struct ip a = ip("192.0.2.255"), b = ip("192.0.3.0"), out;

	(void)state;
	assert_true(ip_next(&a, &out));
	assert_true(ip_eq(&out, &b));
	assert_true(ip_prev(&b, &out));
	assert_true(ip_eq(&out, &a));
	a = ip("255.255.255.255");
	assert_false(ip_next(&a, &out));
	a = ip("::");
	assert_false(ip_prev(&a, &out));
	assert_true(ip_next(&a, &out));
	assert_int_equal(out.a[15], 1);
}

static void a_path_differs_by_its_marker_and_stream(void **state)
{
	struct path a = { { ip("192.0.2.1"), 500 }, { ip("192.0.2.2"), 500 }, .marker = false }, b = a;

	(void)state;
	assert_true(path_eq(&a, &b));
	b.marker = true;
	assert_false(path_eq(&a, &b));
	b = a;
	b.tcp = true;
	assert_false(path_eq(&a, &b));
	b = a;
	b.remote.port = 501;
	assert_false(path_eq(&a, &b));
}

static bool matches(const char *pattern, const char *address)
{
	struct arena arena = { 0 };
	struct addr_pattern p;
	struct ip a = ip(address);
	bool yes;

	assert_int_equal(addr_pattern_parse(pattern, &arena, &p), ERR_OK);
	yes = addr_pattern_matches(&p, &a);
	arena_free(&arena);
	return yes;
}

static void patterns_match_what_they_say(void **state)
{
	(void)state;
	assert_true(matches("%any", "192.0.2.1"));
	assert_true(matches("%any", "2001:db8::1"));
	assert_true(matches("%any4", "192.0.2.1"));
	assert_false(matches("%any4", "2001:db8::1"));
	assert_true(matches("::", "2001:db8::1"));
	assert_false(matches("0.0.0.0", "2001:db8::1"));
	assert_true(matches("192.0.2.0/24", "192.0.2.255"));
	assert_false(matches("192.0.2.0/24", "192.0.3.0"));
	assert_false(matches("192.0.2.2-192.0.2.3", "192.0.2.1"));
	assert_true(matches("192.0.2.1", "192.0.2.1"));
}

static void a_dns_name_is_kept_and_matches_nothing_yet(void **state)
{
	struct arena arena = { 0 };
	char source[] = "gw.example.org";
	struct addr_pattern p;
	struct ip a = ip("192.0.2.1");

	(void)state;
	assert_int_equal(addr_pattern_parse(source, &arena, &p), ERR_OK);
	source[0] = 'x';
	assert_string_equal(p.name, "gw.example.org");
	assert_false(addr_pattern_matches(&p, &a));
	assert_false(addr_pattern_single(&p));
	assert_int_equal(addr_pattern_parse("gw-1.example.org", &arena, &p), ERR_OK);
	assert_string_equal(p.name, "gw-1.example.org");
	arena_free(&arena);
}

static void a_misspelt_address_is_no_dns_name(void **state)
{
	static const char *const bad[] = { "", "192.0.2", "192.0.2.1.1", "192.0.2.0/33", "%Any", "gw example",
		"gw:500", "-gw", ".gw", "192.0.2.9-192.0.2.1" };
	struct arena arena = { 0 };
	struct addr_pattern p;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(addr_pattern_parse(bad[i], &arena, &p), ERR_SYNTAX);
	arena_free(&arena);
}

static void only_one_address_is_single(void **state)
{
	struct arena arena = { 0 };
	struct addr_pattern p;

	(void)state;
	assert_int_equal(addr_pattern_parse("192.0.2.1", &arena, &p), ERR_OK);
	assert_true(addr_pattern_single(&p));
	assert_int_equal(addr_pattern_parse("192.0.2.0/31", &arena, &p), ERR_OK);
	assert_false(addr_pattern_single(&p));
	assert_int_equal(addr_pattern_parse("%any", &arena, &p), ERR_OK);
	assert_false(addr_pattern_single(&p));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_print_as_they_are_read),
		cmocka_unit_test(transport_addresses_print_like_strongswan),
		cmocka_unit_test(families_do_not_mix_in_comparison),
		cmocka_unit_test(octets_become_addresses),
		cmocka_unit_test(ranges_are_read_in_three_forms),
		cmocka_unit_test(wrong_ranges_are_refused),
		cmocka_unit_test(every_prefix_is_known_again),
		cmocka_unit_test(not_every_range_is_a_prefix),
		cmocka_unit_test(neighbours_carry_over_octets),
		cmocka_unit_test(a_path_differs_by_its_marker_and_stream),
		cmocka_unit_test(patterns_match_what_they_say),
		cmocka_unit_test(addresses_of_this_link_are_known),
		cmocka_unit_test(a_dns_name_is_kept_and_matches_nothing_yet),
		cmocka_unit_test(a_misspelt_address_is_no_dns_name),
		cmocka_unit_test(only_one_address_is_single),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
