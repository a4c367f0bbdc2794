/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole messages: header, chain, order, names. */
#include "tests/unit/unit.h"
#include "tests/unit/wire_help.h"

#include <stdio.h>
#include <stdlib.h>

static struct arena arena;
static struct message m;
static uint8_t *copy; /* of exactly the size it needs, so that a sanitizer sees who leaves it */
static uint8_t bad;

static int setup(void **state)
{
	(void)state;
	m = (struct message){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&arena);
	free(copy);
	copy = NULL;
	return 0;
}

static struct bytes exactly(struct bytes b)
{
	free(copy);
	copy = malloc(b.n ? b.n : 1);
	memcpy(copy, b.p, b.n);
	return bytes_of(copy, b.n);
}

static enum err read_datagram(struct bytes datagram)
{
	struct bytes b = exactly(datagram);
	enum err e;

	m = (struct message){ 0 };
	e = header_get(b, &m.header);
	if (e)
		return e;
	return message_get(
		bytes_of(b.p + IKE_HEADER, b.n - IKE_HEADER), IKE_HEADER, m.header.next, &arena, &m, &bad);
}

static enum err read_chain(uint8_t first, const char *text)
{
	m = (struct message){ 0 };
	return message_get(exactly(wire_hex(text, &arena)), IKE_HEADER, first, &arena, &m, &bad);
}

/* M as a datagram. */
static struct bytes written(void)
{
	uint8_t *p = arena_alloc(&arena, MESSAGE_MAX);
	struct wr w = wr_of(p, MESSAGE_MAX);

	message_put_clear(&m.header, &m, &w);
	assert_false(w.bad);
	return wr_done(&w);
}

/* Laid out by the figures of RFC 7296, 3.1 to 3.10; the public values are those of RFC 5903, 8.1. */
static const char init_request[] =
	"0001020304050607 0000000000000000 21202208 00000000 000000fe"
	"22000028 00000024 01010003 0300000c 01000014 800e0100 03000008 02000005 00000008 04000013"
	"28000048 00130000"
	"dad0b653 94221cf9 b051e1fe ca5787d0 98dfe637 fc90b9ef 945d0c37 72581180"
	"5271a046 1cdb8252 d61f1c45 6fa3e59a b1f45b33 accf5f58 389e0577 b8990bb3"
	"29000024 a0a1a2a3 a4a5a6a7 a8a9aaab acadaeaf b0b1b2b3 b4b5b6b7 b8b9babb bcbdbebf"
	"2900001c 00004004 000102030405060708090a0b0c0d0e0f10111213"
	"2900001c 00004005 202122232425262728292a2b2c2d2e2f30313233"
	"29000008 0000402e"
	"0000000e 0000402f 000200030004";

static const char init_response[] =
	"0001020304050607 1011121314151617 21202220 00000000 000000f0"
	"22000028 00000024 01010003 0300000c 01000014 800e0100 03000008 02000005 00000008 04000013"
	"28000048 00130000"
	"d12dfb52 89c8d4f8 1208b702 70398c34 2296970a 0bccb74c 736fc755 4494bf63"
	"56fbf3ca 366cc23e 8157854c 13c58d6a ac23f046 ada30f83 53e74f33 039872ab"
	"26000024 c0c1c2c3 c4c5c6c7 c8c9cacb cccdcecf d0d1d2d3 d4d5d6d7 d8d9dadb dcdddedf"
	"29000008 04aabbcc"
	"2900001c 00004004 000102030405060708090a0b0c0d0e0f10111213"
	"0000001c 00004005 202122232425262728292a2b2c2d2e2f30313233";

static void header_of_a_request(void **state)
{
	struct wire_header h;

	(void)state;
	assert_int_equal(header_get(wire_hex(init_request, &arena), &h), ERR_OK);
	assert_true(h.spi_i == 0x0001020304050607);
	assert_true(h.spi_r == 0);
	assert_int_equal(h.next, PAYLOAD_SA);
	assert_int_equal(h.version, 0x20);
	assert_int_equal(h.exchange, IKE_SA_INIT);
	assert_int_equal(h.flags, FLAG_INITIATOR);
	assert_int_equal(h.mid, 0);
	assert_int_equal(h.length, 254);
}

static void header_put_is_the_inverse_of_get(void **state)
{
	const char *text = "0102030405060708 1112131415161718 2e202508 01020304 0000001c";
	uint8_t room[IKE_HEADER];
	struct wr w = wr_of(room, sizeof room);
	struct wire_header h;

	(void)state;
	assert_int_equal(header_get(wire_hex(text, &arena), &h), ERR_OK);
	assert_int_equal(h.mid, 0x01020304);
	header_put(&h, &w);
	assert_true(bytes_eq(wr_done(&w), wire_hex(text, &arena)));
}

static void header_cut_short(void **state)
{
	struct bytes b = wire_hex(init_request, &arena);
	struct wire_header h;

	(void)state;
	for (size_t n = 0; n < IKE_HEADER; n++)
		assert_int_equal(header_get(exactly(bytes_of(b.p, n)), &h), ERR_SHORT);
}

static void header_with_another_length(void **state)
{
	struct bytes b = wire_hex(init_request, &arena);
	struct wire_header h;

	(void)state;
	assert_int_equal(header_get(bytes_of(b.p, b.n - 1), &h), ERR_SYNTAX);
	assert_int_equal(
		header_get(
			wire_hex("0102030405060708 1112131415161718 00202508 00000000 0000001c 00", &arena),
			&h),
		ERR_SYNTAX);
}

/* What version it is of is the core's to judge: it answers INVALID_MAJOR_VERSION. */
static void header_of_another_version(void **state)
{
	struct wire_header h;

	(void)state;
	assert_int_equal(
		header_get(
			wire_hex("0102030405060708 0000000000000000 21302208 00000000 0000001c", &arena), &h),
		ERR_OK);
	assert_int_equal(h.version, 0x30);
}

static void init_request_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_datagram(wire_hex(init_request, &arena)), ERR_OK);
	assert_int_equal(m.has, PAYLOAD_BIT(PAYLOAD_SA) | PAYLOAD_BIT(PAYLOAD_KE) |
					PAYLOAD_BIT(PAYLOAD_NONCE) | PAYLOAD_BIT(PAYLOAD_NOTIFY));
	assert_int_equal(m.sa.n, 1);
	assert_int_equal(m.sa.v[0].n, 3);
	assert_int_equal(m.ke.group, KE_ECP_256);
	assert_int_equal(m.ke.data.n, 64);
	assert_int_equal(m.nonce.n, 32);
	assert_int_equal(m.nonce.p[31], 0xbf);
	assert_int_equal(m.n_notifies, 4);
	assert_int_equal(message_notify(&m, NAT_DETECTION_DESTINATION_IP)->data.n, 20);
	assert_int_equal(message_notify(&m, FRAGMENTATION_SUPPORTED)->data.n, 0);
	assert_null(message_notify(&m, COOKIE));
	assert_null(message_error(&m));
	assert_int_equal(m.critical, 0);
}

static void init_response_is_read(void **state)
{
	(void)state;
	assert_int_equal(read_datagram(wire_hex(init_response, &arena)), ERR_OK);
	assert_true(m.header.spi_r == 0x1011121314151617);
	assert_int_equal(m.header.flags, FLAG_RESPONSE);
	assert_int_equal(m.ke.data.p[0], 0xd1);
	assert_int_equal(m.n_certreqs, 1);
	assert_int_equal(m.certreqs[0].encoding, 4);
	assert_int_equal(m.n_notifies, 2);
}

static void init_messages_are_written_back(void **state)
{
	(void)state;
	assert_int_equal(read_datagram(wire_hex(init_request, &arena)), ERR_OK);
	assert_true(bytes_eq(written(), wire_hex(init_request, &arena)));
	assert_int_equal(read_datagram(wire_hex(init_response, &arena)), ERR_OK);
	assert_true(bytes_eq(written(), wire_hex(init_response, &arena)));
}

static void every_truncation_is_refused(void **state)
{
	struct bytes b = wire_hex(init_request, &arena);

	(void)state;
	for (size_t n = 0; n < b.n; n++) {
		assert_int_not_equal(read_datagram(bytes_of(b.p, n)), ERR_OK);
		if (n < IKE_HEADER)
			continue;
		m = (struct message){ 0 };
		assert_int_equal(message_get(exactly(bytes_of(b.p + IKE_HEADER, n - IKE_HEADER)), IKE_HEADER,
					 PAYLOAD_SA, &arena, &m, &bad),
			ERR_SYNTAX);
	}
}

/* Of a message with every payload, cut wherever it may be: refused, and nothing is read that is not there. */
static void every_truncation_of_everything_is_refused(void **state)
{
	struct rng_seeded rng;
	struct message all = { 0 };
	uint8_t *room = arena_alloc(&arena, MESSAGE_MAX), first;
	struct wr w = wr_of(room, MESSAGE_MAX);

	(void)state;
	rng_seed(&rng, 7);
	for (uint8_t type = PAYLOAD_SA; type <= PAYLOAD_EAP; type++)
		if (type != PAYLOAD_SK)
			wire_random(&all, type, &rng.rng, &arena);
	message_put(&all, &w, &first);
	for (size_t n = 0; n < w.n; n++) {
		m = (struct message){ 0 };
		assert_int_equal(
			message_get(exactly(bytes_of(room, n)), 0, first, &arena, &m, &bad), ERR_SYNTAX);
	}
}

/* Whatever one octet says, reading ends and stays inside, and what is read can be written. */
static void every_octet_may_be_anything(void **state)
{
	struct bytes b = wire_hex(init_request, &arena);
	uint8_t *p = arena_alloc(&arena, b.n);
	unsigned good = 0;

	(void)state;
	memcpy(p, b.p, b.n);
	for (size_t i = 0; i < b.n; i++) {
		for (unsigned v = 0; v < 256; v += 15) {
			p[i] = (uint8_t)v;
			if (!read_datagram(bytes_of(p, b.n))) {
				good++;
				written();
			}
		}
		p[i] = b.p[i];
	}
	assert_true(good > 1000);
}

static void chain_may_be_empty(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NONE, ""), ERR_OK);
	assert_int_equal(m.has, 0);
}

static void chain_that_is_missing(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NOTIFY, ""), ERR_SYNTAX);
	assert_int_equal(bad, PAYLOAD_NOTIFY);
}

static void chain_with_octets_behind(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NONE, "00"), ERR_SYNTAX);
	assert_int_equal(read_chain(PAYLOAD_NOTIFY, "00000008 00004004 00"), ERR_SYNTAX);
}

static void chain_that_ends_too_early(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NOTIFY, "28000008 00004004"), ERR_SYNTAX);
	assert_int_equal(bad, PAYLOAD_NONCE);
}

static void payload_shorter_than_its_header(void **state)
{
	(void)state;
	for (unsigned n = 0; n < PAYLOAD_HEADER; n++) {
		char text[16];

		snprintf(text, sizeof text, "000000%02x", n);
		assert_int_equal(read_chain(PAYLOAD_VENDOR, text), ERR_SYNTAX);
		assert_int_equal(bad, PAYLOAD_VENDOR);
	}
}

static void payload_longer_than_its_message(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_VENDOR, "00000006 aa"), ERR_SYNTAX);
	assert_int_equal(read_chain(PAYLOAD_VENDOR, "0000ffff aa"), ERR_SYNTAX);
}

static void payload_with_octets_behind_its_end(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_DELETE, "00000009 01000000 aa"), ERR_SYNTAX);
	assert_int_equal(bad, PAYLOAD_DELETE);
}

static void payload_that_comes_twice(void **state)
{
	const char *nonces =
		"28000014 000102030405060708090a0b0c0d0e0f 00000014 000102030405060708090a0b0c0d0e0f";

	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NONCE, nonces), ERR_SYNTAX);
	assert_int_equal(bad, PAYLOAD_NONCE);
	assert_int_equal(read_chain(PAYLOAD_IDI, "24000009 0200000061 00000009 0200000061"), ERR_OK);
	assert_int_equal(read_chain(PAYLOAD_IDI, "23000009 0200000061 00000009 0200000061"), ERR_SYNTAX);
}

/* The second chain is what was sealed: together they are one message. */
static void payload_that_comes_again_in_the_sealed(void **state)
{
	struct bytes nonce = wire_hex("00000014 000102030405060708090a0b0c0d0e0f", &arena);

	(void)state;
	assert_int_equal(message_get(nonce, 28, PAYLOAD_NONCE, &arena, &m, &bad), ERR_OK);
	assert_int_equal(message_get(nonce, 0, PAYLOAD_NONCE, &arena, &m, &bad), ERR_SYNTAX);
}

static void lists_go_on_in_a_second_chain(void **state)
{
	struct bytes notify = wire_hex("00000008 00004004", &arena);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(message_get(notify, 28, PAYLOAD_NOTIFY, &arena, &m, &bad), ERR_OK);
	assert_int_equal(m.n_notifies, 5);
	assert_int_equal(m.notifies[4].type, NAT_DETECTION_SOURCE_IP);
}

static void unknown_payloads_are_skipped(void **state)
{
	(void)state;
	assert_int_equal(read_chain(200, "29000006 aabb 20000008 00004004 00000004"), ERR_OK);
	assert_int_equal(m.n_notifies, 1);
	assert_int_equal(m.has, PAYLOAD_BIT(PAYLOAD_NOTIFY));
	assert_int_equal(m.critical, 0);
}

static void unknown_critical_payload_is_told(void **state)
{
	(void)state;
	assert_int_equal(read_chain(199, "c8000004 c9800004 29800004 00000008 00004004"), ERR_OK);
	assert_int_equal(m.critical, 200);
	assert_int_equal(m.n_notifies, 1);
}

static void critical_bit_of_known_payloads_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NOTIFY, "00800008 00004004"), ERR_OK);
	assert_int_equal(m.critical, 0);
}

/* N empty payloads of TYPE. */
static enum err read_empty(uint8_t type, unsigned n)
{
	uint8_t *p = arena_alloc(&arena, n * PAYLOAD_HEADER);
	struct wr w = wr_of(p, n * PAYLOAD_HEADER);

	for (unsigned i = 1; i <= n; i++)
		wr_u32(&w, (i < n ? (uint32_t)type << 24 : 0) | PAYLOAD_HEADER);
	m = (struct message){ 0 };
	return message_get(wr_done(&w), IKE_HEADER, type, &arena, &m, &bad);
}

static void payloads_have_a_limit(void **state)
{
	(void)state;
	assert_int_equal(read_empty(PAYLOAD_VENDOR, MESSAGE_PAYLOADS_MAX), ERR_OK);
	assert_int_equal(m.n_vendors, MESSAGE_PAYLOADS_MAX);
	assert_int_equal(read_empty(PAYLOAD_VENDOR, MESSAGE_PAYLOADS_MAX + 1), ERR_SYNTAX);
	assert_int_equal(read_empty(200, MESSAGE_PAYLOADS_MAX), ERR_OK);
	assert_int_equal(read_empty(200, MESSAGE_PAYLOADS_MAX + 1), ERR_SYNTAX);
}

static struct bytes peek(uint8_t first, const char *text, uint8_t type)
{
	return message_peek(exactly(wire_hex(text, &arena)), first, type);
}

/* Vendor ID "ab", notify with three octets, nonce with two. */
static void one_payload_is_found_without_the_others(void **state)
{
	static const char chain[] = "29000006 6162 28000007 010203 00000006 0405";
	struct bytes nonce = peek(PAYLOAD_VENDOR, chain, PAYLOAD_NONCE);

	(void)state;
	assert_int_equal(nonce.n, 2);
	assert_memory_equal(nonce.p, ((uint8_t[]){ 4, 5 }), 2);
	assert_int_equal(peek(PAYLOAD_VENDOR, chain, PAYLOAD_NOTIFY).n, 3);
	assert_int_equal(peek(PAYLOAD_VENDOR, chain, PAYLOAD_VENDOR).n, 2);
	assert_int_equal(peek(PAYLOAD_VENDOR, chain, PAYLOAD_KE).n, 0);
	assert_int_equal(peek(PAYLOAD_NONE, chain, PAYLOAD_NONCE).n, 0);
}

static void nothing_is_found_in_a_broken_chain(void **state)
{
	(void)state;
	assert_int_equal(peek(PAYLOAD_VENDOR, "28000003 6162 00000006 0405", PAYLOAD_NONCE).n, 0);
	assert_int_equal(peek(PAYLOAD_VENDOR, "28000006 6162 00000007 0405", PAYLOAD_NONCE).n, 0);
	assert_int_equal(peek(PAYLOAD_VENDOR, "28000006 6162 0000", PAYLOAD_NONCE).n, 0);
	assert_int_equal(peek(PAYLOAD_VENDOR, "", PAYLOAD_VENDOR).n, 0);
}

static void sk_ends_the_chain(void **state)
{
	const char *text = "0001020304050607 1011121314151617 2e202308 00000001 00000028"
			   "2300000c a0a1a2a3a4a5a6a7";
	struct bytes b = wire_hex(text, &arena);

	(void)state;
	assert_int_equal(read_datagram(b), ERR_OK);
	assert_int_equal(m.has, PAYLOAD_BIT(PAYLOAD_SK));
	assert_int_equal(m.sk.inner, PAYLOAD_IDI);
	assert_int_equal(m.sk.offset, IKE_HEADER + PAYLOAD_HEADER);
	assert_true(bytes_eq(m.sk.body, bytes_of(b.p + m.sk.offset, b.n - m.sk.offset)));
	assert_int_equal(m.sk.total, 0);
}

static void sk_behind_another_payload(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_NOTIFY, "2e000008 00004004 29000006 aabb"), ERR_OK);
	assert_int_equal(m.sk.offset, IKE_HEADER + 12);
	assert_int_equal(m.sk.body.n, 2);
	assert_ptr_equal(m.sk.body.p, copy + 12);
	assert_int_equal(m.sk.inner, PAYLOAD_NOTIFY);
}

static void sk_must_be_last(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_SK, "29000006 aabb 00000008 00004004"), ERR_SYNTAX);
	assert_int_equal(bad, PAYLOAD_SK);
}

static void skf_offset_is_behind_its_numbers(void **state)
{
	(void)state;
	assert_int_equal(read_chain(PAYLOAD_SKF, "2300000a 00010003 aabb"), ERR_OK);
	assert_int_equal(m.has, PAYLOAD_BIT(PAYLOAD_SKF));
	assert_int_equal(m.sk.inner, PAYLOAD_IDI);
	assert_int_equal(m.sk.offset, IKE_HEADER + 8);
	assert_ptr_equal(m.sk.body.p, copy + 8);
	assert_int_equal(m.sk.fragment, 1);
	assert_int_equal(m.sk.total, 3);
}

static void sealed_in_the_sealed_is_refused(void **state)
{
	static const uint8_t types[] = { PAYLOAD_SK, PAYLOAD_SKF };
	struct bytes body = wire_hex("0000000a 00010003 aabb", &arena);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		m = (struct message){ 0 };
		assert_int_equal(message_get(body, 28, types[i / 2], &arena, &m, &bad), ERR_OK);
		assert_int_equal(message_get(body, 0, types[i % 2], &arena, &m, &bad), ERR_SYNTAX);
	}
}

static void cookie_is_written_first(void **state)
{
	struct bytes b;

	(void)state;
	assert_int_equal(read_datagram(wire_hex(init_request, &arena)), ERR_OK);
	message_add_notify(&m, &arena, COOKIE, bytes_str("crumbs"));
	b = written();
	assert_int_equal(b.p[16], PAYLOAD_NOTIFY);
	assert_memory_equal(b.p + IKE_HEADER,
		"\x21\x00\x00\x0e\x00\x00\x40\x06"
		"crumbs",
		14);
	assert_int_equal(read_datagram(b), ERR_OK);
	assert_int_equal(m.n_notifies, 5);
	assert_int_equal(m.notifies[0].type, COOKIE);
	assert_int_equal(m.notifies[1].type, NAT_DETECTION_SOURCE_IP);
}

static void rekey_notify_is_written_first(void **state)
{
	struct wire_notify *n;
	uint8_t room[64], first;
	struct wr w = wr_of(room, sizeof room);

	(void)state;
	message_add_notify(&m, &arena, ESP_TFC_PADDING_NOT_SUPPORTED, (struct bytes){ 0 });
	n = message_add_notify(&m, &arena, REKEY_SA, (struct bytes){ 0 });
	n->protocol = PROTO_ESP;
	n->spi = wire_hex("c0ffee01", &arena);
	m.nonce = wire_hex("000102030405060708090a0b0c0d0e0f", &arena);
	m.has |= PAYLOAD_BIT(PAYLOAD_NONCE);
	message_put(&m, &w, &first);
	assert_int_equal(first, PAYLOAD_NOTIFY);
	assert_true(bytes_eq(wr_done(&w), wire_hex("2800000c 03044009 c0ffee01"
						   "29000014 000102030405060708090a0b0c0d0e0f"
						   "00000008 0000400a",
						  &arena)));
}

static void nothing_is_written_of_an_empty_message(void **state)
{
	uint8_t first = 99;
	struct wr w = wr_of(NULL, 0);

	(void)state;
	message_put(&m, &w, &first);
	assert_int_equal(first, PAYLOAD_NONE);
	assert_false(w.bad);
	assert_int_equal(w.n, 0);
}

static void sealed_payloads_are_not_written(void **state)
{
	uint8_t first, room[8];
	struct wr w = wr_of(room, sizeof room);

	(void)state;
	assert_int_equal(read_chain(PAYLOAD_SK, "29000006 aabb"), ERR_OK);
	message_put(&m, &w, &first);
	assert_int_equal(first, PAYLOAD_NONE);
	assert_int_equal(w.n, 0);
}

static void writing_without_room(void **state)
{
	uint8_t room[256], first;

	(void)state;
	assert_int_equal(read_datagram(wire_hex(init_request, &arena)), ERR_OK);
	for (size_t cap = 0; cap <= 254 - IKE_HEADER; cap++) {
		struct wr w = wr_of(room, cap);

		message_put(&m, &w, &first);
		assert_int_equal(w.bad, cap < 254 - IKE_HEADER);
	}
}

static void payload_too_long_for_its_length(void **state)
{
	static uint8_t octets[65536], room[2 * 65536];
	struct wr w = wr_of(room, sizeof room);
	uint8_t first;

	(void)state;
	m.eap = bytes_of(octets, 65535 - PAYLOAD_HEADER);
	m.has = PAYLOAD_BIT(PAYLOAD_EAP);
	message_put(&m, &w, &first);
	assert_false(w.bad);
	m.eap.n++;
	w = wr_of(room, sizeof room);
	message_put(&m, &w, &first);
	assert_true(w.bad);
}

static void notifies_are_added(void **state)
{
	(void)state;
	for (uint16_t i = 0; i < MESSAGE_NOTIFIES_MAX; i++)
		assert_int_equal(message_add_notify(&m, &arena, (uint16_t)(30000 + i), bytes_str("x"))->type,
			30000 + i);
	assert_int_equal(m.n_notifies, MESSAGE_NOTIFIES_MAX);
	for (uint16_t i = 0; i < MESSAGE_NOTIFIES_MAX; i++)
		assert_int_equal(m.notifies[i].type, 30000 + i);
	assert_int_equal(m.has, PAYLOAD_BIT(PAYLOAD_NOTIFY));
}

static void deletes_are_added(void **state)
{
	static const uint32_t spis[] = { 1, 2 };

	(void)state;
	message_add_delete(&m, &arena, PROTO_ESP, spis, 2);
	message_add_delete(&m, &arena, PROTO_IKE, NULL, 0);
	assert_int_equal(m.n_deletes, 2);
	assert_int_equal(m.has, PAYLOAD_BIT(PAYLOAD_DELETE));
	assert_true(bytes_eq(bytes_of(written().p + IKE_HEADER, 24),
		wire_hex("2a000010 03040002 00000001 00000002 00000008 01000000", &arena)));
}

static void errors_are_below_16384(void **state)
{
	(void)state;
	message_add_notify(&m, &arena, NOTIFY_STATUS, (struct bytes){ 0 });
	assert_null(message_error(&m));
	message_add_notify(&m, &arena, 16383, (struct bytes){ 0 });
	message_add_notify(&m, &arena, TS_UNACCEPTABLE, (struct bytes){ 0 });
	assert_int_equal(message_error(&m)->type, 16383);
}

static void numbers_have_names(void **state)
{
	(void)state;
	assert_string_equal(exchange_name(IKE_SA_INIT), "IKE_SA_INIT");
	assert_string_equal(exchange_name(INFORMATIONAL), "INFORMATIONAL");
	assert_string_equal(exchange_name(43), "IKE_INTERMEDIATE");
	assert_string_equal(exchange_name(0), "?");
	assert_string_equal(payload_name(PAYLOAD_IDI), "IDi");
	assert_string_equal(payload_name(PAYLOAD_SKF), "SKF");
	assert_string_equal(payload_name(0), "?");
	assert_string_equal(payload_name(255), "?");
}

static void notifies_have_names(void **state)
{
	(void)state;
	assert_string_equal(notify_name(NO_PROPOSAL_CHOSEN), "NO_PROPOSAL_CHOSEN");
	assert_string_equal(notify_name(CHILD_SA_NOT_FOUND), "CHILD_SA_NOT_FOUND");
	assert_string_equal(notify_name(47), "STATE_NOT_FOUND");
	assert_string_equal(notify_name(INITIAL_CONTACT), "INITIAL_CONTACT");
	assert_string_equal(notify_name(MOBIKE_SUPPORTED), "MOBIKE_SUPPORTED");
	assert_string_equal(notify_name(16417), "EAP_ONLY_AUTHENTICATION");
	assert_string_equal(notify_name(16435), "USE_PPK");
	assert_string_equal(notify_name(16441), "ADDITIONAL_KEY_EXCHANGE");
	assert_string_equal(notify_name(2), "?");
	assert_string_equal(notify_name(40960), "?");
}

/* From INITIAL_CONTACT on the registry has no gap. */
static void every_status_has_a_name(void **state)
{
	(void)state;
	for (uint16_t type = INITIAL_CONTACT; type <= 16446; type++)
		assert_string_not_equal(notify_name(type), "?");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

/* Several back to back: each has the length that its header says, and what is not whole is not there. */
static void datagrams_are_parted(void **state)
{
	uint8_t raw[3 * IKE_HEADER + 4] = { 0 };
	struct wr w = wr_of(raw, sizeof raw);
	struct wire_header h = { .mid = 1, .length = IKE_HEADER };
	struct bytes all;

	(void)state;
	header_put(&h, &w);
	h.length = IKE_HEADER + 4;
	header_put(&h, &w);
	wr_u32(&w, 7);
	header_put(&h, &w);
	all = wr_done(&w);
	assert_int_equal(header_cut(&all).n, IKE_HEADER);
	assert_int_equal(header_cut(&all).n, IKE_HEADER + 4);
	assert_int_equal(all.n, IKE_HEADER);
	assert_int_equal(header_cut(&all).n, 0);
	assert_int_equal(all.n, 0);
	assert_int_equal(header_cut(&all).n, 0);
	all = bytes_of(raw, IKE_HEADER - 1);
	assert_int_equal(header_cut(&all).n, 0);
	memset(raw, 0, sizeof raw);
	all = bytes_of(raw, sizeof raw);
	assert_int_equal(header_cut(&all).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(datagrams_are_parted),
		CASE(header_of_a_request),
		CASE(header_put_is_the_inverse_of_get),
		CASE(header_cut_short),
		CASE(header_with_another_length),
		CASE(header_of_another_version),
		CASE(init_request_is_read),
		CASE(init_response_is_read),
		CASE(init_messages_are_written_back),
		CASE(every_truncation_is_refused),
		CASE(every_truncation_of_everything_is_refused),
		CASE(every_octet_may_be_anything),
		CASE(chain_may_be_empty),
		CASE(chain_that_is_missing),
		CASE(chain_with_octets_behind),
		CASE(chain_that_ends_too_early),
		CASE(payload_shorter_than_its_header),
		CASE(payload_longer_than_its_message),
		CASE(payload_with_octets_behind_its_end),
		CASE(payload_that_comes_twice),
		CASE(payload_that_comes_again_in_the_sealed),
		CASE(lists_go_on_in_a_second_chain),
		CASE(unknown_payloads_are_skipped),
		CASE(unknown_critical_payload_is_told),
		CASE(critical_bit_of_known_payloads_says_nothing),
		CASE(payloads_have_a_limit),
		CASE(one_payload_is_found_without_the_others),
		CASE(nothing_is_found_in_a_broken_chain),
		CASE(sk_ends_the_chain),
		CASE(sk_behind_another_payload),
		CASE(sk_must_be_last),
		CASE(skf_offset_is_behind_its_numbers),
		CASE(sealed_in_the_sealed_is_refused),
		CASE(cookie_is_written_first),
		CASE(rekey_notify_is_written_first),
		CASE(nothing_is_written_of_an_empty_message),
		CASE(sealed_payloads_are_not_written),
		CASE(writing_without_room),
		CASE(payload_too_long_for_its_length),
		CASE(notifies_are_added),
		CASE(deletes_are_added),
		CASE(errors_are_below_16384),
		CASE(numbers_have_names),
		CASE(notifies_have_names),
		CASE(every_status_has_a_name),
	};

	return cmocka_run_group_tests_name("wire_message", tests, NULL, NULL);
}
