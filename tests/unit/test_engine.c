/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every engine gives the octets that are published, and those that the others give. */
#include "tests/unit/unit.h"

#include "tests/unit/hex.h"
#include "tests/unit/packet.h"
#include "xfrm/user/engine.h"


enum { ROOM = 2048, AAD = 12, IV = 8, TAG = 16 };

/* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, cases 4, 10 and 16: the same but for
 * the keys. */
static const struct vector {
	const char *words, *key, *cipher, *tag;
} vectors[] = {
	{ "aes128gcm16", "feffe9928665731c6d6a8f9467308308 cafebabe",
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091",
		"5bc94fbc3221a5db94fae95ae7121a47" },
	{ "aes192gcm16", "feffe9928665731c6d6a8f9467308308feffe9928665731c cafebabe",
		"3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
		"7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
		"2519498e80f1478f37ba55bd6d27618c" },
	{ "aes256gcm16", "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308 cafebabe",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
		"76fc6ece0f4e1768cddf8853bb2d551b" },
};

static const char aad[] = "feedfacedeadbeeffeedfacedeadbeefabaddad2", iv[] = "facedbaddecaf888",
		  plain[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
			    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";

/* A context of E for SUITE. */
static void *made(const struct engine *e, const struct suite *s, bool sealing, struct bytes key)
{
	void *c = NULL;

	assert_int_equal(e->make(s->encr, s->integ, sealing, key, packet_integ_key(s), &c), ERR_OK);
	return c;
}

static void check_vector(const struct engine *e, const struct vector *v)
{
	uint8_t key[64], a[32], nonce[IV], data[128], wanted[128], tag[TAG];
	struct suite s = packet_suite(v->words, false);
	struct bytes k = bytes_of(key, hex(v->key, key, sizeof key));
	struct aead_job job = {
		.aad = bytes_of(a, hex(aad, a, sizeof a)), .iv = nonce, .data = data, .icv = tag
	};
	void *out = made(e, &s, true, k), *in = made(e, &s, false, k);

	hex(iv, nonce, sizeof nonce);
	job.n = hex(plain, data, sizeof data);
	hex(v->cipher, wanted, sizeof wanted);
	assert_int_equal(e->seal(out, &job), ERR_OK);
	assert_memory_equal(data, wanted, job.n);
	hex(v->tag, wanted, sizeof wanted);
	assert_memory_equal(tag, wanted, TAG);
	assert_int_equal(e->open(in, &job), ERR_OK);
	hex(plain, wanted, sizeof wanted);
	assert_memory_equal(data, wanted, job.n);
	e->free(out);
	e->free(in);
}

static void engines_give_what_is_published(void **state)
{
	(void)state;
	for (const struct engine *e = engine_next(NULL); e; e = engine_next(e))
		for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
			check_vector(e, &vectors[i]);
}

/* One packet, sealed by ONE and by OTHER, opened by OTHER, whole and damaged. */
static void compare(
	const struct engine *one, const struct engine *other, void *const contexts[3], size_t n, size_t n_aad)
{
	static uint8_t room[2][ROOM];
	uint8_t header[AAD], nonce[IV], tag[2][TAG];
	struct aead_job job[2];

	for (size_t i = 0; i < AAD; i++)
		header[i] = (uint8_t)(n + i);
	memset(nonce, (int)(n & 0xff), IV);
	for (int k = 0; k < 2; k++) {
		for (size_t i = 0; i < n; i++)
			room[k][i] = (uint8_t)(i * 7 + n);
		job[k] = (struct aead_job){ bytes_of(header, n_aad), nonce, room[k], n, { NULL, 0 }, tag[k] };
	}
	assert_int_equal(one->seal(contexts[0], &job[0]), ERR_OK);
	assert_int_equal(other->seal(contexts[1], &job[1]), ERR_OK);
	assert_memory_equal(room[0], room[1], n);
	assert_memory_equal(tag[0], tag[1], TAG);
	assert_int_equal(other->open(contexts[2], &job[0]), ERR_OK);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(room[0][i], (uint8_t)(i * 7 + n));
	tag[1][n % TAG] ^= 1;
	assert_int_equal(other->open(contexts[2], &job[1]), ERR_AUTH);
}

static void compare_all(const struct engine *one, const struct engine *other, const char *words)
{
	struct suite s = packet_suite(words, false);
	struct bytes key = packet_encr_key(&s);
	void *const contexts[3] = { made(one, &s, true, key), made(other, &s, true, key),
		made(other, &s, false, key) };

	for (size_t n = 0; n < ROOM; n += n < 300 ? 1 : 61)
		for (size_t n_aad = 8; n_aad <= AAD; n_aad += 4)
			compare(one, other, contexts, n, n_aad);
	one->free(contexts[0]);
	other->free(contexts[1]);
	other->free(contexts[2]);
}

static void engines_give_the_same(void **state)
{
	const struct engine *first = engine_next(NULL);

	(void)state;
	if (!engine_next(first)) {
		print_message("only %s is here: install libipsec-mb1, and libipsec-mb-dev before building\n",
			first->name);
		skip();
	}
	for (const struct engine *e = engine_next(first); e; e = engine_next(e))
		for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
			compare_all(first, e, vectors[i].words);
			compare_all(e, first, vectors[i].words);
		}
}

static void keys_of_another_length_are_refused(void **state)
{
	struct suite s = packet_suite("aes256gcm16", false);
	struct bytes key = packet_encr_key(&s);
	void *c = NULL;

	(void)state;
	for (const struct engine *e = engine_next(NULL); e; e = engine_next(e)) {
		assert_int_equal(
			e->make(s.encr, NULL, true, bytes_of(key.p, key.n - 1), bytes_of(NULL, 0), &c),
			ERR_RANGE);
		assert_int_equal(e->make(s.encr, NULL, true, key, key, &c), ERR_RANGE);
		assert_null(c);
	}
}

/* Others than the first have what it has not. */
static void there_is_an_engine_for_everything(void **state)
{
	static const char *const words[] = { "aes128gcm16", "aes256gcm16", "chacha20poly1305",
		"aes256-sha512" };

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct suite s = packet_suite(words[i], false);
		const struct engine *e;
		void *c;

		assert_int_equal(
			engine_make(s.encr, s.integ, true, packet_encr_key(&s), packet_integ_key(&s), &e, &c),
			ERR_OK);
		assert_ptr_equal(e, i < 2 ? engine_next(NULL) : &engine_openssl);
		e->free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_give_what_is_published),
		cmocka_unit_test(engines_give_the_same),
		cmocka_unit_test(keys_of_another_length_are_refused),
		cmocka_unit_test(there_is_an_engine_for_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
