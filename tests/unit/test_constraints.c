/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Constraints as swanctl.conf writes them behind "auth = pubkey". */
#include "unit.h"

#include "model/constraints.h"

static const struct row {
	const char *text;
	const char *chain, *ike; /* the sets as text */
	const char *error;       /* NULL: it is read */
} rows[] = {
	{ "pubkey", "", "", NULL },
	{ "pubkey-sha256", "rsa-sha256, ecdsa-sha256, rsa/pss-sha256",
		"rsa-sha256, ecdsa-sha256, rsa/pss-sha256", NULL },
	{ "rsa-2048-sha256-sha384", "rsa-sha256, rsa-sha384, rsa/pss-sha256, rsa/pss-sha384",
		"rsa-sha256, rsa-sha384, rsa/pss-sha256, rsa/pss-sha384", NULL },
	{ "rsa/pss-sha256", "rsa/pss-sha256", "rsa/pss-sha256", NULL },
	{ "rsa-2048-sha256-ecdsa-256-sha256-sha384", "rsa-sha256, ecdsa-sha256, ecdsa-sha384, rsa/pss-sha256",
		"rsa-sha256, ecdsa-sha256, ecdsa-sha384, rsa/pss-sha256", NULL },
	{ "ecdsa-sha256-ike:ecdsa-sha512", "ecdsa-sha256", "ecdsa-sha512", NULL },
	{ "ike:pubkey-sha512", "", "rsa-sha512, ecdsa-sha512, rsa/pss-sha512", NULL },
	{ "ed25519-identity", "ed25519-identity", "ed25519-identity", NULL },
	{ "pubkey-identity",
		"ed25519-identity, ed448-identity, mldsa44-identity, mldsa65-identity, mldsa87-identity",
		"ed25519-identity, ed448-identity, mldsa44-identity, mldsa65-identity, mldsa87-identity",
		NULL },
	{ "pubkey-sha1", "rsa-sha1, ecdsa-sha1", "rsa-sha1, ecdsa-sha1", NULL },
	{ "", NULL, NULL, "\"\" in \"\" is no key type" },
	{ "sha384", "rsa-sha384, ecdsa-sha384, rsa/pss-sha384", "rsa-sha384, ecdsa-sha384, rsa/pss-sha384",
		NULL },
	{ "rsa-sha265", NULL, NULL, "did you mean sha256" },
	{ "rsa-", NULL, NULL, "\"\" in \"rsa-\"" },
	{ "rsa--sha256", NULL, NULL, "\"\" in \"rsa--sha256\"" },
	{ "2048", NULL, NULL, "\"2048\" in \"2048\" is no key type, size or hash that fits there" },
	{ "pubkey-2048", NULL, NULL, "\"2048\" in \"pubkey-2048\"" },
	{ "ed25519-256", NULL, NULL, "\"256\" in" },
	{ "ed25519-sha256", NULL, NULL, "\"sha256\" in" },
	{ "rsa-99999", NULL, NULL, "\"99999\" in" },
	{ "rsa-0", NULL, NULL, "\"0\" in" },
	{ "bliss", NULL, NULL, "\"bliss\" in \"bliss\" is no key type" },
	{ "rsa-averyveryverylongword-sha256", NULL, NULL, "\"averyveryverylon\" in" },
};

static void set_is(signature_set set, const char *expected, struct arena *arena)
{
	struct text t = text_in(arena);

	signatures_print(set, &t);
	assert_string_equal(text_str(&t), expected);
}

static void parsed(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct constraints c = { .rsa_bits = 7 };
		struct text why = text_in(&arena);
		enum err e = constraints_parse(rows[i].text, &c, &why);

		assert_int_equal(e, rows[i].error ? ERR_SYNTAX : ERR_OK);
		if (rows[i].error) {
			if (!strstr(text_str(&why), rows[i].error))
				fail_msg("%s", text_str(&why));
			assert_int_equal(c.rsa_bits, 7);
			continue;
		}
		set_is(c.chain, rows[i].chain, &arena);
		set_is(c.ike, rows[i].ike, &arena);
	}
	arena_free(&arena);
}

static const struct key_row {
	const char *constraints;
	enum key_type type;
	unsigned bits;
	const char *wanted; /* NULL: admitted */
} key_rows[] = {
	{ "pubkey", KEY_ED448, 456, NULL },
	{ "rsa-3072", KEY_RSA, 3072, NULL },
	{ "rsa-3072", KEY_RSA, 2048, "a key of type rsa with at least 3072 bits" },
	{ "rsa-3072", KEY_ECDSA, 256, "a key of type rsa" },
	{ "rsa-3072-ecdsa-384", KEY_ECDSA, 256, "a key of type ecdsa with at least 384 bits" },
	{ "rsa-3072-ecdsa-384", KEY_ECDSA, 384, NULL },
	{ "pubkey-sha256-rsa-3072", KEY_ECDSA, 256,
		"a key of type rsa or ed25519 or ed448 or mldsa44 or mldsa65 or mldsa87" },
	{ "pubkey-sha256-rsa-3072", KEY_ED25519, 256, NULL },
	{ "sha256-rsa-3072", KEY_ED25519, 256, NULL },
	{ "ed25519", KEY_ED25519, 256, NULL },
	{ "ed25519", KEY_RSA, 4096, "a key of type ed25519" },
	{ "RSA-3072", KEY_RSA, 3072, NULL },
};

static void keys_admitted(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof key_rows / sizeof *key_rows; i++) {
		const struct key_row *row = &key_rows[i];
		struct text why = text_in(&arena);
		struct constraints c;

		assert_int_equal(constraints_parse(row->constraints, &c, &why), ERR_OK);
		assert_int_equal(constraints_key(&c, row->type, row->bits, &why), !row->wanted);
		assert_string_equal(text_str(&why), row->wanted ? row->wanted : "");
	}
	arena_free(&arena);
}

static void none_admits_all(void **state)
{
	struct constraints none = { 0 };
	struct arena arena = { 0 };
	struct text why = text_in(&arena);

	(void)state;
	for (unsigned t = 0; t < KEY_TYPES; t++)
		assert_true(constraints_key(&none, t, 0, &why));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parsed),
		cmocka_unit_test(keys_admitted),
		cmocka_unit_test(none_admits_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
