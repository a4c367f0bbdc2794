/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets in a stream of TCP, octet by octet (RFC 9329, 3 and 4). */
#include "unit.h"

#include "daemon/frame.h"
#include "hex.h"

static const struct row {
	const char *name, *octets;
	enum frame_kind kind;
	size_t used, content; /* octets */
} rows[] = {
	{ "nothing", "", FRAME_MORE, 0, 0 },
	{ "half a length", "00", FRAME_MORE, 0, 0 },
	{ "a length alone", "0010", FRAME_MORE, 0, 0 },
	{ "not whole", "0008 00000000 aa", FRAME_MORE, 0, 0 },
	{ "IKE", "0008 00000000 aabb", FRAME_IKE, 8, 2 },
	{ "IKE, and another one behind it", "0008 00000000 aabb 0008", FRAME_IKE, 8, 2 },
	{ "IKE without a message", "0006 00000000", FRAME_IKE, 6, 0 },
	{ "ESP", "0008 00000100 aabb", FRAME_ESP, 8, 6 },
	{ "ESP that is too short", "0005 000000", FRAME_ESP, 5, 3 },
	{ "a NAT's keepalive", "0003 ff", FRAME_NOTHING, 3, 1 },
	{ "no packet", "0002", FRAME_NOTHING, 2, 0 },
	{ "a length shorter than itself", "0001", FRAME_BAD, 0, 0 },
	{ "no length", "0000 00000000", FRAME_BAD, 0, 0 },
};

static void packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint8_t octets[32];
		struct bytes content = { 0 };
		size_t used = 0, n = hex(rows[i].octets, octets, sizeof octets);
		enum frame_kind kind = frame_next(bytes_of(octets, n), &content, &used);

		if (kind != rows[i].kind || used != rows[i].used || content.n != rows[i].content)
			fail_msg("%s: %d, %zu octets used, %zu of content", rows[i].name, kind, used,
				content.n);
	}
}

static void beginnings(void **state)
{
	(void)state;
	assert_int_equal(frame_prefix().n, FRAME_PREFIX);
	assert_memory_equal(frame_prefix().p, "IKETCP", FRAME_PREFIX);
	assert_true(frame_may_begin(bytes_str("I")));
	assert_true(frame_may_begin(bytes_str("IKETC")));
	assert_true(frame_may_begin(bytes_str("IKETCP and more")));
	assert_false(frame_may_begin(bytes_str("GET /")));
	assert_false(frame_may_begin(bytes_str("IKEtcp")));
}

static void what_is_put_comes(void **state)
{
	static uint8_t octets[FRAME_MAX + FRAME_HEADER];
	static const size_t sizes[] = { 4, 28, 1400, FRAME_MAX - FRAME_HEADER, FRAME_MAX - FRAME_LENGTH };
	struct bytes content;
	size_t used;

	(void)state;
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		size_t n = sizes[i / 2], head = frame_head(i % 2, n, octets);

		if (i % 2 && n > FRAME_MAX - FRAME_HEADER) {
			assert_int_equal(head, 0);
			continue;
		}
		memset(octets + head, 0xaa, n);
		assert_int_equal(frame_needs(bytes_of(octets, head)), head + n);
		assert_int_equal(frame_next(bytes_of(octets, head + n - 1), &content, &used), FRAME_MORE);
		assert_int_equal(frame_next(bytes_of(octets, head + n), &content, &used),
			i % 2 ? FRAME_IKE : FRAME_ESP);
		assert_int_equal(content.n, n);
		assert_int_equal(used, head + n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets),
		cmocka_unit_test(beginnings),
		cmocka_unit_test(what_is_put_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
