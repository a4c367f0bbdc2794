/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets as selectors see them, and what a tunnel's end changes in them or answers to them. */
#include "tests/unit/unit.h"

#include "tests/unit/hex.h"
#include "tests/unit/packet.h"
#include "xfrm/user/icmp.h"
#include "xfrm/user/mss.h"
#include "xfrm/user/tos.h"

static uint8_t packet[4096];

static struct inner parse(size_t n)
{
	struct inner in;

	assert_true(inner_parse(bytes_of(packet, n), &in));
	return in;
}

static struct inner parse_hex(const char *text)
{
	return parse(hex(text, packet, sizeof packet));
}

static void assert_ip(const struct ip *ip, const char *wanted)
{
	char text[IP_TEXT];

	assert_string_equal(ip_print(ip, text), wanted);
}

static void ports_of_udp_are_seen(void **state)
{
	struct inner in = parse(packet_make(packet, "10.1.0.1", "10.2.0.9", 17, 1000, 53, 4));

	(void)state;
	assert_ip(&in.src, "10.1.0.1");
	assert_ip(&in.dst, "10.2.0.9");
	assert_int_equal(in.proto, 17);
	assert_true(in.ports_known);
	assert_int_equal(in.sport, 1000);
	assert_int_equal(in.dport, 53);
	assert_int_equal(in.header, 20);
	assert_int_equal(in.n, 32);
	assert_false(in.df);
}

static void ports_behind_ipv6_are_seen(void **state)
{
	struct inner in = parse(packet_make(packet, "2001:db8:1::1", "2001:db8:2::1", 17, 7, 9, 0));

	(void)state;
	assert_ip(&in.dst, "2001:db8:2::1");
	assert_int_equal(in.sport, 7);
	assert_int_equal(in.dport, 9);
	assert_true(in.df);
}

static void icmp_type_and_code_stand_in_both_ports(void **state)
{
	struct inner in = parse(packet_make(packet, "10.1.0.1", "10.2.0.1", 1, 8 << 8 | 3, 0, 8));

	(void)state;
	assert_int_equal(in.sport, 8 << 8 | 3);
	assert_int_equal(in.dport, 8 << 8 | 3);
}

static void gre_has_no_ports(void **state)
{
	struct inner in = parse(packet_make(packet, "10.1.0.1", "10.2.0.1", 47, 0x2000, 0, 8));

	(void)state;
	assert_int_equal(in.proto, 47);
	assert_false(in.ports_known);
	assert_int_equal(in.sport, 0);
}

static void later_fragments_show_no_ports(void **state)
{
	struct inner in;
	size_t n = packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1000, 53, 40);

	(void)state;
	packet[6] = 0x20; /* the first of several */
	in = parse(n);
	assert_true(in.ports_known);
	packet[7] = 5;
	in = parse(n);
	assert_true(in.later_fragment);
	assert_false(in.ports_known);
	assert_int_equal(in.dport, 0);
}

static void a_first_fragment_too_short_shows_no_ports(void **state)
{
	struct inner in = parse_hex("45000016000020004011000a0a010001 0a020001 03e8");

	(void)state;
	assert_false(in.ports_known);
	assert_int_equal(in.sport, 0);
}

static void options_of_ipv4_are_stepped_over(void **state)
{
	struct inner in = parse_hex("46000020000000004011000a0a0100010a020001 01010101 03e80035 00080000");

	(void)state;
	assert_int_equal(in.header, 24);
	assert_int_equal(in.dport, 53);
}

static void extension_headers_are_stepped_over(void **state)
{
	/* hop-by-hop, routing of 16 octets, destination options, UDP */
	struct inner in =
		parse_hex("6000000000280040 20010db8000100000000000000000001 20010db8000200000000000000000001"
			  "2b00010400000000 3c01000000000000 0000000000000000 1100010400000000"
			  "03e80035 00080000");

	(void)state;
	assert_int_equal(in.proto, 17);
	assert_int_equal(in.dport, 53);
	assert_int_equal(in.header, 72);
}

static void fragments_of_ipv6_are_known(void **state)
{
	static const char first[] =
		"6000000000102c40 20010db8000100000000000000000001 20010db8000200000000000000000001"
		"1100000100000001 03e8003500080000";
	static const char later[] =
		"6000000000102c40 20010db8000100000000000000000001 20010db8000200000000000000000001"
		"1100000800000001 03e8003500080000";
	struct inner in = parse_hex(first);

	(void)state;
	assert_true(in.ports_known);
	assert_int_equal(in.dport, 53);
	in = parse_hex(later);
	assert_int_equal(in.proto, 17);
	assert_true(in.later_fragment);
	assert_false(in.ports_known);
}

static void endless_extension_headers_end(void **state)
{
	uint8_t *p = packet;
	struct inner in;

	(void)state;
	memset(packet, 0, sizeof packet);
	p[0] = 0x60;
	p[4] = 1; /* 256 + 40 octets, all hop-by-hop headers */
	memset(p + 8, 1, 32);
	in = parse(40 + 256);
	assert_int_equal(in.proto, 0);
	assert_int_equal(in.header, 40 + 8 * INNER_EXTENSIONS);
}

static void what_is_no_packet_is_refused(void **state)
{
	size_t n = packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1, 2, 4);
	struct inner in;

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_false(inner_parse(bytes_of(packet, i), &in));
	packet[0] = 0x44;
	assert_false(inner_parse(bytes_of(packet, n), &in));
	packet[0] = 0x55;
	assert_false(inner_parse(bytes_of(packet, n), &in));
	n = packet_make(packet, "2001:db8::1", "2001:db8::2", 17, 1, 2, 4);
	for (size_t i = 0; i < n; i++)
		assert_false(inner_parse(bytes_of(packet, i), &in));
}

static void neighbour_discovery_is_known(void **state)
{
	struct inner in = parse(packet_make(packet, "2001:db8::1", "ff02::1:ff00:1", 58, 135 << 8, 0, 20));

	(void)state;
	assert_true(inner_is_neighbour(&in));
	in = parse(packet_make(packet, "fe80::1", "2001:db8::1", 58, 136 << 8, 0, 20));
	assert_true(inner_is_neighbour(&in));
	in = parse(packet_make(packet, "2001:db8::1", "ff0e::1", 17, 1, 2, 20));
	assert_false(inner_is_neighbour(&in));
	in = parse(packet_make(packet, "2001:db8::1", "2001:db8::2", 58, 128 << 8, 0, 20));
	assert_false(inner_is_neighbour(&in));
	in = parse(packet_make(packet, "10.0.0.1", "224.0.0.1", 17, 1, 2, 20));
	assert_false(inner_is_neighbour(&in));
}

/* RFC 6040, figure 4; the columns are what came outside: not ECT, ECT(0), ECT(1), CE. */
static void congestion_marks_leave_as_rfc_6040_says(void **state)
{
	static const uint8_t outside[4] = { 0, 2, 1, 3 }, inside[4] = { 0, 2, 1, 3 };
	static const int wanted[4][4] = { { 0, 0, 0, -1 }, { 2, 2, 1, 3 }, { 1, 1, 1, 3 }, { 3, 3, 3, 3 } };
	const struct tos_copy copy = { .ecn = true };

	(void)state;
	for (int i = 0; i < 4; i++)
		for (int o = 0; o < 4; o++) {
			uint8_t tos = 0xb8 | inside[i];
			bool passed = tos_inner(copy, outside[o], &tos);

			assert_int_equal(passed ? tos & 3 : -1, wanted[i][o]);
			assert_int_equal(tos & 0xfc, 0xb8);
		}
}

static void congestion_marks_stay_inside_when_not_copied(void **state)
{
	uint8_t tos = 0;

	(void)state;
	assert_true(tos_inner((struct tos_copy){ 0 }, 3, &tos));
	assert_int_equal(tos, 0);
	assert_int_equal(tos_outer((struct tos_copy){ 0 }, 3), 0);
}

static void dscp_is_copied_as_configured(void **state)
{
	const struct tos_copy out = { .dscp_out = true }, in = { .dscp_in = true }, ecn = { .ecn = true };
	uint8_t tos = 0x28;

	(void)state;
	assert_int_equal(tos_outer(out, 0xb9), 0xb8);
	assert_int_equal(tos_outer(in, 0xb9), 0);
	assert_int_equal(tos_outer(ecn, 0xb9), 1);
	assert_true(tos_inner(out, 0xb8, &tos));
	assert_int_equal(tos, 0x28);
	assert_true(tos_inner(in, 0xb8, &tos));
	assert_int_equal(tos, 0xb8);
}

static void setting_tos_keeps_the_checksum_right(void **state)
{
	size_t n = packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1, 2, 9);

	(void)state;
	for (unsigned tos = 0; tos < 256; tos++) {
		inner_set_tos(packet, (uint8_t)tos);
		assert_int_equal(parse(n).tos, tos);
		assert_true(packet_sums_right(packet, n));
	}
	n = packet_make(packet, "2001:db8::1", "2001:db8::2", 17, 1, 2, 9);
	inner_set_tos(packet, 0xb9);
	assert_int_equal(parse(n).tos, 0xb9);
	assert_int_equal(packet[0] >> 4, 6);
}

static bool clamp(size_t n, unsigned limit)
{
	struct inner in = parse(n);

	return mss_clamp(packet, &in, limit);
}

static void sums_are_those_of_the_pairs_of_octets(void **state)
{
	uint8_t octets[300];

	(void)state;
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i * 37 | 0x81);
	for (size_t n = 0; n <= sizeof octets - 3; n++) {
		uint32_t sum = 0x1ffff;

		for (size_t i = 0; i < n; i++)
			sum += (uint32_t)octets[3 + i] << (i % 2 ? 0 : 8);
		assert_int_equal(
			inner_checksum(inner_sum(0x1ffff, bytes_of(octets + 3, n))), inner_checksum(sum));
	}
}

static void a_large_mss_is_lowered(void **state)
{
	size_t n = packet_syn(packet, "10.1.0.1", "10.2.0.1", (const uint8_t *)"\x02\x04\x05\xb4", 4);

	(void)state;
	assert_true(clamp(n, 1438));
	assert_int_equal(packet[42] << 8 | packet[43], 1438 - 40);
	assert_true(packet_sums_right(packet, n));
}

static void ipv6_leaves_less_for_tcp(void **state)
{
	size_t n = packet_syn(packet, "2001:db8::1", "2001:db8::2", (const uint8_t *)"\x02\x04\x05\xb4", 4);

	(void)state;
	assert_true(clamp(n, 1438));
	assert_int_equal(packet[62] << 8 | packet[63], 1438 - 60);
	assert_true(packet_sums_right(packet, n));
}

static void an_mss_at_an_odd_place_is_lowered(void **state)
{
	size_t n = packet_syn(
		packet, "10.1.0.1", "10.2.0.1", (const uint8_t *)"\x01\x02\x04\x05\xb4\x01\x01\x00", 8);

	(void)state;
	assert_true(clamp(n, 1000));
	assert_int_equal(packet[43] << 8 | packet[44], 960);
	assert_true(packet_sums_right(packet, n));
}

static void an_mss_behind_other_options_is_found(void **state)
{
	size_t n = packet_syn(packet, "10.1.0.1", "10.2.0.1",
		(const uint8_t *)"\x04\x02\x03\x03\x07\x01\x02\x04\x05\xb4\x00\x00", 12);

	(void)state;
	assert_true(clamp(n, 1000));
	assert_true(packet_sums_right(packet, n));
}

static void a_small_mss_stays(void **state)
{
	size_t n = packet_syn(packet, "10.1.0.1", "10.2.0.1", (const uint8_t *)"\x02\x04\x02\x00", 4);

	(void)state;
	assert_false(clamp(n, 1438));
	assert_true(packet_sums_right(packet, n));
}

static void only_a_syn_is_clamped(void **state)
{
	size_t n = packet_syn(packet, "10.1.0.1", "10.2.0.1", (const uint8_t *)"\x02\x04\x05\xb4", 4);

	(void)state;
	packet[33] = 0x10;
	assert_false(clamp(n, 1000));
	n = packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1, 2, 100);
	assert_false(clamp(n, 1000));
}

static void broken_options_are_left_alone(void **state)
{
	static const char *const broken[] = { "\x02\x00\x05\xb4", "\x02\x01\x05\xb4", "\x02\xff\x05\xb4",
		"\x01\x01\x01\x02", "\x03\x05\x02\x04", "\x02\x03\x05\x02" };

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		assert_false(clamp(
			packet_syn(packet, "10.1.0.1", "10.2.0.1", (const uint8_t *)broken[i], 4), 600));
}

static uint8_t answer[ICMP_ROOM];

static size_t answer_to(enum icmp_why why, size_t n)
{
	struct inner in = parse(n);

	return icmp_answer(why, 1300, bytes_of(packet, n), &in, answer);
}

static void too_big_is_answered_with_the_mtu(void **state)
{
	size_t n = answer_to(ICMP_TOO_BIG, packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1, 2, 1400));
	struct inner in;

	(void)state;
	assert_int_equal(n, 576);
	assert_true(packet_sums_right(answer, n));
	assert_true(inner_parse(bytes_of(answer, n), &in));
	assert_ip(&in.src, "10.2.0.1");
	assert_ip(&in.dst, "10.1.0.1");
	assert_int_equal(in.sport, 3 << 8 | 4);
	assert_int_equal(answer[26] << 8 | answer[27], 1300);
	assert_memory_equal(answer + 28, packet, 576 - 28);
}

static void too_big_is_answered_in_ipv6(void **state)
{
	size_t n = answer_to(ICMP_TOO_BIG, packet_make(packet, "2001:db8::1", "2001:db8::2", 17, 1, 2, 1401));
	struct inner in;

	(void)state;
	assert_int_equal(n, 1280);
	assert_true(packet_sums_right(answer, n));
	assert_true(inner_parse(bytes_of(answer, n), &in));
	assert_int_equal(in.sport, 2 << 8);
	assert_int_equal(answer[46] << 8 | answer[47], 1300);
}

static void prohibition_quotes_a_short_packet_whole(void **state)
{
	size_t n = answer_to(ICMP_PROHIBITED, packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1, 2, 5));

	(void)state;
	assert_int_equal(n, 28 + 33);
	assert_true(packet_sums_right(answer, n));
	assert_int_equal(answer[20] << 8 | answer[21], 3 << 8 | 13);
	n = answer_to(ICMP_PROHIBITED, packet_make(packet, "2001:db8::1", "2001:db8::2", 17, 1, 2, 5));
	assert_true(packet_sums_right(answer, n));
	assert_int_equal(answer[40] << 8 | answer[41], 1 << 8 | 1);
}

static void errors_and_groups_are_never_answered(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(
		answer_to(ICMP_PROHIBITED, packet_make(packet, "10.1.0.1", "10.2.0.1", 1, 3 << 8, 0, 40)), 0);
	assert_int_equal(answer_to(ICMP_PROHIBITED,
				 packet_make(packet, "2001:db8::1", "2001:db8::2", 58, 1 << 8, 0, 40)),
		0);
	assert_int_equal(
		answer_to(ICMP_PROHIBITED, packet_make(packet, "10.1.0.1", "224.0.0.9", 17, 1, 2, 5)), 0);
	assert_int_equal(
		answer_to(ICMP_PROHIBITED, packet_make(packet, "10.1.0.1", "255.255.255.255", 17, 1, 2, 5)),
		0);
	assert_int_equal(
		answer_to(ICMP_PROHIBITED, packet_make(packet, "0.0.0.0", "10.2.0.1", 17, 1, 2, 5)), 0);
	assert_int_equal(
		answer_to(ICMP_PROHIBITED, packet_make(packet, "2001:db8::1", "ff0e::1", 17, 1, 2, 5)), 0);
	n = packet_make(packet, "10.1.0.1", "10.2.0.1", 17, 1, 2, 5);
	packet[7] = 9; /* a later fragment */
	assert_int_equal(answer_to(ICMP_PROHIBITED, n), 0);
}

static void an_echo_request_is_answered(void **state)
{
	(void)state;
	assert_int_not_equal(
		answer_to(ICMP_PROHIBITED, packet_make(packet, "10.1.0.1", "10.2.0.1", 1, 8 << 8, 0, 40)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_of_udp_are_seen),
		cmocka_unit_test(ports_behind_ipv6_are_seen),
		cmocka_unit_test(icmp_type_and_code_stand_in_both_ports),
		cmocka_unit_test(gre_has_no_ports),
		cmocka_unit_test(later_fragments_show_no_ports),
		cmocka_unit_test(a_first_fragment_too_short_shows_no_ports),
		cmocka_unit_test(options_of_ipv4_are_stepped_over),
		cmocka_unit_test(extension_headers_are_stepped_over),
		cmocka_unit_test(fragments_of_ipv6_are_known),
		cmocka_unit_test(endless_extension_headers_end),
		cmocka_unit_test(what_is_no_packet_is_refused),
		cmocka_unit_test(neighbour_discovery_is_known),
		cmocka_unit_test(congestion_marks_leave_as_rfc_6040_says),
		cmocka_unit_test(congestion_marks_stay_inside_when_not_copied),
		cmocka_unit_test(dscp_is_copied_as_configured),
		cmocka_unit_test(setting_tos_keeps_the_checksum_right),
		cmocka_unit_test(sums_are_those_of_the_pairs_of_octets),
		cmocka_unit_test(a_large_mss_is_lowered),
		cmocka_unit_test(ipv6_leaves_less_for_tcp),
		cmocka_unit_test(an_mss_at_an_odd_place_is_lowered),
		cmocka_unit_test(an_mss_behind_other_options_is_found),
		cmocka_unit_test(a_small_mss_stays),
		cmocka_unit_test(only_a_syn_is_clamped),
		cmocka_unit_test(broken_options_are_left_alone),
		cmocka_unit_test(too_big_is_answered_with_the_mtu),
		cmocka_unit_test(too_big_is_answered_in_ipv6),
		cmocka_unit_test(prohibition_quotes_a_short_packet_whole),
		cmocka_unit_test(errors_and_groups_are_never_answered),
		cmocka_unit_test(an_echo_request_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
