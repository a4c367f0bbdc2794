/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Proposals that name algorithms we do not have. */
#include "tests/unit/unit.h"

#include "base/text.h"
#include "model/proposal.h"
#include "model/proposal_foreign.h"

static void words_we_lack_are_taken_out(void **state)
{
	static const struct {
		const char *words, *left, *foreign;
		uint8_t protocol;
	} rows[] = {
		{ "aes256-sha256-ecp256", "aes256-sha256-ecp256", NULL, PROTO_IKE },
		{ "aes256-bogus-ecp256", "aes256-bogus-ecp256", NULL, PROTO_IKE },
		{ "aes256-md5-sha256-modp768-modp2048", "aes256-sha256-modp2048", "md5", PROTO_IKE },
		{ "aes256-md5-modp2048", "", "md5", PROTO_IKE },
		{ "aes256-sha1_160-sha-modp2048", "aes256-sha-modp2048", "sha1_160", PROTO_IKE },
		{ "aes256-sha256-modp768", "", "modp768", PROTO_IKE },
		{ "aes256-sha256-modp768", "", "modp768", PROTO_ESP },
		{ "AES256CTR-aes256-sha256", "aes256-sha256", "AES256CTR", PROTO_ESP },
		{ "aes128ccm16-aes128gcm16", "aes128gcm16", "aes128ccm16", PROTO_ESP },
		{ "aes64ccm16-aes128gcm16", "aes64ccm16-aes128gcm16", NULL, PROTO_ESP },
		{ "camellia192-sha256", "", "camellia192", PROTO_ESP },
		{ "null-sha256", "", "null", PROTO_ESP },
		{ "aes256-sha512-x25519-ke1_newhope128", "", "ke1_newhope128", PROTO_IKE },
		{ "aes256-sha512-x25519-ke1_newhope128-ke1_mlkem768", "aes256-sha512-x25519-ke1_mlkem768",
			"ke1_newhope128", PROTO_IKE },
		{ "aes256-sha256-prfmd5-prfsha256-x25519", "aes256-sha256-prfsha256-x25519", "prfmd5",
			PROTO_IKE },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *foreign;

		assert_string_equal(
			proposal_without_foreign(rows[i].words, rows[i].protocol, &arena, &foreign),
			rows[i].left);
		assert_int_equal(!foreign, !rows[i].foreign);
		if (foreign)
			assert_string_equal(foreign, rows[i].foreign);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_we_lack_are_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
