/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals from keywords: what is taken, and the sentences of what is not. */
#include "tests/unit/unit.h"

#include "model/proposal.h"

static struct arena arena;

static int clear(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct proposals parse(uint8_t protocol, const char *words)
{
	struct proposals p = { 0 };
	struct text why = text_in(&arena);

	if (proposal_parse(words, protocol, &arena, &p, &why))
		fail_msg("%s", text_str(&why));
	return p;
}

static const char *again(uint8_t protocol, const char *words)
{
	return proposals_print(parse(protocol, words), &arena);
}

/* The sentence of the refusal. */
static const char *refusal(uint8_t protocol, const char *words)
{
	struct proposals p = { 0 };
	struct text why = text_in(&arena);

	assert_int_equal(proposal_parse(words, protocol, &arena, &p, &why), ERR_SYNTAX);
	assert_int_equal(p.n, 0);
	return text_str(&why);
}

static void keywords_come_back(void **state)
{
	(void)state;
	assert_string_equal(again(PROTO_IKE, "aes256gcm16-prfsha384-ecp384"), "aes256gcm16-prfsha384-ecp384");
	assert_string_equal(again(PROTO_IKE, "aes256-aes128-sha256-prfsha512-x25519"),
		"aes256-aes128-sha256-prfsha512-x25519");
	assert_string_equal(again(PROTO_ESP, "aes128gcm16-esn-noesn"), "aes128gcm16-esn-noesn");
	assert_string_equal(again(PROTO_ESP, "aes-sha2_256-curve25519"), "aes128-sha256-x25519");
	assert_string_equal(again(PROTO_IKE, "ecp256-prfsha256-aes128gcm16"), "aes128gcm16-prfsha256-ecp256");
	assert_string_equal(again(PROTO_ESP, "aes128gcm16-ecp256-none"), "aes128gcm16-ecp256-none");
}

/* The keywords of strongSwan 6; the types come in their order. */
static void additional_key_exchanges(void **state)
{
	struct proposals p =
		parse(PROTO_IKE, "aes256gcm16-prfsha384-ke7_modp2048-ke1_ecp384-KE1_none-x25519");

	(void)state;
	assert_string_equal(
		proposals_print(p, &arena), "aes256gcm16-prfsha384-x25519-ke1_ecp384-ke1_none-ke7_modp2048");
	assert_int_equal(p.v[0].v[3].type, TRANSFORM_KE1);
	assert_int_equal(p.v[0].v[5].type, TRANSFORM_KE7);
	assert_true(proposals_have_more(p));
	assert_true(proposal_demands_more(&p.v[0]));
	assert_false(proposals_have_more(parse(PROTO_IKE, "aes256gcm16-prfsha384-x25519")));
	p = parse(PROTO_ESP, "aes128gcm16-x25519-ke3_ecp256-ke3_none");
	assert_string_equal(proposals_print(p, &arena), "aes128gcm16-x25519-ke3_ecp256-ke3_none");
	assert_false(proposal_demands_more(&p.v[0]));
	assert_false(proposals_have_more(proposals_without_ke(p, &arena)));
}

static void additional_key_exchanges_that_are_none(void **state)
{
	(void)state;
	assert_string_equal(refusal(PROTO_ESP, "aes128gcm16-ke1_ecp256"),
		"aes128gcm16-ke1_ecp256 has an additional key exchange (\"ke1_\") and no first one: add one, "
		"as in "
		"aes128gcm16-x25519-ke1_ecp256");
	assert_string_equal(refusal(PROTO_ESP, "aes128gcm16-x25519-ke1_sha256"),
		"aes128gcm16-x25519-ke1_sha256: \"ke1_sha256\" is no key exchange: \"ke1_\" to \"ke7_\" "
		"stand before "
		"those only");
	assert_string_equal(refusal(PROTO_ESP, "aes128gcm16-x25519-ke1_ecp256-ke1_ecp256"),
		"aes128gcm16-x25519-ke1_ecp256-ke1_ecp256: \"ke1_ecp256\" stands there twice: take one out");
	assert_non_null(strstr(refusal(PROTO_ESP, "aes128gcm16-x25519-ke8_ecp256"), "\"ke8_ecp256\""));
	assert_non_null(
		strstr(refusal(PROTO_ESP, "aes128gcm16-x25519-ke1_ecp255"), "did you mean \"ecp256\"?"));
}

static void ike_takes_its_prf_from_the_integrity_words(void **state)
{
	(void)state;
	assert_string_equal(again(PROTO_IKE, "aes256-sha512-sha256-x25519"),
		"aes256-sha512-sha256-prfsha512-prfsha256-x25519");
	assert_string_equal(
		again(PROTO_IKE, "aes256-sha256-prfsha384-x25519"), "aes256-sha256-prfsha384-x25519");
	assert_string_equal(again(PROTO_IKE, "aes256-sha-modp2048"), "aes256-sha1-prfsha1-modp2048");
}

static void esp_without_a_word_means_no_esn(void **state)
{
	struct proposals p = parse(PROTO_ESP, "aes128gcm16");

	(void)state;
	assert_int_equal(p.v[0].n, 2);
	assert_int_equal(p.v[0].v[1].type, TRANSFORM_ESN);
	assert_int_equal(p.v[0].v[1].id, ESN_NO);
	assert_string_equal(proposals_print(p, &arena), "aes128gcm16");
	p = parse(PROTO_ESP, "aes128gcm16-esn");
	assert_int_equal(p.v[0].n, 2);
	assert_int_equal(p.v[0].v[1].id, ESN_YES);
}

static void proposals_are_counted_from_one(void **state)
{
	struct proposals p = { 0 };
	struct text why = text_in(&arena);

	(void)state;
	assert_int_equal(proposal_parse("aes128gcm16", PROTO_ESP, &arena, &p, &why), ERR_OK);
	assert_int_equal(proposal_parse("default", PROTO_ESP, &arena, &p, &why), ERR_OK);
	assert_int_equal(p.n, 3);
	for (unsigned i = 0; i < p.n; i++) {
		assert_int_equal(p.v[i].num, i + 1);
		assert_int_equal(p.v[i].protocol, PROTO_ESP);
	}
}

static void the_default_is_an_aead_and_then_a_cipher_with_a_mac(void **state)
{
	static const uint8_t protocols[] = { PROTO_IKE, PROTO_ESP };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct proposals p = proposal_default(protocols[i], &arena);
		unsigned more = protocols[i] == PROTO_IKE; /* the one with an additional key exchange */

		assert_int_equal(p.n, 2 + more);
		assert_int_equal(proposals_have_more(p), more);
		assert_int_equal(p.v[0].v[0].id, ENCR_AES_GCM_16);
		assert_int_equal(p.v[more].v[0].id, ENCR_AES_GCM_16);
		assert_int_equal(p.v[more + 1].v[0].id, ENCR_AES_CBC);
		assert_string_equal(again(protocols[i], "default"), proposals_print(p, &arena));
		assert_null(strstr(proposals_print(p, &arena), "sha1"));
	}
}

static void too_many_proposals_are_refused(void **state)
{
	struct proposals p = { 0 };
	struct text why = text_in(&arena);

	(void)state;
	for (int i = 0; i < PROPOSALS_MAX; i++)
		assert_int_equal(proposal_parse("aes128gcm16", PROTO_ESP, &arena, &p, &why), ERR_OK);
	assert_int_equal(proposal_parse("aes128gcm16", PROTO_ESP, &arena, &p, &why), ERR_SYNTAX);
	assert_string_equal(text_str(&why), "aes128gcm16: there are more than 64 proposals: leave some out");
	assert_int_equal(p.n, PROPOSALS_MAX);
}

static void what_is_missing_is_said_with_an_example(void **state)
{
	(void)state;
	assert_string_equal(refusal(PROTO_IKE, "aes256gcm16-ecp384"),
		"aes256gcm16-ecp384 has no PRF: add one, as in aes256gcm16-prfsha384-ecp384");
	assert_string_equal(refusal(PROTO_IKE, "aes256gcm16-prfsha256"),
		"aes256gcm16-prfsha256 has no key exchange: add one, as in aes256gcm16-prfsha256-x25519");
	assert_string_equal(refusal(PROTO_IKE, "sha256-x25519"),
		"sha256-x25519 has no cipher: add one, as in aes256-sha256-x25519");
	assert_string_equal(refusal(PROTO_ESP, "aes256-ecp256"),
		"aes256-ecp256 has no integrity algorithm: add one, as in aes256-sha256-ecp256");
	assert_string_equal(
		refusal(PROTO_ESP, "noesn"), "noesn has no cipher: add one, as in aes256gcm16-noesn");
}

/* As strongSwan has it; in IKE it is a well-known slip, and means the PRF. */
static void an_integrity_word_beside_an_aead_says_little(void **state)
{
	static const struct {
		uint8_t protocol;
		const char *words, *same;
	} rows[] = {
		{ PROTO_IKE, "aes256gcm16-sha384-ecp384", "aes256gcm16-prfsha384-ecp384" },
		{ PROTO_IKE, "aes256gcm16-sha384-prfsha256-ecp384", "aes256gcm16-prfsha256-ecp384" },
		{ PROTO_ESP, "aes128gcm16-sha256-ecp256", "aes128gcm16-ecp256" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
			proposals_print(parse(rows[i].protocol, rows[i].words), &arena), rows[i].same);
}

static void the_example_of_a_refusal_is_taken(void **state)
{
	static const char *const bad[] = { "aes256gcm16-ecp384", "x25519", "aes256-x25519",
		"aes256gcm16-prfsha256", "sha512-modp3072", "aes256gcm16-aes128gcm16-x25519" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const char *why = refusal(PROTO_IKE, bad[i]), *example = strrchr(why, ' ') + 1;

		for (int rounds = 0; rounds < 2 && strstr(why, ": add one"); rounds++) {
			struct proposals p = { 0 };
			struct text next = text_in(&arena);

			if (!proposal_parse(example, PROTO_IKE, &arena, &p, &next))
				break;
			why = text_str(&next);
			example = strrchr(why, ' ') + 1;
		}
		parse(PROTO_IKE, example);
	}
}

static void ciphers_of_two_kinds_do_not_mix(void **state)
{
	(void)state;
	assert_string_equal(refusal(PROTO_ESP, "aes256gcm16-aes256-sha256"),
		"aes256gcm16-aes256-sha256 mixes aes256gcm16, which needs no integrity algorithm, with "
		"aes256, which "
		"does: write two proposals, one for each, separated by a comma");
}

static void unknown_words_find_their_neighbour(void **state)
{
	(void)state;
	assert_string_equal(refusal(PROTO_IKE, "aes256gmc16-prfsha384-ecp384"),
		"aes256gmc16-prfsha384-ecp384: \"aes256gmc16\" is no algorithm that this program has; did "
		"you mean "
		"\"aes256gcm16\"?");
	assert_string_equal(refusal(PROTO_ESP, "blowfish-sha256"),
		"blowfish-sha256: \"blowfish\" is no algorithm that this program has: take it out");
	assert_null(strstr(refusal(PROTO_ESP, "aes256gcm16-prfsha25"), "prfsha256"));
}

static void words_of_the_other_protocol_are_refused(void **state)
{
	(void)state;
	assert_string_equal(refusal(PROTO_ESP, "aes256gcm16-prfsha256"),
		"aes256gcm16-prfsha256: \"prfsha256\" has no place in an ESP proposal: take it out");
	assert_string_equal(refusal(PROTO_IKE, "aes256gcm16-prfsha256-x25519-esn"),
		"aes256gcm16-prfsha256-x25519-esn: \"esn\" has no place in an IKE proposal: take it out");
	assert_string_equal(refusal(PROTO_IKE, "aes256gcm16-prfsha256-x25519-none"),
		"aes256gcm16-prfsha256-x25519-none: IKE cannot do without a key exchange: take out \"none\"");
}

static void repeated_and_empty_words_are_refused(void **state)
{
	(void)state;
	assert_string_equal(refusal(PROTO_ESP, "aes128-aes-sha256"),
		"aes128-aes-sha256: \"aes\" stands there twice: take one out");
	assert_non_null(strstr(refusal(PROTO_ESP, "aes128--sha256"), "a word is missing"));
	assert_non_null(strstr(refusal(PROTO_ESP, ""), "a word is missing"));
	assert_non_null(strstr(refusal(PROTO_IKE, "aes128-"), "aes256gcm16-prfsha384-ecp384"));
}

static void transforms_that_we_do_not_have_are_named(void **state)
{
	static const struct xform v[] = { { 1, 3, 0 }, { 1, 99, 128 }, { 1, 18, 256 }, { 3, 1, 0 },
		{ 4, 2, 0 }, { 4, 999, 0 }, { 7, 999, 0 }, { 13, 1, 0 } };
	const struct proposal p = { .protocol = PROTO_IKE, .v = v, .n = sizeof v / sizeof v[0] };

	(void)state;
	assert_string_equal(proposal_print(&p, &arena),
		"3des-encr:99/128-aesgcm8/256-md5-modp1024-ke:999-ke2_ke:999-type13:1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(keywords_come_back, clear),
		cmocka_unit_test_teardown(additional_key_exchanges, clear),
		cmocka_unit_test_teardown(additional_key_exchanges_that_are_none, clear),
		cmocka_unit_test_teardown(ike_takes_its_prf_from_the_integrity_words, clear),
		cmocka_unit_test_teardown(esp_without_a_word_means_no_esn, clear),
		cmocka_unit_test_teardown(proposals_are_counted_from_one, clear),
		cmocka_unit_test_teardown(the_default_is_an_aead_and_then_a_cipher_with_a_mac, clear),
		cmocka_unit_test_teardown(too_many_proposals_are_refused, clear),
		cmocka_unit_test_teardown(what_is_missing_is_said_with_an_example, clear),
		cmocka_unit_test_teardown(an_integrity_word_beside_an_aead_says_little, clear),
		cmocka_unit_test_teardown(the_example_of_a_refusal_is_taken, clear),
		cmocka_unit_test_teardown(ciphers_of_two_kinds_do_not_mix, clear),
		cmocka_unit_test_teardown(unknown_words_find_their_neighbour, clear),
		cmocka_unit_test_teardown(words_of_the_other_protocol_are_refused, clear),
		cmocka_unit_test_teardown(repeated_and_empty_words_are_refused, clear),
		cmocka_unit_test_teardown(transforms_that_we_do_not_have_are_named, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
