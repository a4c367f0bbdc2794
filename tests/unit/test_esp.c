/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sealing and opening ESP packets. */
#include "tests/unit/unit.h"

#include "tests/unit/hex.h"
#include "tests/unit/packet.h"

#include "xfrm/limit.h"
#include "xfrm/user/live.h"

static struct arena arena;
static struct rng_seeded rng;
static struct text why;

static int prepare(void **state)
{
	(void)state;
	arena = (struct arena){ 0 };
	why = text_in(&arena);
	rng_seed(&rng, 1);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* The two ends of one direction, and a packet between them. */
struct pair {
	struct esp out, in;
	uint8_t buffer[PACKET_HEAD + 4096 + PACKET_TAIL];
	struct esp_packet pkt;
};

static void open_pair(struct pair *p, const char *suite, bool esn)
{
	struct suite s = packet_suite(suite, esn);

	assert_int_equal(esp_init(&p->out, 0x80001234, &s, true, packet_encr_key(&s), packet_integ_key(&s), 0,
				 &arena, &why),
		ERR_OK);
	assert_int_equal(esp_init(&p->in, 0x80001234, &s, false, packet_encr_key(&s), packet_integ_key(&s),
				 1024, &arena, &why),
		ERR_OK);
}

static void close_pair(struct pair *p)
{
	esp_free(&p->out);
	esp_free(&p->in);
}

/* Puts an inner packet with N octets of payload where sealing wants it. */
static size_t load(struct pair *p, size_t n)
{
	p->pkt = (struct esp_packet){ .p = p->buffer + PACKET_HEAD };
	p->pkt.n = packet_make(p->pkt.p, "10.1.0.1", "10.2.0.1", 17, 1000, 2000, n);
	return p->pkt.n;
}

static enum drop seal(struct pair *p)
{
	esp_seal(&p->out, 0, &rng.rng, &p->pkt, 1);
	return p->pkt.drop;
}

static enum drop open_again(struct pair *p)
{
	esp_open(&p->in, &p->pkt, 1);
	return p->pkt.drop;
}

/* Of thousands of tunnels few carry packets, and an engine takes a thousand octets and more for its tables.
 */
static void an_sa_takes_little_before_its_first_packet(void **state)
{
	static const char *const suites[] = { "aes128gcm16", "aes256gcm16", "aes256-sha512" };

	(void)state;
	assert_true(sizeof(struct live) <= 352);
	for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
		struct pair p;

		open_pair(&p, suites[i], false);
		assert_null(p.out.contexts);
		assert_null(p.in.contexts);
		assert_null(p.in.replay.bits);
		load(&p, 100);
		assert_int_equal(seal(&p), DROP_NONE);
		assert_non_null(p.out.contexts);
		assert_null(p.in.contexts);
		assert_int_equal(open_again(&p), DROP_NONE);
		assert_non_null(p.in.contexts);
		assert_non_null(p.in.replay.bits);
		close_pair(&p);
	}
}

/* Sizes around every boundary of padding come back as they were. */
static void round_trip(const char *suite, bool esn)
{
	struct pair p;

	open_pair(&p, suite, esn);
	for (size_t n = 0; n < 40; n++) {
		uint8_t before[128];
		size_t whole = load(&p, n);

		memcpy(before, p.pkt.p, whole);
		assert_int_equal(seal(&p), DROP_NONE);
		assert_int_equal(p.pkt.seq, n + 1);
		assert_memory_not_equal(p.pkt.p + ESP_HEADER + p.out.encr->iv, before, 20);
		assert_int_equal(open_again(&p), DROP_NONE);
		assert_int_equal(p.pkt.n, whole);
		assert_memory_equal(p.pkt.p, before, whole);
	}
	close_pair(&p);
}

#define ROUND_TRIP(name, words)                                                                              \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		(void)state;                                                                                 \
		round_trip(words, false);                                                                    \
		round_trip(words, true);                                                                     \
	}

ROUND_TRIP(aes128gcm_comes_back, "aes128gcm16")
ROUND_TRIP(aes192gcm_comes_back, "aes192gcm16")
ROUND_TRIP(aes256gcm_comes_back, "aes256gcm16")
ROUND_TRIP(chacha20_comes_back, "chacha20poly1305")
ROUND_TRIP(aes128_sha256_comes_back, "aes128-sha256")
ROUND_TRIP(aes192_sha384_comes_back, "aes192-sha384")
ROUND_TRIP(aes256_sha512_comes_back, "aes256-sha512")

/* Opens a packet of a vector; returns what esp_open says, and the plaintext in PKT. */
static enum drop open_vector(const char *encr, const char *key, bool esn, uint64_t before, const char *packet,
	uint8_t *buffer, struct esp_packet *pkt)
{
	struct suite s = packet_suite(encr, esn);
	uint8_t octets[64];
	struct esp e;

	assert_int_equal(esp_init(&e, 0, &s, false, bytes_of(octets, hex(key, octets, sizeof octets)),
				 bytes_of(NULL, 0), 64, &arena, &why),
		ERR_OK);
	e.replay.top = before;
	*pkt = (struct esp_packet){ .p = buffer, .n = hex(packet, buffer, 256) };
	esp_open(&e, pkt, 1);
	esp_free(&e);
	return pkt->drop;
}

/* RFC 7634, appendix A. */
static void the_packet_of_rfc_7634_opens(void **state)
{
	static const char inner[] =
		"45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b"
		"0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233"
		"34353637";
	uint8_t buffer[256], wanted[128];
	struct esp_packet pkt;

	(void)state;
	assert_int_equal(
		open_vector("chacha20poly1305",
			"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3", false, 0,
			"01020304000000051011121314151617"
			"24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6"
			"14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3"
			"cbec163fac469b502773f6fb94e664da9165b82829f641e0"
			"76aaa8266b7fb0f7b11b369907e1ad43",
			buffer, &pkt),
		DROP_NONE);
	assert_int_equal(pkt.seq, 5);
	assert_int_equal(pkt.n, hex(inner, wanted, sizeof wanted));
	assert_memory_equal(pkt.p, wanted, pkt.n);
}

/* draft-mcgrew-gcm-test-01, cases 1 and 3. Their next header is 1, which a tunnel does not carry: the tag is
 * right, and the packet is dropped for that only. */
static void the_gcm_packet_with_an_extended_number_opens(void **state)
{
	static const char inner[] = "45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000"
				    "045f736970045f756470037369700963796265726369747902646b0000210001";
	uint8_t buffer[256], wanted[128];
	struct esp_packet pkt;

	(void)state;
	assert_int_equal(open_vector("aes128gcm16", "4c80cdefbb5d10da906ac73c3613a6342e443b68", true,
				 0x8765432100000000ULL - 1,
				 "00004321000000004956ed7e3b244cfe"
				 "fecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ceac34"
				 "cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce"
				 "61bc17d768fd9732459018148f6cbe722fd04796562dfdb4",
				 buffer, &pkt),
		DROP_NEXT_HEADER);
	assert_int_equal(pkt.seq, 0x8765432100000000ULL);
	assert_memory_equal(pkt.p, wanted, hex(inner, wanted, sizeof wanted));
}

static void the_gcm_packet_with_a_long_key_opens(void **state)
{
	static const char inner[] = "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee000000000"
				    "7002400020bf0000020405b401010402";
	uint8_t buffer[256], wanted[128];
	struct esp_packet pkt;

	(void)state;
	assert_int_equal(
		open_vector("aes256gcm16",
			"abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344", false, 0,
			"4a2cbfe3000000020102030405060708"
			"ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763"
			"748a637985771d347f0545659f14e99def842d8eb335f4eecfdbf831824b4c49"
			"15956c96",
			buffer, &pkt),
		DROP_NEXT_HEADER);
	assert_memory_equal(pkt.p, wanted, hex(inner, wanted, sizeof wanted));
}

static void the_header_says_spi_and_number(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, "aes256gcm16", true);
	atomic_store(&p.out.seq, 0x100000006ULL);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	assert_memory_equal(p.pkt.p, "\x80\x00\x12\x34\x00\x00\x00\x07", 8);
	assert_memory_equal(p.pkt.p + 8, "\x00\x00\x00\x01\x00\x00\x00\x07", 8); /* the IV */
	close_pair(&p);
}

static void every_changed_octet_is_noticed(void **state)
{
	static const char *const suites[] = { "aes128gcm16", "aes128-sha256" };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct pair p;
		size_t n;

		open_pair(&p, suites[k], false);
		load(&p, 3);
		assert_int_equal(seal(&p), DROP_NONE);
		n = p.pkt.n;
		for (size_t i = 0; i < n; i++) {
			uint8_t copy[256];
			struct esp_packet pkt = { .p = copy, .n = n };

			memcpy(copy, p.pkt.p, n);
			copy[i] ^= 0x10;
			esp_open(&p.in, &pkt, 1);
			assert_int_equal(pkt.drop, DROP_AUTH);
		}
		assert_int_equal(p.in.replay.top, 0);
		assert_int_equal(open_again(&p), DROP_NONE);
		close_pair(&p);
	}
}

static void the_unsent_half_of_the_number_is_covered(void **state)
{
	static const char *const suites[] = { "chacha20poly1305", "aes128-sha256" };

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		struct pair p;

		open_pair(&p, suites[k], true);
		atomic_store(&p.out.seq, 3ULL << 32 | 7);
		load(&p, 30);
		assert_int_equal(seal(&p), DROP_NONE);
		assert_int_equal(open_again(&p), DROP_AUTH);
		close_pair(&p);
	}
}

static void a_repetition_is_refused_before_opening(void **state)
{
	struct pair p;
	uint8_t copy[256];
	struct esp_packet again;

	(void)state;
	open_pair(&p, "aes128gcm16", false);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	memcpy(copy, p.pkt.p, p.pkt.n);
	again = (struct esp_packet){ .p = copy, .n = p.pkt.n };
	assert_int_equal(open_again(&p), DROP_NONE);
	esp_open(&p.in, &again, 1);
	assert_int_equal(again.drop, DROP_REPLAY);
	close_pair(&p);
}

static void equal_numbers_in_one_batch_pass_once(void **state)
{
	struct pair p;
	uint8_t copy[2][256];
	struct esp_packet both[2];

	(void)state;
	open_pair(&p, "aes128gcm16", false);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	for (int i = 0; i < 2; i++) {
		memcpy(copy[i], p.pkt.p, p.pkt.n);
		both[i] = (struct esp_packet){ .p = copy[i], .n = p.pkt.n };
	}
	esp_open(&p.in, both, 2);
	assert_int_equal(both[0].drop, DROP_NONE);
	assert_int_equal(both[1].drop, DROP_REPLAY);
	close_pair(&p);
}

static void a_batch_gets_successive_numbers(void **state)
{
	struct pair p;
	static uint8_t room[3][256];
	struct esp_packet v[3];

	(void)state;
	open_pair(&p, "aes128gcm16", false);
	for (int i = 0; i < 3; i++)
		v[i] = (struct esp_packet){ .p = room[i] + PACKET_HEAD,
			.n = packet_make(room[i] + PACKET_HEAD, "10.1.0.1", "10.2.0.1", 17, 1, 2, 20) };
	esp_seal(&p.out, 0, &rng.rng, v, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(v[i].seq, i + 1);
	esp_open(&p.in, v, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(v[i].drop, DROP_NONE);
	close_pair(&p);
}

static void short_numbers_end(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, "aes128gcm16", false);
	atomic_store(&p.out.seq, UINT32_MAX - 1);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	assert_int_equal(p.pkt.seq, UINT32_MAX);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_SEQUENCE);
	assert_int_equal(atomic_load(&p.out.seq), UINT32_MAX);
	close_pair(&p);
}

static void a_batch_at_the_end_is_sealed_as_far_as_numbers_go(void **state)
{
	struct pair p;
	static uint8_t room[3][256];
	struct esp_packet v[3];

	(void)state;
	open_pair(&p, "aes128gcm16", false);
	atomic_store(&p.out.seq, UINT32_MAX - 2);
	for (int i = 0; i < 3; i++)
		v[i] = (struct esp_packet){ .p = room[i] + PACKET_HEAD,
			.n = packet_make(room[i] + PACKET_HEAD, "10.1.0.1", "10.2.0.1", 17, 1, 2, 20) };
	esp_seal(&p.out, 0, &rng.rng, v, 3);
	assert_int_equal(v[0].drop, DROP_NONE);
	assert_int_equal(v[1].drop, DROP_NONE);
	assert_int_equal(v[2].drop, DROP_SEQUENCE);
	close_pair(&p);
}

static void extended_numbers_go_on(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, "aes256-sha512", true);
	atomic_store(&p.out.seq, UINT32_MAX - 1);
	p.in.replay.top = UINT32_MAX - 1;
	for (int i = 0; i < 3; i++) {
		load(&p, 10);
		assert_int_equal(seal(&p), DROP_NONE);
		assert_int_equal(open_again(&p), DROP_NONE);
	}
	assert_int_equal(p.in.replay.top, UINT32_MAX + 2ULL);
	close_pair(&p);
}

static void ivs_of_cbc_differ(void **state)
{
	struct pair p;
	uint8_t first[16];

	(void)state;
	open_pair(&p, "aes128-sha256", false);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	memcpy(first, p.pkt.p + 8, sizeof first);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	assert_memory_not_equal(first, p.pkt.p + 8, sizeof first);
	close_pair(&p);
}

static void short_packets_are_refused(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p, "aes128-sha256", false);
	load(&p, 10);
	assert_int_equal(seal(&p), DROP_NONE);
	for (size_t n = 0; n < p.pkt.n; n++) {
		uint8_t copy[256];
		struct esp_packet pkt = { .p = copy, .n = n };

		memcpy(copy, p.pkt.p, n);
		esp_open(&p.in, &pkt, 1);
		assert_true(pkt.drop == DROP_SHORT || pkt.drop == DROP_AUTH);
	}
	close_pair(&p);
}

/* Seals N octets as they are, trailer included, as a peer with other ideas would. */
static enum drop open_made_up(const char *octets, size_t n)
{
	const struct suite s = packet_suite("aes128gcm16", false);
	const struct engine *engine;
	struct pair p;
	struct aead_job job;
	void *context;

	open_pair(&p, "aes128gcm16", false);
	assert_int_equal(engine_make(s.encr, s.integ, true, packet_encr_key(&s), packet_integ_key(&s),
				 &engine, &context),
		ERR_OK);
	memset(p.buffer, 0, sizeof p.buffer);
	p.buffer[7] = 1;
	memcpy(p.buffer + 16, octets, n);
	job = (struct aead_job){ bytes_of(p.buffer, 8), p.buffer + 8, p.buffer + 16, n, { NULL, 0 },
		p.buffer + 16 + n };
	assert_int_equal(engine->seal(context, &job), ERR_OK);
	engine->free(context);
	p.pkt = (struct esp_packet){ .p = p.buffer, .n = 16 + n + 16 };
	open_again(&p);
	assert_int_equal(p.in.replay.top, 1);
	close_pair(&p);
	return p.pkt.drop;
}

static void padding_must_count(void **state)
{
	(void)state;
	assert_int_equal(open_made_up("abcd\x01\x02\x02\x04", 8), DROP_NONE);
	assert_int_equal(open_made_up("abcd\x01\x03\x02\x04", 8), DROP_PADDING);
	assert_int_equal(open_made_up("abcd\x00\x00\x02\x04", 8), DROP_PADDING);
}

static void padding_must_fit(void **state)
{
	(void)state;
	assert_int_equal(open_made_up("\x01\x02\x02\x04", 4), DROP_NONE);
	assert_int_equal(open_made_up("\x01\x02\x03\x04", 4), DROP_PADDING);
	assert_int_equal(open_made_up("\x01\x02\xff\x04", 4), DROP_PADDING);
}

static void more_padding_than_needed_is_fine(void **state)
{
	(void)state;
	assert_int_equal(open_made_up("abcd\x01\x02\x03\x04\x05\x06\x06\x29", 12), DROP_NONE);
}

static void dummies_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(open_made_up("abcd\x01\x02\x02\x3b", 8), DROP_DUMMY);
}

static void other_next_headers_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(open_made_up("abcd\x01\x02\x02\x06", 8), DROP_NEXT_HEADER);
}

static void a_window_too_large_is_explained(void **state)
{
	struct suite s = packet_suite("aes128gcm16", false);
	struct esp e;

	(void)state;
	assert_int_equal(esp_init(&e, 1, &s, false, packet_encr_key(&s), packet_integ_key(&s), REPLAY_MAX + 1,
				 &arena, &why),
		ERR_RANGE);
	assert_non_null(strstr(text_str(&why), "65537"));
}

static void keys_of_wrong_length_are_explained(void **state)
{
	struct suite s = packet_suite("aes128gcm16", false);
	struct bytes key = packet_encr_key(&s);
	struct esp e;

	(void)state;
	key.n--;
	assert_int_equal(esp_init(&e, 1, &s, true, key, packet_integ_key(&s), 0, &arena, &why), ERR_RANGE);
	assert_non_null(strstr(text_str(&why), "AES_GCM_16"));
	assert_null(e.contexts);
}

/* 1500 less 20 IPv4, 8 UDP, 8 ESP, 8 IV, 16 ICV is 1440, a multiple of four; less the trailer. */
static void limits_are_those_done_by_hand(void **state)
{
	struct suite gcm = packet_suite("aes256gcm16", false), cbc = packet_suite("aes256-sha256", false);

	(void)state;
	assert_int_equal(limit_inner(gcm.encr, NULL, 1500, false, true), 1438);
	assert_int_equal(limit_inner(gcm.encr, NULL, 1500, false, false), 1446);
	assert_int_equal(limit_inner(gcm.encr, NULL, 1500, true, true), 1418);
	assert_int_equal(limit_inner(gcm.encr, NULL, 1280, true, false), 1206);
	assert_int_equal(limit_inner(cbc.encr, cbc.integ, 1500, false, true), 1422);
	assert_int_equal(limit_inner(gcm.encr, NULL, 20, false, true), 0);
}

static void a_packet_of_the_limit_fits_and_one_more_does_not(void **state)
{
	static const char *const suites[] = { "aes256gcm16", "chacha20poly1305", "aes128-sha256",
		"aes256-sha512" };

	(void)state;
	for (unsigned k = 0; k < 4; k++)
		for (unsigned mtu = 600; mtu < 640; mtu++) {
			struct pair p;
			unsigned limit;

			open_pair(&p, suites[k], false);
			limit = limit_inner(p.out.encr, p.out.integ, mtu, false, true);
			load(&p, limit - 28);
			assert_int_equal(seal(&p), DROP_NONE);
			assert_true(p.pkt.n + 28 <= mtu);
			load(&p, limit - 28 + 1);
			assert_int_equal(seal(&p), DROP_NONE);
			assert_true(p.pkt.n + 28 > mtu);
			close_pair(&p);
		}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, prepare, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_sa_takes_little_before_its_first_packet),
		CASE(aes128gcm_comes_back),
		CASE(aes192gcm_comes_back),
		CASE(aes256gcm_comes_back),
		CASE(chacha20_comes_back),
		CASE(aes128_sha256_comes_back),
		CASE(aes192_sha384_comes_back),
		CASE(aes256_sha512_comes_back),
		CASE(the_packet_of_rfc_7634_opens),
		CASE(the_gcm_packet_with_an_extended_number_opens),
		CASE(the_gcm_packet_with_a_long_key_opens),
		CASE(the_header_says_spi_and_number),
		CASE(every_changed_octet_is_noticed),
		CASE(the_unsent_half_of_the_number_is_covered),
		CASE(a_repetition_is_refused_before_opening),
		CASE(equal_numbers_in_one_batch_pass_once),
		CASE(a_batch_gets_successive_numbers),
		CASE(short_numbers_end),
		CASE(a_batch_at_the_end_is_sealed_as_far_as_numbers_go),
		CASE(extended_numbers_go_on),
		CASE(ivs_of_cbc_differ),
		CASE(short_packets_are_refused),
		CASE(padding_must_count),
		CASE(padding_must_fit),
		CASE(more_padding_than_needed_is_fine),
		CASE(dummies_are_dropped),
		CASE(other_next_headers_are_dropped),
		CASE(a_window_too_large_is_explained),
		CASE(keys_of_wrong_length_are_explained),
		CASE(limits_are_those_done_by_hand),
		CASE(a_packet_of_the_limit_fits_and_one_more_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
