/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets that leave and arrive together, by a machine that sends to itself. */
#include "tests/unit/machine.h"

#include "tests/unit/gate.h"
#include "tests/unit/packet.h"
#include "xfrm/user/outer.h"

#include <poll.h>
#include <sys/socket.h>

enum { PORT = 4500, BUNDLES = 32 };

static struct gate gate;
static struct outer outer;
static struct outer_batch batch;
static struct buffer buffers[BUNDLES];
static struct bundle bundles[BUNDLES];
static bool opened;

static void begin(void **state)
{
	const struct settings settings = { .port_nat_t = PORT };
	struct machine *h = machine_enter(state);

	assert_ok(outer_open(&outer, &settings, 0, 1, &h->why));
	opened = true;
	gate_init(&gate, "aes256gcm16");
	gate_open(&gate, 1);
	gate.in_slot.local = gate.in_slot.remote = (struct addr){ packet_ip("192.0.2.1"), PORT };
	gate.out_slot.local = gate.out_slot.remote = gate.in_slot.local;
	load_empty(&gate.load);
}

static int end(void **state)
{
	if (opened) {
		gate_close(&gate);
		outer_close(&outer);
	}
	opened = false;
	return machine_tear_down(state);
}

/* Loads a datagram of N octets. */
static void load(size_t n, uint8_t tos)
{
	static uint8_t packet[2048];
	const struct virtio_net_hdr none = { 0 };
	struct parcel parcel;

	n = packet_make(packet, "10.1.0.5", "10.2.0.7", IPPROTO_OF_UDP, 1, 2, n);
	inner_set_tos(packet, tos);
	assert_true(outbound_take(&gate.lane, &gate.device, &none, bytes_of(packet, n), &parcel));
	assert_true(outbound_load(&gate.lane, &parcel, &gate.load));
}

static void send_all(void)
{
	outbound_seal(&gate.lane, &gate.load);
	outer_send(&outer, &batch, &gate.load, &gate.drops);
}

/* Receives until all of the load but SKIPPED packets is there, in the same order; returns how many bundles it
 * came in. */
static unsigned received(unsigned skipped)
{
	struct pollfd p = { outer.fd[OUTER_UDP4], POLLIN, 0 };
	unsigned n = 0, packets = 0, at = 0;
	struct arrival a;

	while (packets < gate.load.n - skipped && poll(&p, 1, 5000) == 1) {
		unsigned got = outer_receive(&outer, OUTER_UDP4, &batch, buffers, bundles, BUNDLES);

		for (unsigned i = 0; i < got; i++)
			for (; bundle_next(&bundles[i], &a); packets++, at++) {
				while (gate.load.v[at].esp.drop)
					at++;
				assert_int_equal(a.esp.n, gate.load.v[at].esp.n);
				assert_memory_equal(a.esp.p, gate.load.v[at].esp.p, a.esp.n);
				assert_int_equal(a.tos, gate.load.v[at].tos);
			}
		n += got;
	}
	assert_int_equal(packets, gate.load.n - skipped);
	return n;
}

static void packets_that_are_alike_go_together(void **state)
{
	begin(state);
	for (int i = 0; i < 20; i++)
		load(i < 19 ? 1000 : 300, 0);
	send_all();
	assert_int_equal(received(0), 1);
}

static void packets_come_one_by_one_where_others_share_the_port(void **state)
{
	begin(state);
	for (int on = 0; on < 2; on++) {
		load_empty(&gate.load);
		for (int i = 0; i < 20; i++)
			load(1000, 0);
		outer_bundle(&outer, on);
		send_all();
		assert_int_equal(received(0), on ? 1 : 20);
	}
}

static void packets_that_differ_go_apart(void **state)
{
	begin(state);
	for (int i = 0; i < 4; i++)
		load(1000, 0);
	for (int i = 0; i < 4; i++)
		load(1000, 2);
	for (int i = 0; i < 4; i++)
		load(1200, 2);
	send_all();
	assert_int_equal(received(0), 3);
}

static void what_must_be_cut_goes_alone(void **state)
{
	begin(state);
	for (int i = 0; i < 4; i++)
		load(1000, 0);
	gate.load.v[0].too_long = true;
	send_all();
	assert_int_equal(received(0), 2);
}

static void a_dropped_packet_is_left_out(void **state)
{
	begin(state);
	for (int i = 0; i < 4; i++)
		load(1000, 0);
	gate.load.v[1].esp.drop = DROP_CRYPTO;
	send_all();
	assert_int_equal(received(1), 2);
}

/* Without checksums the kernel splits nothing (EINVAL). */
static void what_the_kernel_cannot_split_goes_one_by_one(void **state)
{
	const int on = 1;

	begin(state);
	assert_int_equal(setsockopt(outer.fd[OUTER_UDP4], SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
	for (int i = 0; i < 8; i++)
		load(1000, 0);
	send_all();
	assert_int_equal(received(0), 8);
	assert_int_equal(gate.out->together, 4);
	assert_int_equal(gate_dropped(&gate, DROP_SEND), 0);
}

/* Where the cause is gone they go together again, after a while. */
static void what_was_too_much_is_tried_again(void **state)
{
	const int on = 1, off = 0;
	unsigned sent = 0;

	begin(state);
	assert_int_equal(setsockopt(outer.fd[OUTER_UDP4], SOL_SOCKET, SO_NO_CHECK, &on, sizeof on), 0);
	for (int i = 0; i < 2; i++)
		load(100, 0);
	send_all();
	assert_int_equal(received(0), 2);
	assert_int_equal(gate.out->together, 1);
	assert_int_equal(setsockopt(outer.fd[OUTER_UDP4], SOL_SOCKET, SO_NO_CHECK, &off, sizeof off), 0);
	for (; gate.out->together < LIVE_TOGETHER && sent < 7 * LIVE_TAKEN; sent++) {
		unsigned together = gate.out->together;

		load_empty(&gate.load);
		for (unsigned i = 0; i < together; i++)
			load(100, 0);
		send_all();
		assert_int_equal(received(0), 1);
	}
	assert_int_equal(sent, 6 * LIVE_TAKEN);
	assert_int_equal(gate_dropped(&gate, DROP_SEND), 0);
}

/* The kernel cuts single packets that may be cut, but not what it is to split: that is no matter of how many
 * they are. */
static void a_narrow_path_does_not_part_what_goes_together(void **state)
{
	begin(state);
	gate.out_slot.remote.ip = packet_ip("192.0.2.77");
	for (int i = 0; i < 3; i++)
		load(1350, 0);
	send_all();
	assert_int_equal(gate_dropped(&gate, DROP_TOO_BIG), 0);
	assert_int_equal(gate_dropped(&gate, DROP_SEND), 0);
	assert_int_equal(gate.out->path_mtu, 1300);
	assert_int_equal(gate.out->together, LIVE_TOGETHER);
}

static void a_small_buffer_and_what_it_lost_are_told(void **state)
{
	const int octets = 4096;
	struct machine *h = *state;
	struct text text = text_in(&h->arena);

	begin(state);
	outer_advice(&outer, &text);
	assert_string_equal(text_str(&text), "");
	assert_int_equal(setsockopt(outer.fd[OUTER_UDP4], SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets), 0);
	outer_advice(&outer, &text);
	assert_non_null(strstr(text_str(&text), "receive buffer of 4096 octets instead of 4194304"));
	assert_non_null(strstr(text_str(&text), "net.core.rmem_max = 4194304"));
	assert_null(strstr(text_str(&text), "wmem_max"));
	assert_int_equal(outer_overflows(&outer), 0);
	for (int i = 0; i < 20; i++)
		load(1000 + i, 0);
	send_all();
	assert_true(outer_overflows(&outer) > 0);
}

/* Where nobody takes them. */
static void each_packet_that_cannot_be_sent_is_counted(void **state)
{
	begin(state);
	gate.out_slot.remote.ip = packet_ip("203.0.113.9");
	for (int i = 0; i < 3; i++)
		load(1000, 0);
	send_all();
	assert_int_equal(gate_dropped(&gate, DROP_SEND), 3);
	assert_int_equal(gate.out->together, LIVE_TOGETHER);
}

static void a_path_that_is_too_narrow_is_learned(void **state)
{
	begin(state);
	gate.out_slot.remote.ip = packet_ip("192.0.2.77");
	for (int i = 0; i < 3; i++)
		load(1350, 0);
	for (int i = 0; i < 3; i++)
		gate.load.v[i].df = true;
	send_all();
	assert_int_equal(gate_dropped(&gate, DROP_TOO_BIG), 3);
	assert_int_equal(gate.out->path_mtu, 1300);
	assert_int_equal(gate.out->together, LIVE_TOGETHER);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, machine_set_up, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(packets_that_are_alike_go_together),
		CASE(packets_come_one_by_one_where_others_share_the_port),
		CASE(packets_that_differ_go_apart),
		CASE(what_must_be_cut_goes_alone),
		CASE(a_dropped_packet_is_left_out),
		CASE(what_the_kernel_cannot_split_goes_one_by_one),
		CASE(what_was_too_much_is_tried_again),
		CASE(a_narrow_path_does_not_part_what_goes_together),
		CASE(a_small_buffer_and_what_it_lost_are_told),
		CASE(each_packet_that_cannot_be_sent_is_counted),
		CASE(a_path_that_is_too_narrow_is_learned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
