/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What ipsec capture takes and writes. */
#include "unit.h"

#include "tools/ipsec/capture_filter.h"
#include "tools/ipsec/capture_split.h"
#include "tools/ipsec/pcapng.h"
#include "tools/ipsec/wireshark.h"
#include "vici/codec/encode.h"

#include <stdlib.h>

/* An IPv4 packet. */
struct packet {
	const char *src, *dst;
	uint8_t proto;
	uint16_t from, to;
	bool fragment; /* not the first */
};

static struct bytes packet_of(const struct packet *p, uint8_t out[28])
{
	struct ip src, dst;

	memset(out, 0, 28);
	out[0] = 0x45;
	out[7] = p->fragment ? 185 : 0;
	out[9] = p->proto;
	assert_int_equal(ip_parse(p->src, &src), 0);
	assert_int_equal(ip_parse(p->dst, &dst), 0);
	memcpy(out + 12, src.a, 4);
	memcpy(out + 16, dst.a, 4);
	out[20] = (uint8_t)(p->from >> 8);
	out[21] = (uint8_t)p->from;
	out[22] = (uint8_t)(p->to >> 8);
	out[23] = (uint8_t)p->to;
	return bytes_of(out, 28);
}

/* A message with these lists, from ARENA. */
static const struct vici_node *selectors(const char *local, const char *remote, struct arena *arena)
{
	struct vici_out out = { 0 };
	struct vici_packet packet;
	struct vici_node *root;
	struct bytes b;

	vici_out_packet(&out, VICI_EVENT, "x");
	vici_put_list(&out, "local-ts");
	vici_put_item(&out, local);
	vici_put_list_end(&out);
	vici_put_list(&out, "remote-ts");
	vici_put_item(&out, remote);
	vici_put_list_end(&out);
	b = vici_out_done(&out);
	assert_int_equal(vici_packet_parse(bytes_of(b.p + 4, b.n - 4), &packet), 0);
	assert_int_equal(vici_tree(packet.message, arena, &root), 0);
	vici_out_free(&out);
	return root;
}

static void packets_of_the_connection_are_taken(void **state)
{
	static const struct {
		struct packet p;
		bool taken;
	} rows[] = {
		{ { "192.0.2.1", "192.0.2.2", 17, 500, 500, false }, true },
		{ { "192.0.2.2", "192.0.2.1", 17, 4500, 61234, false }, true },
		{ { "192.0.2.2", "192.0.2.1", 50, 0, 0, false }, true },
		{ { "192.0.2.2", "192.0.2.1", 17, 1500, 1500, false }, true }, /* daemon.port */
		{ { "192.0.2.2", "192.0.2.1", 17, 53, 53, false }, false },
		{ { "192.0.2.9", "192.0.2.1", 17, 500, 500, false }, false }, /* another peer */
		{ { "192.0.2.9", "192.0.2.1", 50, 0, 0, false }, false },
		{ { "10.1.0.5", "10.2.0.5", 6, 4000, 80, false }, true },
		{ { "10.2.0.5", "10.1.0.5", 6, 80, 4000, false }, true },
		{ { "10.2.0.5", "10.1.0.5", 6, 443, 4000, false }, false },
		{ { "10.1.0.5", "10.2.0.5", 17, 4000, 80, false }, false },
		{ { "10.1.0.5", "10.2.0.5", 6, 0, 0, true }, false },
		{ { "10.3.0.5", "10.2.0.5", 6, 4000, 80, false }, false },
	};
	struct arena arena = { 0 };
	struct filter f = { .port = 1500, .port_nat_t = 4500 };
	uint8_t room[28];

	(void)state;
	filter_peer(&f, "192.0.2.2");
	filter_peer(&f, "192.0.2.2");
	filter_peer(&f, "gw.example.org");
	filter_peer(&f, "%any");
	assert_int_equal(f.n_peers, 1);
	filter_pairs(&f, selectors("10.1.0.0/16", "10.2.0.0/16[tcp/80]", &arena));
	filter_pairs(&f, selectors("10.1.0.0/16", "10.2.0.0/16[tcp/80]", &arena));
	filter_pairs(&f, selectors("dynamic", "10.9.0.0/16", &arena));
	assert_int_equal(f.n_pairs, 1);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (filter_takes(&f, packet_of(&rows[i].p, room)) != rows[i].taken)
			fail_msg("row %zu", i);
	arena_free(&arena);
}

static void cut_packets_are_left(void **state)
{
	static const struct packet p = { "192.0.2.1", "192.0.2.2", 17, 500, 500, false };
	struct filter f = { 0 };
	uint8_t room[28];
	struct bytes whole = packet_of(&p, room);

	(void)state;
	for (size_t n = 0; n < 24; n++)
		assert_false(filter_takes(&f, bytes_of(whole.p, n)));
	assert_true(filter_takes(&f, whole));
}

/* Three datagrams of 40, 40 and 32 octets in one packet. */
static void joined_datagrams_are_parted(void **state)
{
	enum { FULL = 40, LAST = 32, ALL = 28 + 2 * FULL + LAST };
	uint8_t packet[ALL] = { 0x45, [2] = 0, [3] = ALL, [8] = 64, [9] = 17, [12] = 192, [16] = 192 },
		out[ALL];
	size_t at = 0;

	(void)state;
	for (uint8_t i = 0; i < 3; i++) {
		uint8_t *esp = packet + 28 + i * FULL;

		memset(esp, 0xaa, i < 2 ? FULL : LAST);
		memcpy(esp, "\300\377\356\001\0\0\0", 7);
		esp[7] = (uint8_t)(7 + i);
	}
	for (uint8_t i = 0; i < 3; i++) {
		size_t n = capture_part(bytes_of(packet, ALL), &at, out), size = i < 2 ? FULL : LAST;
		uint32_t sum = 0;

		assert_int_equal(n, 28 + size);
		assert_int_equal(out[2] << 8 | out[3], n);
		assert_int_equal(out[24] << 8 | out[25], 8 + size);
		assert_int_equal(out[35], 7 + i);
		for (size_t k = 0; k < 20; k += 2)
			sum += (uint32_t)(out[k] << 8 | out[k + 1]);
		assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	}
	assert_int_equal(capture_part(bytes_of(packet, ALL), &at, out), 0);
	/* The same as IKE, behind its marker, is whole. */
	memset(packet + 28, 0, 4);
	at = 0;
	assert_int_equal(capture_part(bytes_of(packet, ALL), &at, out), ALL);
	assert_int_equal(capture_part(bytes_of(packet, ALL), &at, out), 0);
}

static uint32_t word_at(const char *file, size_t at)
{
	uint32_t v;

	memcpy(&v, file + at, sizeof v);
	return v;
}

/* Each block has its length at both ends, and the blocks fill the file. */
static void the_file_is_made_of_blocks(void **state)
{
	static const uint32_t types[] = { 0x0a0d0d0a, 1, 6 };
	uint8_t data[] = { 0x45, 1, 2, 3, 4 };
	char *file;
	size_t n, at = 0;
	FILE *f = open_memstream(&file, &n);

	(void)state;
	assert_true(pcapng_head(f, "for a test"));
	assert_true(pcapng_device(f, "eth0"));
	assert_true(pcapng_packet(
		f, &(struct pcapng_packet){
			   .ns = 0x100000002, .outbound = true, .data = bytes_of(data, 5), .size = 99 }));
	fclose(f);
	for (size_t i = 0; i < 3; i++) {
		uint32_t size = word_at(file, at + 4);

		assert_int_equal(word_at(file, at), types[i]);
		assert_int_equal(size % 4, 0);
		assert_true(at + size <= n);
		assert_int_equal(word_at(file, at + size - 4), size);
		if (types[i] == 6) {
			assert_int_equal(word_at(file, at + 12), 1); /* the time's upper half */
			assert_int_equal(word_at(file, at + 16), 2);
			assert_int_equal(word_at(file, at + 20), 5);
			assert_int_equal(word_at(file, at + 24), 99);
			assert_memory_equal(file + at + 28, data, 5);
		}
		at += size;
	}
	assert_int_equal(at, n);
	free(file);
}

static void what_does_not_fit_a_block_is_refused(void **state)
{
	static const uint8_t large[1 << 18];
	FILE *f = tmpfile();

	(void)state;
	assert_false(pcapng_packet(
		f, &(struct pcapng_packet){ .data = bytes_of(large, sizeof large), .size = sizeof large }));
	fclose(f);
}

/* An event with the pairs of S, "key=value;key=value", in the section NAME. */
static const struct vici_node *keys(const char *name, const char *s, struct arena *arena)
{
	struct vici_node *section = ARENA_NEW(arena, struct vici_node), **end = &section->first,
			 *root = ARENA_NEW(arena, struct vici_node);
	char *copy = arena_str(arena, s), *pair;

	*section = (struct vici_node){ .type = VICI_SECTION_START, .name = name };
	end = &section->first;
	while ((pair = strsep(&copy, ";"))) {
		struct vici_node *n = ARENA_NEW(arena, struct vici_node);
		char *value = strchr(pair, '=');

		*value++ = 0;
		*n = (struct vici_node){ .type = VICI_KEY_VALUE, .name = pair, .value = bytes_str(value) };
		*end = n;
		end = &n->next;
	}
	*root = (struct vici_node){ .type = VICI_SECTION_START, .name = "", .first = section };
	return root;
}

static void rows_are_as_wireshark_has_them(void **state)
{
	static const char child[] =
		"from=192.0.2.1;to=192.0.2.2;spi=c0ffee01;encr=aes256;integ=sha256;esn=yes;"
		"encr-key=0011;integ-key=2233";
	struct arena arena = { 0 };
	struct wireshark w = wireshark_in(&arena);

	(void)state;
	wireshark_add(&w, keys("child", child, &arena));
	wireshark_add(&w, keys("child", child, &arena));
	wireshark_add(&w,
		keys("child",
			"from=2001:db8::1;to=2001:db8::2;spi=c0ffee02;encr=aes128gcm16;esn=no;encr-key=44;"
			"integ-key=",
			&arena));
	assert_string_equal(text_str(&w.esp),
		"\"IPv4\",\"192.0.2.1\",\"192.0.2.2\",\"0xc0ffee01\",\"AES-CBC [RFC3602]\",\"0x0011\","
		"\"HMAC-SHA-256-128 [RFC4868]\",\"0x2233\",\"64-bit\",\"0\"\n"
		"\"IPv6\",\"2001:db8::1\",\"2001:db8::2\",\"0xc0ffee02\",\"AES-GCM with 16 octet ICV "
		"[RFC4106]\",\"0x44\",\"NULL\",\"\"\n");
	wireshark_add(&w,
		keys("ike",
			"initiator-spi=01;responder-spi=02;encr=aes256gcm16;sk-ei=aa;sk-er=bb;sk-ai=;sk-ar=",
			&arena));
	assert_string_equal(text_str(&w.ike),
		"01,02,aa,bb,\"AES-GCM-256 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n");
	assert_int_equal(w.n_esp, 2);
	assert_int_equal(w.n_ike, 1);
	assert_null(w.lacks);
	wireshark_add(&w, keys("child", "encr=chacha20poly1305;spi=03", &arena));
	assert_string_equal(w.lacks, "chacha20poly1305");
	assert_int_equal(w.n_esp, 2);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_of_the_connection_are_taken),
		cmocka_unit_test(cut_packets_are_left),
		cmocka_unit_test(joined_datagrams_are_parted),
		cmocka_unit_test(the_file_is_made_of_blocks),
		cmocka_unit_test(what_does_not_fit_a_block_is_refused),
		cmocka_unit_test(rows_are_as_wireshark_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
