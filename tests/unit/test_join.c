/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets of a flow joined for a device, and split again. */
#include "tests/unit/unit.h"

#include "tests/unit/packet.h"
#include "tests/unit/rejoin.h"

enum { SLOTS = 100, SLOT = 2048, ACK = FLAG_ACK, PSH = FLAG_ACK | FLAG_PSH };

static struct rejoin r;
static uint8_t slots[SLOTS][SLOT];
static unsigned used;

/* What came of splitting. */
static uint8_t got[SLOTS][SLOT];
static size_t got_size[SLOTS];
static unsigned n_got;

static int prepare(void **state)
{
	(void)state;
	rejoin_init(&r);
	used = 0;
	n_got = 0;
	return 0;
}

static uint8_t *slot(void)
{
	assert_true(used < SLOTS);
	return slots[used++];
}

static void add(uint8_t *p, size_t n)
{
	assert_true(rejoin_add(&r, p, n));
}

static void add_tcp(uint32_t seq, uint8_t flags, size_t n)
{
	uint8_t *p = slot();

	add(p, packet_tcp(p, "10.1.0.5", "10.2.0.7", seq, flags, n));
}

/* A segment of which one header octet is another one. */
static void add_tcp_with(uint32_t seq, size_t at, uint8_t v)
{
	uint8_t *p = slot();
	size_t n = packet_tcp(p, "10.1.0.5", "10.2.0.7", seq, ACK, 100);

	p[at] = v;
	packet_fix(p, n);
	add(p, n);
}

static void take(void *ctx, uint8_t *p, size_t n)
{
	(void)ctx;
	assert_true(n_got < SLOTS && n <= SLOT);
	memcpy(got[n_got], p, n);
	got_size[n_got++] = n;
}

/* Nothing has been written yet that is not now; then there are N packets. */
static void assert_flushed(unsigned n)
{
	join_flush(&r.join);
	assert_int_equal(r.n, n);
	for (unsigned i = 0; i < r.n; i++)
		assert_true(rejoin_split(&r.v[i], take, NULL));
}

static void segments_become_one_and_again_many(void **state)
{
	uint8_t before[3][SLOT];
	size_t size[3];

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *p = slot();

		size[i] = packet_tcp(
			p, "10.1.0.5", "10.2.0.7", 1000 * i, i == 2 ? PSH : ACK, i == 2 ? 700 : 1000);
		inner_put16(p + 4, (uint16_t)(0xffff + i));
		packet_fix(p, size[i]);
		memcpy(before[i], p, size[i]);
		add(p, size[i]);
	}
	assert_int_equal(r.n, 0);
	assert_flushed(1);
	assert_int_equal(r.v[0].n, 40 + 2700);
	assert_int_equal(r.v[0].h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
	assert_int_equal(r.v[0].h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
	assert_int_equal(r.v[0].h.gso_size, 1000);
	assert_int_equal(r.v[0].h.hdr_len, 40);
	assert_int_equal(r.v[0].h.csum_start, 20);
	assert_int_equal(r.v[0].h.csum_offset, 16);
	assert_int_equal(n_got, 3);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(got_size[i], size[i]);
		assert_memory_equal(got[i], before[i], size[i]);
	}
}

static void ipv6_goes_the_same_way(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *p = slot();

		add(p, packet_tcp(p, "2001:db8:1::5", "2001:db8:2::7", 500 * i, ACK, 500));
	}
	assert_flushed(1);
	assert_int_equal(r.v[0].h.gso_type, VIRTIO_NET_HDR_GSO_TCPV6);
	assert_int_equal(n_got, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_true(packet_sums_right(got[i], got_size[i]));
}

static void datagrams_are_joined_where_the_device_takes_them(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		prepare(NULL);
		r.device.joins_udp = !round;
		for (int i = 0; i < 3; i++) {
			uint8_t *p = slot();
			size_t n = packet_make(
				p, "10.1.0.5", "10.2.0.7", IPPROTO_OF_UDP, 1, 2, i == 2 ? 10 : 100);

			p[6] = 0x40;
			packet_fix(p, n);
			add(p, n);
		}
		assert_flushed(round ? 3 : 1);
		assert_int_equal(
			r.v[0].h.gso_type, round ? VIRTIO_NET_HDR_GSO_NONE : VIRTIO_NET_HDR_GSO_UDP_L4);
		assert_int_equal(n_got, 3);
		for (unsigned i = 0; i < 3; i++)
			assert_true(packet_sums_right(got[i], got_size[i]));
		assert_int_equal(got_size[2], 38);
	}
}

static void a_datagram_without_checksum_stays_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		uint8_t *p = slot();
		size_t n = packet_make(p, "10.1.0.5", "10.2.0.7", IPPROTO_OF_UDP, 1, 2, 100);

		p[6] = 0x40;
		packet_fix(p, n);
		inner_put16(p + 26, 0);
		add(p, n);
	}
	assert_flushed(2);
}

static void flows_in_turns_are_still_joined(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		for (uint8_t flow = 0; flow < 3; flow++) {
			uint8_t *p = slot();
			size_t n = packet_tcp(p, "10.1.0.5", "10.2.0.7", 100 * i, ACK, 100);

			p[21] = flow;
			inner_put16(p + 4, (uint16_t)i);
			packet_fix(p, n);
			add(p, n);
		}
	assert_flushed(3);
	assert_int_equal(r.v[1].pieces, 4);
}

/* Each of these differs in something that joining would hide. */
static void what_differs_is_not_joined(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
	} other[] = { { 1, 1 }, { 5, 0x99 }, { 8, 63 }, { 23, 81 }, { 27, 1 }, { 31, 1 }, { 34, 1 },
		{ 39, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		prepare(NULL);
		add_tcp_with(0, 5, 0x34);
		add_tcp_with(100, 5, 0x35);
		add_tcp_with(200, 5, 0x36);
		assert_flushed(1);
		prepare(NULL);
		add_tcp_with(0, 5, 0x34);
		add_tcp_with(100, 5, 0x35);
		add_tcp_with(200, other[i].at, other[i].v);
		assert_flushed(2);
		assert_int_equal(r.v[0].pieces, 2);
	}
}

static void the_identification_does_not_count_where_cutting_is_forbidden(void **state)
{
	(void)state;
	add_tcp_with(0, 6, 0x40);
	add_tcp_with(100, 6, 0x40);
	assert_flushed(1);
}

/* Joining makes a fresh checksum, which would hide that a packet was damaged. */
static void a_damaged_packet_is_not_joined(void **state)
{
	(void)state;
	add_tcp_with(0, 6, 0x40);
	for (uint32_t i = 1; i < 3; i++) {
		uint8_t *p = slot();
		size_t n = packet_tcp(p, "10.1.0.5", "10.2.0.7", 100 * i, ACK, 100);

		p[6] = 0x40;
		packet_fix(p, n);
		p[i == 1 ? n - 1 : 11] ^= 1;
		add(p, n);
	}
	assert_flushed(3);
	assert_int_equal(r.v[0].h.flags, VIRTIO_NET_HDR_F_DATA_VALID);
	assert_int_equal(r.v[1].h.flags, 0);
	assert_int_equal(r.v[2].h.flags, 0);
}

static void what_ends_a_flow_comes_behind_it(void **state)
{
	(void)state;
	add_tcp_with(0, 6, 0x40);
	add_tcp_with(100, 6, 0x40);
	add_tcp(200, FLAG_FIN | FLAG_ACK, 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].pieces, 2);
	assert_flushed(2);
}

static void a_fragment_passes_nothing(void **state)
{
	uint8_t *p;
	size_t n;

	(void)state;
	add_tcp(0, ACK, 100);
	p = slot();
	n = packet_make(p, "10.1.0.5", "10.2.0.7", IPPROTO_OF_UDP, 1, 2, 100);
	p[7] = 4;
	packet_fix(p, n);
	add(p, n);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.v[0].p[9], IPPROTO_OF_TCP);
}

static void nothing_follows_what_was_pushed_or_is_short(void **state)
{
	(void)state;
	add_tcp_with(0, 6, 0x40);
	add_tcp_with(100, 6, 0x40);
	inner_put16(slots[1] + 32, 5 << 12 | PSH);
	assert_flushed(1);
	prepare(NULL);
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *p = slot();
		size_t n = packet_tcp(
			p, "10.1.0.5", "10.2.0.7", i == 2 ? 190 : 100 * i, i ? ACK : PSH, i ? 90 : 100);

		p[6] = 0x40;
		packet_fix(p, n);
		add(p, n);
	}
	assert_flushed(2);
	assert_int_equal(r.v[0].pieces, 1);
	assert_int_equal(r.v[1].pieces, 2);
	prepare(NULL);
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *p = slot();
		size_t n =
			packet_tcp(p, "10.1.0.5", "10.2.0.7", i == 2 ? 190 : 100 * i, ACK, i == 1 ? 90 : 100);

		p[6] = 0x40;
		packet_fix(p, n);
		add(p, n);
	}
	assert_flushed(2);
	assert_int_equal(r.v[0].pieces, 2);
}

static void a_joined_packet_is_no_longer_than_ip_can_say(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		uint8_t *p = slot();
		size_t n = packet_tcp(p, "10.1.0.5", "10.2.0.7", 1400 * i, ACK, 1400);

		p[6] = 0x40;
		packet_fix(p, n);
		add(p, n);
	}
	assert_flushed(2);
	assert_int_equal(r.v[0].pieces, 46);
	assert_int_equal(n_got, 50);
}

static void more_flows_than_there_is_room_for_all_come_out(void **state)
{
	(void)state;
	for (uint8_t i = 0; i <= JOIN_FLOWS; i++)
		add_tcp_with(0, 21, i);
	assert_int_equal(r.n, JOIN_FLOWS);
	assert_flushed(JOIN_FLOWS + 1);
}

static void other_protocols_go_through(void **state)
{
	uint8_t *p = slot();

	(void)state;
	add(p, packet_make(p, "10.1.0.5", "10.2.0.7", IPPROTO_OF_ICMP, 8 << 8, 0, 20));
	assert_int_equal(r.n, 1);
	assert_int_equal(r.v[0].h.flags, 0);
}

/* A super-packet as the kernel makes it, of three segments. */
static struct written super(uint8_t flags)
{
	static uint8_t p[4096];
	struct written w = { .p = p };

	w.n = packet_tcp(p, "10.1.0.5", "10.2.0.7", UINT32_MAX - 500, flags, 2500);
	w.h = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 1000
	};
	return w;
}

static void flags_go_to_the_segment_that_they_belong_to(void **state)
{
	struct written w = super(PSH | FLAG_FIN | FLAG_CWR | FLAG_ECE);

	(void)state;
	w.h.gso_type |= VIRTIO_NET_HDR_GSO_ECN;
	assert_true(rejoin_split(&w, take, NULL));
	assert_int_equal(n_got, 3);
	assert_int_equal(got[0][33], FLAG_ACK | FLAG_ECE | FLAG_CWR);
	assert_int_equal(got[1][33], FLAG_ACK | FLAG_ECE);
	assert_int_equal(got[2][33], FLAG_ACK | FLAG_ECE | FLAG_PSH | FLAG_FIN);
	assert_int_equal(got[1][24] << 24 | got[1][25] << 16 | got[1][26] << 8 | got[1][27], 499);
	assert_int_equal(inner_get16(got[2] + 4), 0x1236);
	for (unsigned i = 0; i < 3; i++)
		assert_true(packet_sums_right(got[i], got_size[i]));
}

static void a_checksum_left_open_is_made(void **state)
{
	struct written w = super(ACK);

	(void)state;
	w.h.gso_type = VIRTIO_NET_HDR_GSO_NONE;
	w.h.csum_start = 20;
	w.h.csum_offset = 16;
	w.n = packet_tcp(w.p, "10.1.0.5", "10.2.0.7", 7, ACK, 333);
	inner_put16(w.p + 36, (uint16_t)~inner_checksum(inner_pseudo(w.p, IPPROTO_OF_TCP, 353)));
	assert_false(packet_sums_right(w.p, w.n));
	assert_true(rejoin_split(&w, take, NULL));
	assert_int_equal(n_got, 1);
	assert_true(packet_sums_right(got[0], got_size[0]));
}

/* Zero would say that there is none. */
static void a_checksum_of_zero_is_written_as_its_other_form(void **state)
{
	struct written w = super(ACK);

	(void)state;
	w.h = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 6
	};
	w.n = packet_make(w.p, "10.1.0.5", "10.2.0.7", IPPROTO_OF_UDP, 1, 2, 2);
	inner_put16(w.p + 28, (uint16_t)(inner_get16(w.p + 26) + 1)); /* the payload was 0, 1 */
	inner_put16(w.p + 26, (uint16_t)~inner_checksum(inner_pseudo(w.p, IPPROTO_OF_UDP, 10)));
	assert_true(rejoin_split(&w, take, NULL));
	assert_int_equal(inner_get16(got[0] + 26), 0xffff);
}

static void what_does_not_fit_together_is_refused(void **state)
{
	static const struct virtio_net_hdr bad[] = {
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV4 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_TCPV6, .gso_size = 1000 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_UDP_L4, .gso_size = 1000 },
		{ .gso_type = VIRTIO_NET_HDR_GSO_UDP, .gso_size = 1000 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20, .csum_offset = 2519 },
		{ .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .csum_start = 20 },
	};
	struct written w;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		w = super(ACK);
		w.h = bad[i];
		assert_false(rejoin_split(&w, take, NULL));
	}
	w = super(ACK);
	w.p[6] = 0x20; /* a fragment */
	assert_false(rejoin_split(&w, take, NULL));
	w = super(ACK);
	w.p[32] = 0x40; /* a TCP header that is too short */
	assert_false(rejoin_split(&w, take, NULL));
	assert_int_equal(n_got, 0);
}

#define CASE(f) cmocka_unit_test_setup(f, prepare)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(segments_become_one_and_again_many),
		CASE(ipv6_goes_the_same_way),
		CASE(datagrams_are_joined_where_the_device_takes_them),
		CASE(a_datagram_without_checksum_stays_alone),
		CASE(flows_in_turns_are_still_joined),
		CASE(what_differs_is_not_joined),
		CASE(the_identification_does_not_count_where_cutting_is_forbidden),
		CASE(a_damaged_packet_is_not_joined),
		CASE(what_ends_a_flow_comes_behind_it),
		CASE(a_fragment_passes_nothing),
		CASE(nothing_follows_what_was_pushed_or_is_short),
		CASE(a_joined_packet_is_no_longer_than_ip_can_say),
		CASE(more_flows_than_there_is_room_for_all_come_out),
		CASE(other_protocols_go_through),
		CASE(flags_go_to_the_segment_that_they_belong_to),
		CASE(a_checksum_left_open_is_made),
		CASE(a_checksum_of_zero_is_written_as_its_other_form),
		CASE(what_does_not_fit_together_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
