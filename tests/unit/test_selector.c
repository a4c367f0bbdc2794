/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic selectors, cut into what one policy of the kernel can say. */
#include "tests/unit/unit.h"

#include "tests/unit/packet.h"
#include "xfrm/kernel/selector.h"

#include <string.h>

static struct arena arena;
static struct text why;

/* The selectors of LOCAL and REMOTE, separated by "; ", or "=" and the error. */
static const char *cut(const char *local, const char *remote)
{
	struct ts l = packet_ts(local), r = packet_ts(remote);
	struct text out = text_in(&arena);
	char text[SELECTOR_TEXT];
	struct selectors s;
	enum err e;

	why = text_in(&arena);
	e = selectors_of((struct tss){ &l, 1 }, (struct tss){ &r, 1 }, &arena, &s, &why);
	if (e)
		text_add(&out, "=%s", err_name(e));
	for (unsigned i = 0; !e && i < s.n; i++)
		text_add(&out, "%s%s", i ? "; " : "", selector_print(&s.v[i], text));
	return text_str(&out);
}

static void prefixes_stay_whole(void **state)
{
	(void)state;
	assert_string_equal(cut("10.1.0.0/16", "0.0.0.0/0"), "10.1.0.0/16 0.0.0.0/0 0 0/0 0/0");
	assert_string_equal(
		cut("10.1.0.0/16[tcp]", "10.2.0.0/16[tcp/443]"), "10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff");
	assert_string_equal(cut("10.1.0.0/16", "10.2.0.0/16[udp]"), "10.1.0.0/16 10.2.0.0/16 17 0/0 0/0");
	assert_string_equal(cut("2001:db8::/32", "::/0"), "2001:db8::/32 ::/0 0 0/0 0/0");
}

static void ranges_are_cut(void **state)
{
	(void)state;
	assert_string_equal(cut("10.1.0.1-10.1.0.2", "10.2.0.0/16"),
		"10.1.0.1/32 10.2.0.0/16 0 0/0 0/0; 10.1.0.2/32 10.2.0.0/16 0 0/0 0/0");
	assert_string_equal(
		cut("10.1.0.0/16[udp/1000-1003]", "10.2.0.0/16"), "10.1.0.0/16 10.2.0.0/16 17 1000/fffc 0/0");
	assert_string_equal(cut("10.1.0.0/16", "10.2.0.0/16[tcp/65534-65535]"),
		"10.1.0.0/16 10.2.0.0/16 6 0/0 65534/fffe");
	assert_string_equal(cut("10.1.0.0/16", "10.2.0.0/16[tcp/0-2]"),
		"10.1.0.0/16 10.2.0.0/16 6 0/0 0/fffe; 10.1.0.0/16 10.2.0.0/16 6 0/0 2/ffff");
	assert_string_equal(cut("10.0.0.1-10.255.255.254", "10.0.0.1-10.255.255.254"), "=range");
	assert_non_null(strstr(text_str(&why), "1024"));
}

static void types_of_icmp_stand_where_the_kernel_has_them(void **state)
{
	(void)state;
	assert_string_equal(
		cut("10.1.0.0/16[icmp/8]", "10.2.0.0/16"), "10.1.0.0/16 10.2.0.0/16 1 8/ffff 0/0");
	assert_string_equal(
		cut("10.1.0.0/16", "10.2.0.0/16[icmp/3(1)]"), "10.1.0.0/16 10.2.0.0/16 1 3/ffff 1/ffff");
	assert_string_equal(cut("10.1.0.0/16[icmp]", "10.2.0.0/16"), "10.1.0.0/16 10.2.0.0/16 1 0/0 0/0");
	assert_string_equal(cut("10.1.0.0/16[icmp/8]", "10.2.0.0/16[icmp/0]"), "=range");
}

static void what_no_policy_can_say_is_refused(void **state)
{
	(void)state;
	assert_string_equal(cut("10.1.0.0/16[tcp/opaque]", "10.2.0.0/16"), "=unsupported");
	assert_string_equal(cut("10.1.0.0/16", "2001:db8::/32"), "=range");
	assert_string_equal(cut("10.1.0.0/16[tcp]", "10.2.0.0/16[udp]"), "=range");
	assert_string_equal(cut("dynamic", "10.2.0.0/16"), "=range");
	assert_non_null(strstr(text_str(&why), "local_addrs"));
}

static struct selector one(const char *text)
{
	struct selector s;

	assert_int_equal(selector_parse(text, &s), ERR_OK);
	return s;
}

static void the_other_direction(void **state)
{
	struct selector tcp = one("10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff");
	struct selector icmp = one("10.1.0.0/16 10.2.0.0/16 1 8/ffff 0/0");
	char text[SELECTOR_TEXT];

	(void)state;
	tcp = selector_turned(&tcp);
	icmp = selector_turned(&icmp);
	assert_string_equal(selector_print(&tcp, text), "10.2.0.0/16 10.1.0.0/16 6 443/ffff 0/0");
	assert_string_equal(selector_print(&icmp, text), "10.2.0.0/16 10.1.0.0/16 1 8/ffff 0/0");
}

static void only_what_is_printed_is_read(void **state)
{
	struct selector s;

	(void)state;
	assert_int_equal(selector_parse("10.1.0.0/16 10.2.0.0/16 6 0/0", &s), ERR_SYNTAX);
	assert_int_equal(selector_parse("10.1.0.0/33 10.2.0.0/16 6 0/0 0/0", &s), ERR_RANGE);
	assert_int_equal(selector_parse("10.1.0.0/16 ::/0 6 0/0 0/0", &s), ERR_RANGE);
}

/* As the kernel compares them. */
static void one_selector_has_the_same_octets_each_time(void **state)
{
	struct selector s = one("10.1.0.0/16 10.2.0.0/16 17 53/ffff 99/ffff");
	struct xfrm_selector a, b;

	(void)state;
	memset(&a, 0, sizeof a);
	memset(&b, 0xff, sizeof b);
	selector_to_kernel(&s, &a);
	selector_to_kernel(&s, &b);
	assert_memory_equal(&a, &b, sizeof a);
}

static const char *packet(const char *selector)
{
	struct selector s = one(selector);
	struct xfrm_selector k;
	char a[TS_TEXT], b[TS_TEXT];
	struct ts local, remote;

	selector_to_kernel(&s, &k);
	assert_int_equal(selector_packet(&k, &local, &remote), ERR_OK);
	return arena_printf(&arena, "%s %s", ts_print(&local, a), ts_print(&remote, b));
}

static void packets_have_their_ports(void **state)
{
	struct xfrm_selector nowhere = { .family = 0 };
	struct ts ts;

	(void)state;
	assert_string_equal(packet("10.1.0.1/32 10.2.0.1/32 17 53/ffff 99/ffff"),
		"10.1.0.1/32[udp/53] 10.2.0.1/32[udp/99]");
	assert_string_equal(packet("10.1.0.1/32 10.2.0.1/32 1 3/ffff 1/ffff"),
		"10.1.0.1/32[icmp/3(1)] 10.2.0.1/32[icmp/3(1)]");
	assert_string_equal(
		packet("10.1.0.1/32 10.2.0.1/32 47 0/ffff 0/ffff"), "10.1.0.1/32[gre] 10.2.0.1/32[gre]");
	assert_int_equal(selector_packet(&nowhere, &ts, &ts), ERR_RANGE);
}

/* As strongSwan's policies have it: 383615 for two networks of 16 bits, of an SA. */
static void the_more_specific_wins(void **state)
{
	struct selector s = one("10.1.0.0/16 10.2.0.0/16 0 0/0 0/0");

	(void)state;
	assert_int_equal(400000 - selector_weight(&s) - 1, 383615);
	s = one("10.1.0.0/16 10.2.0.0/16 6 0/0 443/ffff");
	assert_int_equal(selector_weight(&s), 32 * 512 + 256 + 64);
}

static int forget(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prefixes_stay_whole),
		cmocka_unit_test(ranges_are_cut),
		cmocka_unit_test(types_of_icmp_stand_where_the_kernel_has_them),
		cmocka_unit_test(what_no_policy_can_say_is_refused),
		cmocka_unit_test(the_other_direction),
		cmocka_unit_test(only_what_is_printed_is_read),
		cmocka_unit_test(one_selector_has_the_same_octets_each_time),
		cmocka_unit_test(packets_have_their_ports),
		cmocka_unit_test(the_more_specific_wins),
	};

	return cmocka_run_group_tests(tests, NULL, forget);
}
