/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of transforms agrees with itself and with IANA's numbers. */
#include "tests/unit/unit.h"

#include "model/transform.h"

static const struct transform *row(const char *word)
{
	const struct transform *found[2];

	if (!transform_word(word, PROTO_ESP, found))
		fail_msg("there is no %s", word);
	return found[0];
}

static void every_row_is_found_by_number_and_by_word(void **state)
{
	unsigned n = 0;

	(void)state;
	for (const struct transform *t = transform_next(NULL); t; t = transform_next(t), n++) {
		assert_ptr_equal(transform_find(t->type, t->id, t->bits), t);
		assert_ptr_equal(row(t->word), t);
		assert_non_null(t->name);
	}
	assert_true(n >= 20);
}

static void numbers_are_those_of_iana(void **state)
{
	static const struct {
		uint8_t type;
		uint16_t id, bits;
		const char *word, *name;
	} known[] = {
		{ 1, 12, 256, "aes256", "AES_CBC" },
		{ 1, 20, 128, "aes128gcm16", "AES_GCM_16" },
		{ 1, 28, 0, "chacha20poly1305", "CHACHA20_POLY1305" },
		{ 2, 6, 0, "prfsha384", "PRF_HMAC_SHA2_384" },
		{ 3, 14, 0, "sha512", "HMAC_SHA2_512_256" },
		{ 4, 14, 0, "modp2048", "MODP_2048" },
		{ 4, 20, 0, "ecp384", "ECP_384" },
		{ 4, 31, 0, "x25519", "CURVE_25519" },
		{ 4, 32, 0, "x448", "CURVE_448" },
		{ 5, 1, 0, "esn", "ESN" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct transform *t = transform_find(known[i].type, known[i].id, known[i].bits);

		assert_non_null(t);
		assert_string_equal(t->word, known[i].word);
		assert_string_equal(t->name, known[i].name);
	}
}

static void keys_are_as_long_as_their_attribute_says(void **state)
{
	(void)state;
	for (const struct transform *t = transform_next(NULL); t; t = transform_next(t)) {
		if (t->bits)
			assert_int_equal(8 * t->key, t->bits);
		if (t->type == TRANSFORM_PRF)
			assert_int_equal(t->key, t->out);
		if (t->type == TRANSFORM_INTEG)
			assert_int_equal(t->key, t->id == AUTH_HMAC_SHA1_96 ? 20 : 2 * t->icv);
		if (t->kind == KIND_AEAD)
			assert_int_equal(t->salt + t->iv, 12);
		if (t->kind == KIND_CBC)
			assert_int_equal(t->iv, t->block);
		if (t->kind == KIND_ECP)
			assert_true(t->out == 2 * t->shared && t->key == t->shared);
		if (t->kind == KIND_MODP)
			assert_true(t->out == t->shared && t->key < t->out);
	}
}

static void an_unknown_key_length_is_another_transform(void **state)
{
	(void)state;
	assert_null(transform_find(TRANSFORM_ENCR, ENCR_AES_CBC, 0));
	assert_null(transform_find(TRANSFORM_ENCR, ENCR_AES_GCM_16, 512));
	assert_null(transform_find(TRANSFORM_ENCR, ENCR_CHACHA20_POLY1305, 256));
	assert_null(transform_find(TRANSFORM_ENCR, 3, 0));
	assert_null(transform_find(99, 1, 0));
}

static void some_rows_have_several_words(void **state)
{
	(void)state;
	assert_ptr_equal(row("aes"), row("aes128"));
	assert_ptr_equal(row("aes256gcm"), row("aes256gcm16"));
	assert_ptr_equal(row("aes256gcm128"), row("aes256gcm16"));
	assert_ptr_equal(row("sha2_256"), row("sha256"));
	assert_ptr_equal(row("curve25519"), row("x25519"));
	assert_ptr_equal(row("AES256GCM16"), row("aes256gcm16"));
}

static void an_integrity_word_means_a_prf_in_ike(void **state)
{
	const struct transform *found[2];

	(void)state;
	assert_int_equal(transform_word("sha384", PROTO_IKE, found), 2);
	assert_int_equal(found[0]->type, TRANSFORM_INTEG);
	assert_int_equal(found[1]->id, PRF_HMAC_SHA2_384);
	assert_int_equal(transform_word("sha384", PROTO_ESP, found), 1);
	assert_int_equal(transform_word("prfsha384", PROTO_IKE, found), 1);
	assert_int_equal(transform_word("md5", PROTO_IKE, found), 0);
	assert_int_equal(transform_word("", PROTO_IKE, found), 0);
}

static void types_have_names_for_people(void **state)
{
	(void)state;
	assert_string_equal(transform_type_name(TRANSFORM_KE), "key exchange");
	assert_string_equal(transform_type_name(TRANSFORM_ESN), "extended sequence numbers");
	assert_string_equal(transform_type_name(0), "unknown transform type");
	assert_string_equal(transform_type_name(200), "unknown transform type");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found_by_number_and_by_word),
		cmocka_unit_test(numbers_are_those_of_iana),
		cmocka_unit_test(keys_are_as_long_as_their_attribute_says),
		cmocka_unit_test(an_unknown_key_length_is_another_transform),
		cmocka_unit_test(some_rows_have_several_words),
		cmocka_unit_test(an_integrity_word_means_a_prf_in_ike),
		cmocka_unit_test(types_have_names_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
