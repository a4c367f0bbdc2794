/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that find out about a path, and what answers tell. */
#include "unit.h"

#include "crypto/prf.h"
#include "tools/ipsec/probe.h"

static struct probe probe_new(struct arena *arena)
{
	struct probe p = { .spi = 0x1122334455667788, .ke = transform_find(TRANSFORM_KE, KE_CURVE25519, 0) };
	struct text why = text_in(arena);

	assert_int_equal(ip_parse("192.0.2.1", &p.local.ip), 0);
	assert_int_equal(ip_parse("192.0.2.2", &p.remote.ip), 0);
	p.local.port = 40000;
	p.remote.port = 500;
	assert_int_equal(
		proposal_parse("aes256gcm16-prfsha256-x25519", PROTO_IKE, arena, &p.proposals, &why), 0);
	return p;
}

static void parse(struct bytes b, struct arena *arena, struct message *m)
{
	uint8_t bad;

	*m = (struct message){ 0 };
	assert_int_equal(header_get(b, &m->header), 0);
	assert_int_equal(message_get(bytes_of(b.p + IKE_HEADER, b.n - IKE_HEADER), IKE_HEADER, m->header.next,
				 arena, m, &bad),
		0);
}

static void a_request_is_an_ike_sa_init(void **state)
{
	struct arena arena = { 0 };
	struct probe p = probe_new(&arena);
	struct message m;

	(void)state;
	p.cookie = bytes_str("biscuit");
	parse(probe_request(&p, &arena), &arena, &m);
	assert_int_equal(m.header.exchange, IKE_SA_INIT);
	assert_int_equal(m.header.flags, FLAG_INITIATOR);
	assert_true(m.header.spi_i == p.spi && !m.header.spi_r);
	assert_string_equal(proposals_print(m.sa, &arena), "aes256gcm16-prfsha256-x25519");
	assert_int_equal(m.ke.group, KE_CURVE25519);
	assert_true(bytes_eq(message_notify(&m, COOKIE)->data, p.cookie));
	assert_non_null(message_notify(&m, NAT_DETECTION_SOURCE_IP));
	/* Nobody has what is in the other kind. */
	p.proposals.n = 0;
	parse(probe_request(&p, &arena), &arena, &m);
	assert_null(transform_find(TRANSFORM_ENCR, m.sa.v->v[0].id, m.sa.v->v[0].bits));
	arena_free(&arena);
}

static void a_request_is_as_large_as_it_is_to_be(void **state)
{
	static const size_t sizes[] = { 548, 1372, 1472, 3000, PROBE_MAX };
	struct arena arena = { 0 };
	struct probe p = probe_new(&arena);
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		p.size = sizes[i];
		assert_int_equal(probe_request(&p, &arena).n, sizes[i]);
		parse(probe_request(&p, &arena), &arena, &m);
	}
	p.size = PROBE_MAX + 1;
	assert_int_equal(probe_request(&p, &arena).n, 0);
	arena_free(&arena);
}

static struct bytes hash_of(
	const struct probe *p, uint64_t spi_r, const char *ip, uint16_t port, struct arena *arena)
{
	uint8_t raw[22], *out = arena_alloc(arena, 64);
	struct wr w = wr_of(raw, sizeof raw);
	struct bytes all;
	struct ip a;
	size_t n;

	assert_int_equal(ip_parse(ip, &a), 0);
	wr_u64(&w, p->spi);
	wr_u64(&w, spi_r);
	wr_bytes(&w, ip_bytes(&a));
	wr_u16(&w, port);
	all = wr_done(&w);
	assert_int_equal(digest("SHA1", &all, 1, out, &n), 0);
	return bytes_of(out, n);
}

/* The peer's answer with these notifies, and an SA where there is no error. */
static struct bytes answer(
	const struct probe *p, struct wire_notify *notifies, unsigned n, struct arena *arena)
{
	struct wire_header h = { .spi_i = p->spi,
		.spi_r = 9,
		.version = IKE_VERSION,
		.exchange = IKE_SA_INIT,
		.flags = FLAG_RESPONSE };
	struct message m = { .notifies = notifies, .n_notifies = n };
	uint8_t *out = arena_alloc(arena, 2048);
	struct wr w = wr_of(out, 2048);

	message_put_clear(&h, &m, &w);
	return wr_done(&w);
}

static void nats_are_told_by_the_answer(void **state)
{
	static const struct {
		const char *us, *peer; /* as the peer sees it */
		bool nat_us, nat_peer;
	} rows[] = {
		{ "192.0.2.1", "192.0.2.2", false, false },
		{ "203.0.113.5", "192.0.2.2", true, false },
		{ "192.0.2.1", "10.0.0.2", false, true },
	};
	struct arena arena = { 0 };
	struct probe p = probe_new(&arena);
	struct probe_answer a;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct wire_notify n[] = {
			{ .type = NAT_DETECTION_SOURCE_IP,
				.data = hash_of(&p, 9, rows[i].peer, 500, &arena) },
			{ .type = NAT_DETECTION_DESTINATION_IP,
				.data = hash_of(&p, 9, rows[i].us, 40000, &arena) },
		};

		assert_true(probe_read(&p, answer(&p, n, 2, &arena), &arena, &a));
		assert_true(a.natd && !a.notify);
		assert_int_equal(a.nat_us, rows[i].nat_us);
		assert_int_equal(a.nat_peer, rows[i].nat_peer);
	}
	assert_true(probe_read(&p, answer(&p, NULL, 0, &arena), &arena, &a));
	assert_false(a.natd);
	arena_free(&arena);
}

static void refusals_are_read(void **state)
{
	static const uint8_t group[] = { 0, 19 };
	struct arena arena = { 0 };
	struct probe p = probe_new(&arena);
	struct wire_notify n = { .type = INVALID_KE_PAYLOAD, .data = bytes_of(group, 2) };
	struct probe_answer a;

	(void)state;
	assert_true(probe_read(&p, answer(&p, &n, 1, &arena), &arena, &a));
	assert_int_equal(a.notify, INVALID_KE_PAYLOAD);
	assert_int_equal(a.group, 19);
	n = (struct wire_notify){ .type = COOKIE, .data = bytes_str("biscuit") };
	assert_true(probe_read(&p, answer(&p, &n, 1, &arena), &arena, &a));
	assert_true(a.notify == COOKIE && bytes_eq(a.cookie, n.data));
	arena_free(&arena);
}

static void what_is_no_answer_is_passed_over(void **state)
{
	struct arena arena = { 0 };
	struct probe p = probe_new(&arena), other = p;
	struct bytes good = answer(&p, NULL, 0, &arena);
	struct probe_answer a;
	uint8_t *marked;

	(void)state;
	other.spi++;
	assert_false(probe_read(&other, good, &arena, &a));
	assert_false(probe_read(&p, probe_request(&p, &arena), &arena, &a));
	for (size_t i = 0; i < good.n; i++)
		assert_false(probe_read(&p, bytes_of(good.p, i), &arena, &a));
	/* On port 4500 the marker stands in front. */
	p.marker = true;
	assert_false(probe_read(&p, good, &arena, &a));
	marked = arena_alloc(&arena, 4 + good.n);
	memset(marked, 0, 4);
	memcpy(marked + 4, good.p, good.n);
	assert_true(probe_read(&p, bytes_of(marked, 4 + good.n), &arena, &a));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_an_ike_sa_init),
		cmocka_unit_test(a_request_is_as_large_as_it_is_to_be),
		cmocka_unit_test(nats_are_told_by_the_answer),
		cmocka_unit_test(refusals_are_read),
		cmocka_unit_test(what_is_no_answer_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
