/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Padding of packets of the userspace path against who looks at their sizes (RFC 4303, 2.7). */
#include "tests/unit/unit.h"

#include "model/peer.h"
#include "tests/unit/gate.h"
#include "tests/unit/packet.h"
#include "xfrm/limit.h"

enum { WANTED = 700, MTU = 1500 };

static struct gate moon, sun;
static uint8_t packet[8192], before[8192];
static struct departure out;
static struct arrival in;

static void open_gates(uint32_t padding)
{
	gate_init(&moon, "aes256gcm16");
	gate_init(&sun, "aes256gcm16");
	gate_open(&moon, 1);
	gate_open(&sun, 2);
	moon.out->tfc_padding = padding;
}

static int close_gates(void **state)
{
	(void)state;
	gate_close(&moon);
	gate_close(&sun);
	return 0;
}

static size_t make(size_t payload)
{
	size_t n = packet_make(packet, "10.1.0.5", "10.2.0.7", 17, 1000, 53, payload);

	memcpy(before, packet, n);
	return n;
}

/* Sends a packet with so much payload, which comes out as it was; returns the octets of ESP. */
static size_t carried(size_t payload)
{
	size_t n = make(payload), esp;

	assert_int_equal(gate_send(&moon, &out, packet, n), DROP_NONE);
	esp = out.esp.n;
	assert_int_equal(gate_receive(&sun, &in, out.esp.p, out.esp.n, out.tos, NULL), DROP_NONE);
	assert_int_equal(in.esp.n, n);
	assert_memory_equal(in.esp.p, before, n);
	return esp;
}

static void packets_are_as_long_as_is_wanted(void **state)
{
	size_t wanted;

	(void)state;
	open_gates(WANTED);
	wanted = esp_sealed(&moon.out->esp, WANTED);
	assert_int_equal(carried(0), wanted);
	assert_int_equal(carried(1), wanted);
	assert_int_equal(carried(WANTED - 28), wanted);
	assert_int_equal(carried(WANTED), esp_sealed(&moon.out->esp, WANTED + 28));
}

static void they_are_as_long_as_the_path_takes(void **state)
{
	size_t most = MTU - limit_before(false, true), n;

	(void)state;
	open_gates(TFC_MTU);
	n = carried(1);
	assert_true(n <= most && n > most - limit_unit(moon.out->esp.encr));
	assert_int_equal(carried(1000), n);
	atomic_store(&moon.out->path_mtu, 1300);
	n = carried(1);
	assert_true(n <= most - 200 && n > most - 200 - limit_unit(moon.out->esp.encr));
}

static void what_is_wanted_goes_no_further_than_the_path(void **state)
{
	(void)state;
	open_gates(9000);
	assert_true(carried(1) <= MTU - limit_before(false, true));
}

/* Octets between packet and trailer are zero, whatever lay there. */
static void nothing_else_leaves_in_it(void **state)
{
	(void)state;
	open_gates(WANTED);
	memset(moon.load.room, 0xaa, sizeof moon.load.room);
	(void)carried(10);
	for (size_t i = in.esp.n; i < WANTED; i++)
		assert_int_equal(in.esp.p[i], 0);
}

/* Segments of one packet are alike, with the last one, which is short, so that they leave together. */
static void segments_are_all_as_long(void **state)
{
	const struct virtio_net_hdr h = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 100
	};
	size_t n = packet_tcp(packet, "10.1.0.5", "10.2.0.7", 1, FLAG_ACK, 40 * 100 + 7);
	struct parcel parcel;

	(void)state;
	open_gates(WANTED);
	load_empty(&moon.load);
	assert_true(outbound_take(&moon.lane, &moon.device, &h, bytes_of(packet, n), &parcel));
	assert_true(outbound_load(&moon.lane, &parcel, &moon.load));
	outbound_seal(&moon.lane, &moon.load);
	assert_int_equal(moon.load.n, 41);
	for (unsigned i = 0; i < moon.load.n; i++) {
		assert_int_equal(moon.load.v[i].esp.n, esp_sealed(&moon.out->esp, WANTED));
		assert_ptr_equal(moon.load.v[i].esp.p, moon.load.v[0].esp.p + i * moon.load.v[0].esp.n);
	}
}

static void both_ends_count_it(void **state)
{
	(void)state;
	open_gates(WANTED);
	(void)carried(10);
	assert_int_equal(gate_usage(moon.out).bytes, WANTED);
	assert_int_equal(gate_usage(sun.in).bytes, WANTED);
}

static void a_load_takes_what_it_has_room_for(void **state)
{
	const struct virtio_net_hdr h = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM, .gso_type = VIRTIO_NET_HDR_GSO_TCPV4, .gso_size = 10
	};
	size_t n = packet_tcp(packet, "10.1.0.5", "10.2.0.7", 1, FLAG_ACK, 1000);
	struct parcel parcel;
	unsigned all = 0;
	bool done;

	(void)state;
	open_gates(TFC_MTU);
	moon.out_slot.limit = 4000;
	gate_publish(&moon);
	assert_true(outbound_take(&moon.lane, &moon.device, &h, bytes_of(packet, n), &parcel));
	do {
		load_empty(&moon.load);
		done = outbound_load(&moon.lane, &parcel, &moon.load);
		assert_true(moon.load.n && moon.load.octets <= LOAD_OCTETS);
		all += moon.load.n;
	} while (!done);
	assert_int_equal(all, 100);
}

#define CASE(f) cmocka_unit_test_teardown(f, close_gates)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(packets_are_as_long_as_is_wanted),
		CASE(they_are_as_long_as_the_path_takes),
		CASE(what_is_wanted_goes_no_further_than_the_path),
		CASE(nothing_else_leaves_in_it),
		CASE(segments_are_all_as_long),
		CASE(both_ends_count_it),
		CASE(a_load_takes_what_it_has_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
