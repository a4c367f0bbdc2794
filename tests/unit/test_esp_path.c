/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets through two gateways in memory: from a device to ESP, and from ESP to the device behind. */
#include "tests/unit/unit.h"

#include "tests/unit/gate.h"
#include "tests/unit/packet.h"
#include "tests/unit/rejoin.h"

static struct gate one, two;
static uint8_t room[PACKET_HEAD + 8192 + PACKET_TAIL], *const packet = room + PACKET_HEAD;
static struct departure out;
static struct arrival in;

static int prepare(void **state)
{
	(void)state;
	gate_init(&one, "aes256gcm16");
	gate_init(&two, "aes256gcm16");
	return 0;
}

static void open_both(void)
{
	gate_open(&one, 1);
	gate_open(&two, 2);
}

static int clear(void **state)
{
	(void)state;
	if (one.in)
		gate_close(&one);
	if (two.in)
		gate_close(&two);
	return 0;
}

static size_t udp(size_t n)
{
	return packet_make(packet, "10.1.0.5", "10.2.0.7", 17, 1000, 53, n);
}

/* Carries the packet of N octets from the first gateway to the second. */
static enum drop carry(size_t n)
{
	enum drop drop = gate_send(&one, &out, packet, n);

	return drop ? drop : gate_receive(&two, &in, out.esp.p, out.esp.n, out.tos, NULL);
}

static void a_packet_comes_out_as_it_went_in(void **state)
{
	uint8_t before[256];
	size_t n = udp(100);

	(void)state;
	open_both();
	memcpy(before, packet, n);
	assert_int_equal(carry(n), DROP_NONE);
	assert_int_equal(in.esp.n, n);
	assert_memory_equal(in.esp.p, before, n);
	assert_ptr_equal(in.sa->device, &two.device);
}

static void ipv6_goes_the_same_way(void **state)
{
	size_t n = packet_make(packet, "2001:db8:1::5", "2001:db8:2::7", 17, 1000, 53, 100);

	(void)state;
	open_both();
	assert_int_equal(carry(n), DROP_NONE);
	assert_true(packet_sums_right(in.esp.p, in.esp.n));
}

static void both_ends_count(void **state)
{
	size_t n = udp(100);
	struct sa_usage sent, got;

	(void)state;
	open_both();
	assert_int_equal(carry(n), DROP_NONE);
	sent = gate_usage(one.out);
	got = gate_usage(two.in);
	assert_int_equal(sent.packets, 1);
	assert_int_equal(sent.bytes, n);
	assert_int_equal(got.packets, 1);
	assert_int_equal(got.bytes, n);
	assert_int_equal(got.last_ms, 1000);
	assert_int_equal(got.spi, GATE_SPI_OF + 2);
}

static void the_first_packet_is_told_once(void **state)
{
	(void)state;
	open_both();
	assert_int_equal(carry(udp(1)), DROP_NONE);
	assert_int_equal(carry(udp(1)), DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_USED), 1);
	assert_int_equal(two.told[0].id, 7);
}

static void no_policy_is_answered_and_counted(void **state)
{
	(void)state;
	open_both();
	assert_int_equal(
		gate_send(&one, &out, packet, packet_make(packet, "10.1.0.5", "10.9.0.7", 17, 1, 2, 9)),
		DROP_NO_POLICY);
	assert_int_equal(one.n_answers, 1);
	assert_true(packet_sums_right(one.answer, one.answer_size));
	assert_int_equal(gate_dropped(&one, DROP_NO_POLICY), 1);
}

static void answers_are_limited(void **state)
{
	(void)state;
	open_both();
	for (int i = 0; i < 100; i++)
		gate_send(&one, &out, packet, packet_make(packet, "10.1.0.5", "10.9.0.7", 17, 1, 2, 9));
	assert_int_equal(one.n_answers, 10);
	one.lane.now += 1000;
	for (int i = 0; i < 100; i++)
		gate_send(&one, &out, packet, packet_make(packet, "10.1.0.5", "10.9.0.7", 17, 1, 2, 9));
	assert_int_equal(one.n_answers, 20);
}

static void a_policy_without_sa_asks_once_a_second(void **state)
{
	(void)state;
	gate_open_ts(&one, 1, "10.1.0.0/16", "10.2.0.0/16", true);
	for (int i = 0; i < 5; i++)
		assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_NO_SA);
	assert_int_equal(gate_told(&one, REPORT_ACQUIRE), 1);
	one.lane.now += 1000;
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_NO_SA);
	assert_int_equal(gate_told(&one, REPORT_ACQUIRE), 2);
	one.lane.now -= 5; /* another thread's batch began a little earlier */
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_NO_SA);
	assert_int_equal(gate_told(&one, REPORT_ACQUIRE), 2);
}

static void an_acquire_tells_the_packets_selectors(void **state)
{
	char text[TS_TEXT];

	(void)state;
	gate_open_ts(&one, 1, "10.1.0.0/16", "10.2.0.0/16", true);
	gate_send(&one, &out, packet, udp(9));
	assert_int_equal(one.told[0].id, 9);
	assert_string_equal(ts_print(&one.told[0].local, text), "10.1.0.5/32[udp/1000]");
	assert_string_equal(ts_print(&one.told[0].remote, text), "10.2.0.7/32[udp/53]");
}

static void a_port_only_selector_takes_its_port_only(void **state)
{
	(void)state;
	gate_open_ts(&one, 1, "10.1.0.0/16", "10.2.0.0/16[udp/53]", false);
	gate_open_ts(&two, 2, "10.2.0.0/16[udp/53]", "10.1.0.0/16", false);
	assert_int_equal(carry(udp(9)), DROP_NONE);
	assert_int_equal(carry(packet_make(packet, "10.1.0.5", "10.2.0.7", 17, 53, 1000, 9)), DROP_NO_POLICY);
	assert_int_equal(carry(packet_make(packet, "10.1.0.5", "10.2.0.7", 6, 1, 53, 20)), DROP_NO_POLICY);
}

static void what_was_not_agreed_on_is_dropped_behind_the_tunnel(void **state)
{
	(void)state;
	gate_open_ts(&one, 1, "0.0.0.0/0", "0.0.0.0/0", false);
	gate_open(&two, 2);
	assert_int_equal(carry(packet_make(packet, "10.3.0.5", "10.2.0.7", 17, 1, 2, 9)), DROP_SELECTORS);
	assert_int_equal(carry(packet_make(packet, "10.1.0.5", "10.3.0.7", 17, 1, 2, 9)), DROP_SELECTORS);
	assert_int_equal(gate_usage(two.in).invalid, 2);
	assert_int_equal(carry(udp(1)), DROP_NONE);
}

static void a_fragment_does_not_pass_a_port_selector(void **state)
{
	size_t n = udp(100);

	(void)state;
	gate_open_ts(&one, 1, "0.0.0.0/0", "0.0.0.0/0", false);
	gate_open_ts(&two, 2, "10.2.0.0/16[udp/53]", "10.1.0.0/16", false);
	packet[7] = 4;
	assert_int_equal(carry(n), DROP_SELECTORS);
}

static void an_unknown_spi_is_counted(void **state)
{
	(void)state;
	open_both();
	memset(packet, 0x99, 100);
	assert_int_equal(gate_receive(&two, &in, packet, 100, 0, NULL), DROP_SPI);
	assert_int_equal(gate_receive(&two, &in, packet, 5, 0, NULL), DROP_SHORT);
	assert_int_equal(gate_dropped(&two, DROP_SPI), 1);
	assert_int_equal(gate_dropped(&two, DROP_SHORT), 1);
}

static void an_unknown_spi_is_told_now_and_then(void **state)
{
	(void)state;
	open_both();
	memset(packet, 0x99, 100);
	for (int i = 0; i < 100; i++)
		assert_int_equal(gate_receive(&two, &in, packet, 100, 0, "198.51.100.9"), DROP_SPI);
	assert_int_equal(gate_told(&two, REPORT_UNKNOWN_SPI), 10);
	assert_int_equal(two.told[0].id, 0x99999999);
	assert_true(two.told[0].encap && addr_eq(&two.told[0].path.remote, &in.path.remote));
	two.lane.now += 100;
	/* Nobody can have this one. */
	memset(packet, 0, 3);
	assert_int_equal(gate_receive(&two, &in, packet, 100, 0, "198.51.100.9"), DROP_SPI);
	assert_int_equal(gate_told(&two, REPORT_UNKNOWN_SPI), 10);
	memset(packet, 0x99, 3);
	assert_int_equal(gate_receive(&two, &in, packet, 100, 0, "198.51.100.9"), DROP_SPI);
	assert_int_equal(gate_told(&two, REPORT_UNKNOWN_SPI), 11);
}

static void a_forged_packet_counts_as_invalid_and_changes_nothing(void **state)
{
	(void)state;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
	out.esp.p[30] ^= 1;
	assert_int_equal(gate_receive(&two, &in, out.esp.p, out.esp.n, 0, "198.51.100.9"), DROP_AUTH);
	assert_int_equal(gate_usage(two.in).invalid, 1);
	assert_int_equal(gate_usage(two.in).packets, 0);
	assert_int_equal(two.n_told, 0);
}

static void a_repetition_is_counted_at_its_sa(void **state)
{
	uint8_t copy[512];
	size_t n;

	(void)state;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
	n = out.esp.n;
	memcpy(copy, out.esp.p, n);
	assert_int_equal(gate_receive(&two, &in, out.esp.p, n, 0, NULL), DROP_NONE);
	assert_int_equal(gate_receive(&two, &in, copy, n, 0, NULL), DROP_REPLAY);
	assert_int_equal(gate_usage(two.in).replays, 1);
}

static void another_source_address_is_told_once_a_second(void **state)
{
	(void)state;
	open_both();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
		assert_int_equal(gate_receive(&two, &in, out.esp.p, out.esp.n, 0, i ? "198.51.100.9" : NULL),
			DROP_NONE);
	}
	assert_int_equal(gate_told(&two, REPORT_MAPPING), 1);
	two.lane.now += 1000;
	assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
	assert_int_equal(gate_receive(&two, &in, out.esp.p, out.esp.n, 0, "198.51.100.9"), DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_MAPPING), 2);
	two.lane.now -= 5; /* another thread's batch began a little earlier */
	assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
	assert_int_equal(gate_receive(&two, &in, out.esp.p, out.esp.n, 0, "198.51.100.9"), DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_MAPPING), 2);
}

/* Guard would take it for an invention of who carries packets, and end him; a peer can send it, too. */
static void a_source_to_which_nothing_can_be_sent_is_not_told(void **state)
{
	(void)state;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
	in = (struct arrival){ .esp = { .p = out.esp.p, .n = out.esp.n }, .encap = true };
	in.path.remote.ip = packet_ip("198.51.100.9");
	inbound_run(&two.lane, &in, 1);
	assert_int_equal(in.esp.drop, DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_MAPPING), 0);
}

static void a_late_packet_from_elsewhere_moves_nothing(void **state)
{
	static uint8_t first[512];
	size_t n;

	(void)state;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(50)), DROP_NONE);
	n = out.esp.n;
	memcpy(first, out.esp.p, n);
	assert_int_equal(carry(udp(50)), DROP_NONE);
	assert_int_equal(gate_receive(&two, &in, first, n, 0, "198.51.100.9"), DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_MAPPING), 0);
}

static void ike_is_handed_over_without_its_marker(void **state)
{
	(void)state;
	open_both();
	memset(packet, 0, 40);
	assert_int_equal(gate_receive(&two, &in, packet, 40, 0, NULL), DROP_NONE);
	assert_null(in.sa);
	assert_int_equal(gate_told(&two, REPORT_IKE), 1);
	assert_int_equal(two.last_body, 36);
	assert_true(two.told[0].path.marker);
}

static void keepalives_are_dropped(void **state)
{
	(void)state;
	open_both();
	packet[0] = 0xff;
	assert_int_equal(gate_receive(&two, &in, packet, 1, 0, NULL), DROP_KEEPALIVE);
	assert_int_equal(gate_told(&two, REPORT_IKE), 0);
}

static void congestion_outside_reaches_the_inside(void **state)
{
	size_t n = udp(10);

	(void)state;
	open_both();
	inner_set_tos(packet, 0xb8 | 2);
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_NONE);
	assert_int_equal(out.tos, 0xb8 | 2);
	assert_int_equal(gate_receive(&two, &in, out.esp.p, out.esp.n, 3, NULL), DROP_NONE);
	assert_int_equal(in.esp.p[1], 0xb8 | 3);
	assert_true(packet_sums_right(in.esp.p, in.esp.n));
}

static void congestion_that_cannot_be_said_drops(void **state)
{
	(void)state;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(10)), DROP_NONE);
	assert_int_equal(gate_receive(&two, &in, out.esp.p, out.esp.n, 3, NULL), DROP_ECN);
}

static void df_is_copied_as_configured(void **state)
{
	size_t n;

	(void)state;
	two.conf.copy_df = false;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(10)), DROP_NONE);
	assert_false(out.df);
	n = udp(10);
	packet[6] = 0x40;
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_NONE);
	assert_true(out.df);
	n = packet_make(packet, "10.2.0.7", "10.1.0.5", 17, 1, 2, 10);
	packet[6] = 0x40;
	assert_int_equal(gate_send(&two, &out, packet, n), DROP_NONE);
	assert_false(out.df);
}

static void a_packet_too_big_is_answered_with_the_limit(void **state)
{
	size_t n;

	(void)state;
	open_both();
	n = udp(1438 - 28 + 1);
	packet[6] = 0x40;
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_TOO_BIG);
	assert_int_equal(one.n_answers, 1);
	assert_int_equal(one.answer[26] << 8 | one.answer[27], 1438);
	n = udp(1438 - 28);
	packet[6] = 0x40;
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_NONE);
}

static void what_may_be_cut_is_sent_to_be_cut_outside(void **state)
{
	(void)state;
	open_both();
	assert_int_equal(gate_send(&one, &out, packet, udp(3000)), DROP_NONE);
	assert_false(out.df);
}

static void a_learned_path_mtu_lowers_the_limit(void **state)
{
	size_t n;

	(void)state;
	open_both();
	atomic_store(&one.out->path_mtu, 1400);
	n = udp(1338 - 28 + 1);
	packet[6] = 0x40;
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_TOO_BIG);
	assert_int_equal(one.answer[26] << 8 | one.answer[27], 1338);
}

static void ipv6_of_1280_octets_always_passes(void **state)
{
	size_t n;

	(void)state;
	open_both();
	atomic_store(&one.out->path_mtu, 1280);
	n = packet_make(packet, "2001:db8:1::5", "2001:db8:2::7", 17, 1, 2, 1280 - 48);
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_NONE);
	assert_false(out.df);
	n = packet_make(packet, "2001:db8:1::5", "2001:db8:2::7", 17, 1, 2, 1281 - 48);
	assert_int_equal(gate_send(&one, &out, packet, n), DROP_TOO_BIG);
	assert_int_equal(one.answer[46] << 8 | one.answer[47], 1280);
}

static void tcp_is_clamped_both_ways(void **state)
{
	static const uint8_t mss[] = { 2, 4, 5, 0xb4 };
	size_t n = packet_syn(packet, "10.1.0.5", "10.2.0.7", mss, sizeof mss);

	(void)state;
	open_both();
	one.out_slot.limit = 1400;
	assert_int_equal(carry(n), DROP_NONE);
	assert_int_equal(in.esp.p[42] << 8 | in.esp.p[43], 1360);
	two.in_slot.limit = 1300;
	n = packet_syn(packet, "10.1.0.5", "10.2.0.7", mss, sizeof mss);
	assert_int_equal(carry(n), DROP_NONE);
	assert_int_equal(in.esp.p[42] << 8 | in.esp.p[43], 1260);
	assert_true(packet_sums_right(in.esp.p, in.esp.n));
}

static void tcp_is_left_alone_where_told(void **state)
{
	static const uint8_t mss[] = { 2, 4, 5, 0xb4 };
	size_t n = packet_syn(packet, "10.1.0.5", "10.2.0.7", mss, sizeof mss);

	(void)state;
	one.conf.mss = two.conf.mss = MSS_NO;
	open_both();
	one.out_slot.limit = 1400;
	two.in_slot.limit = 1300;
	assert_int_equal(carry(n), DROP_NONE);
	assert_int_equal(in.esp.p[42] << 8 | in.esp.p[43], 1460);
}

static void neighbour_discovery_never_enters(void **state)
{
	(void)state;
	gate_open_ts(&one, 1, "::/0", "::/0", false);
	assert_int_equal(
		gate_send(&one, &out, packet, packet_make(packet, "fe80::1", "ff02::2", 58, 133 << 8, 0, 8)),
		DROP_NEIGHBOUR);
	assert_int_equal(one.n_answers, 0);
}

static void rubbish_from_the_device_is_dropped(void **state)
{
	(void)state;
	open_both();
	memset(packet, 0, 100);
	assert_int_equal(gate_send(&one, &out, packet, 100), DROP_MALFORMED);
}

static void limits_of_volume_are_told_soft_then_hard(void **state)
{
	(void)state;
	one.conf.rekey_packets = 3;
	one.conf.life_packets = 5;
	open_both();
	for (int i = 0; i < 5; i++)
		assert_int_equal(carry(udp(9)), DROP_NONE);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 2);
	assert_false(one.told[0].hard);
	assert_true(one.told[1].hard);
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_LIFETIME);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 2);
}

/* The channel is full just then; there is no other packet that would say so. */
static void limits_that_could_not_be_told_are_told_with_the_next_packet(void **state)
{
	(void)state;
	one.conf.rekey_packets = 1;
	one.conf.life_packets = 3;
	open_both();
	one.deaf = true;
	assert_int_equal(carry(udp(9)), DROP_NONE);
	one.deaf = false;
	assert_int_equal(carry(udp(9)), DROP_NONE);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 1);
	assert_false(one.told[0].hard);
	one.deaf = true;
	assert_int_equal(carry(udp(9)), DROP_NONE);
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_LIFETIME);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 1);
	one.deaf = false;
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_LIFETIME);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 2);
	assert_true(one.told[1].hard);
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_LIFETIME);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 2);
}

static void inbound_limits_that_could_not_be_told_are_told_too(void **state)
{
	(void)state;
	two.conf.life_packets = 1;
	open_both();
	two.deaf = true;
	assert_int_equal(carry(udp(9)), DROP_NONE);
	two.deaf = false;
	assert_int_equal(carry(udp(9)), DROP_LIFETIME);
	assert_int_equal(gate_told(&two, REPORT_EXPIRE), 1);
	assert_true(two.told[two.n_told - 1].hard);
}

static void a_first_use_that_could_not_be_told_is_told_with_the_next_packet(void **state)
{
	(void)state;
	open_both();
	two.deaf = true;
	assert_int_equal(carry(udp(9)), DROP_NONE);
	two.deaf = false;
	for (int i = 0; i < 3; i++)
		assert_int_equal(carry(udp(9)), DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_USED), 1);
}

static void limits_of_octets_hold_inbound_too(void **state)
{
	(void)state;
	two.conf.rekey_bytes = 100;
	two.conf.life_bytes = 200;
	open_both();
	for (int i = 0; i < 2; i++)
		assert_int_equal(carry(udp(80)), DROP_NONE);
	assert_int_equal(gate_told(&two, REPORT_EXPIRE), 2);
	assert_int_equal(carry(udp(80)), DROP_LIFETIME);
}

static void the_end_of_the_numbers_is_told_before(void **state)
{
	const uint64_t last = UINT32_MAX, eighth = last / 8;

	(void)state;
	open_both();
	atomic_store(&one.out->meter->packets, last - eighth - 1);
	atomic_store(&one.out->esp.seq, last - eighth - 1);
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_NONE);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 1);
	assert_false(one.told[0].hard);
	atomic_store(&one.out->meter->packets, last - 1);
	atomic_store(&one.out->esp.seq, last - 1);
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_NONE);
	assert_int_equal(gate_told(&one, REPORT_EXPIRE), 2);
	assert_true(one.told[1].hard);
	assert_int_equal(gate_send(&one, &out, packet, udp(9)), DROP_LIFETIME);
}

static void a_load_keeps_its_order_around_drops(void **state)
{
	const struct virtio_net_hdr none = { 0 };
	struct parcel parcel;
	const struct load *l = &one.load;

	(void)state;
	open_both();
	load_empty(&one.load);
	for (int i = 0; i < 4; i++) {
		size_t n = packet_make(
			packet, "10.1.0.5", i == 1 ? "10.9.0.1" : "10.2.0.7", 17, 1, 2, 10u + (size_t)i);
		bool on = outbound_take(&one.lane, &one.device, &none, bytes_of(packet, n), &parcel);

		assert_int_equal(on, i != 1);
		if (on)
			assert_true(outbound_load(&one.lane, &parcel, &one.load));
	}
	outbound_seal(&one.lane, &one.load);
	assert_int_equal(l->n, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(l->v[i].esp.seq, 1 + i);
		if (i)
			assert_ptr_equal(l->v[i].esp.p, l->v[i - 1].esp.p + l->v[i - 1].esp.n);
	}
	assert_int_equal(gate_dropped(&one, DROP_NO_POLICY), 1);
}

/* A super-packet of TCP with N octets in segments of SEGMENT, on its way through the first gateway. */
static void take_super(struct parcel *parcel, size_t n, uint16_t segment)
{
	const struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
		.gso_size = segment };
	static uint8_t super[JOIN_OCTETS];
	size_t size = packet_tcp(super, "10.1.0.5", "10.2.0.7", 1, FLAG_ACK | FLAG_PSH, n);

	super[6] = 0x40;
	load_empty(&one.load);
	assert_true(outbound_take(&one.lane, &one.device, &h, bytes_of(super, size), parcel));
}

/* All of a load into the second gateway, as the kernel would give it, through a join. */
static unsigned deliver(struct rejoin *r, const struct load *l)
{
	struct bundle b = { .all = { .esp = { .p = l->v[0].esp.p, .n = l->octets }, .encap = true },
		.segment = l->v[0].esp.n };
	struct arrival v[LOAD_PACKETS];
	unsigned n = 0;

	b.all.path.remote = two.in_slot.remote;
	while (bundle_next(&b, &v[n]))
		n++;
	inbound_run(&two.lane, v, n);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(v[i].esp.drop, DROP_NONE);
		join_add(&r->join, &r->device, &v[i].inner, v[i].esp.p,
			join_headers(&r->device, &v[i].inner, v[i].esp.p));
	}
	join_flush(&r->join);
	return n;
}

static void many_in_one_come_out_as_many_in_one(void **state)
{
	static struct rejoin r;
	struct parcel parcel;

	(void)state;
	open_both();
	rejoin_init(&r);
	take_super(&parcel, 40000, 1300);
	assert_true(outbound_load(&one.lane, &parcel, &one.load));
	outbound_seal(&one.lane, &one.load);
	assert_int_equal(one.load.n, 31);
	for (unsigned i = 1; i < 31; i++)
		assert_ptr_equal(one.load.v[i].esp.p, one.load.v[0].esp.p + i * one.load.v[0].esp.n);
	assert_int_equal(deliver(&r, &one.load), 31);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v[0].n, 40040);
	assert_int_equal(r.v[0].h.gso_size, 1300);
	for (uint32_t i = 0; i < 40000; i++)
		assert_int_equal(r.v[0].p[40 + i], (uint8_t)(1 + i));
	assert_int_equal(gate_usage(two.in).packets, 31);
	assert_int_equal(gate_usage(two.in).bytes, gate_usage(one.out).bytes);
}

static void what_a_load_has_no_room_for_comes_with_the_next(void **state)
{
	struct parcel parcel;
	unsigned all = 0;
	bool done;

	(void)state;
	open_both();
	take_super(&parcel, 60000, 100);
	do {
		load_empty(&one.load);
		done = outbound_load(&one.lane, &parcel, &one.load);
		outbound_seal(&one.lane, &one.load);
		assert_int_equal(one.load.v[0].esp.seq, all + 1);
		all += one.load.n;
		assert_true(one.load.octets <= LOAD_OCTETS);
	} while (!done);
	assert_int_equal(all, 600);
}

static void segments_too_big_are_answered_as_they_would_be_alone(void **state)
{
	struct parcel parcel;

	(void)state;
	open_both();
	take_super(&parcel, 4400, 1460);
	assert_true(outbound_load(&one.lane, &parcel, &one.load));
	assert_int_equal(one.load.n, 1); /* the last one is short */
	assert_int_equal(gate_dropped(&one, DROP_TOO_BIG), 3);
	assert_int_equal(one.n_answers, 3);
	assert_int_equal(inner_get16(one.answer + 26), 1438);
	assert_int_equal(inner_get16(one.answer + 28 + 2), 1500);
}

static void a_super_packet_that_lies_is_dropped(void **state)
{
	const struct virtio_net_hdr h = { .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 100 };
	struct parcel parcel;
	size_t n = packet_tcp(packet, "10.1.0.5", "10.2.0.7", 1, FLAG_ACK, 500);

	(void)state;
	open_both();
	assert_false(outbound_take(&one.lane, &one.device, &h, bytes_of(packet, n), &parcel));
	assert_int_equal(gate_dropped(&one, DROP_MALFORMED), 1);
}

/* Datagrams of one sender come as one, whatever they are. */
static void each_of_a_bundle_is_what_it_is(void **state)
{
	uint8_t octets[25] = { 0x99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0xff };
	struct bundle b = { .all = { .esp = { .p = octets, .n = 21 }, .encap = true }, .segment = 10 };
	struct arrival v[4];
	unsigned n = 0;

	(void)state;
	open_both();
	while (bundle_next(&b, &v[n]))
		n++;
	assert_int_equal(n, 3);
	inbound_run(&two.lane, v, n);
	assert_int_equal(gate_told(&two, REPORT_IKE), 1);
	assert_int_equal(two.last_body, 6);
	assert_int_equal(v[0].esp.drop, DROP_SPI);
	assert_int_equal(v[2].esp.drop, DROP_KEEPALIVE);
}

static void drops_are_printed_by_reason(void **state)
{
	struct arena arena = { 0 };
	struct text text = text_in(&arena);

	(void)state;
	open_both();
	gate_send(&one, &out, packet, packet_make(packet, "10.1.0.5", "10.9.0.7", 17, 1, 2, 9));
	gate_receive(&one, &in, packet, 5, 0, NULL);
	drop_print(&one.drops, &text);
	assert_string_equal(text_str(&text), "no-policy=1 short=1");
	arena_free(&arena);
}

static void every_reason_has_a_word(void **state)
{
	struct arena arena = { 0 };
	struct text text = text_in(&arena);

	(void)state;
	open_both();
	for (enum drop d = DROP_NONE + 1; d < DROP_MAX; d++)
		drop_count(&one.drops, d);
	drop_print(&one.drops, &text);
	assert_null(strstr(text_str(&text), "(null)"));
	arena_free(&arena);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, prepare, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_packet_comes_out_as_it_went_in),
		CASE(ipv6_goes_the_same_way),
		CASE(both_ends_count),
		CASE(the_first_packet_is_told_once),
		CASE(no_policy_is_answered_and_counted),
		CASE(answers_are_limited),
		CASE(a_policy_without_sa_asks_once_a_second),
		CASE(an_acquire_tells_the_packets_selectors),
		CASE(a_port_only_selector_takes_its_port_only),
		CASE(what_was_not_agreed_on_is_dropped_behind_the_tunnel),
		CASE(a_fragment_does_not_pass_a_port_selector),
		CASE(an_unknown_spi_is_counted),
		CASE(an_unknown_spi_is_told_now_and_then),
		CASE(a_forged_packet_counts_as_invalid_and_changes_nothing),
		CASE(a_repetition_is_counted_at_its_sa),
		CASE(another_source_address_is_told_once_a_second),
		CASE(a_source_to_which_nothing_can_be_sent_is_not_told),
		CASE(a_late_packet_from_elsewhere_moves_nothing),
		CASE(ike_is_handed_over_without_its_marker),
		CASE(keepalives_are_dropped),
		CASE(congestion_outside_reaches_the_inside),
		CASE(congestion_that_cannot_be_said_drops),
		CASE(df_is_copied_as_configured),
		CASE(a_packet_too_big_is_answered_with_the_limit),
		CASE(what_may_be_cut_is_sent_to_be_cut_outside),
		CASE(a_learned_path_mtu_lowers_the_limit),
		CASE(ipv6_of_1280_octets_always_passes),
		CASE(tcp_is_clamped_both_ways),
		CASE(tcp_is_left_alone_where_told),
		CASE(neighbour_discovery_never_enters),
		CASE(rubbish_from_the_device_is_dropped),
		CASE(limits_of_volume_are_told_soft_then_hard),
		CASE(limits_that_could_not_be_told_are_told_with_the_next_packet),
		CASE(inbound_limits_that_could_not_be_told_are_told_too),
		CASE(a_first_use_that_could_not_be_told_is_told_with_the_next_packet),
		CASE(limits_of_octets_hold_inbound_too),
		CASE(the_end_of_the_numbers_is_told_before),
		CASE(a_load_keeps_its_order_around_drops),
		CASE(many_in_one_come_out_as_many_in_one),
		CASE(what_a_load_has_no_room_for_comes_with_the_next),
		CASE(segments_too_big_are_answered_as_they_would_be_alone),
		CASE(a_super_packet_that_lies_is_dropped),
		CASE(each_of_a_bundle_is_what_it_is),
		CASE(drops_are_printed_by_reason),
		CASE(every_reason_has_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
