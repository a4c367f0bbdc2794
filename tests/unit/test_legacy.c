/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MD4 against RFC 1320, A.5; DES against the vectors of NIST SP 800-17 and against what MSCHAPv2 makes of it
 * (RFC 2759, 9.2, in test_mschap). */
#include "unit.h"

#include "crypto/legacy.h"
#include "hex.h"

static const struct {
	const char *text, *digest;
} md4_vectors[] = {
	{ "", "31d6cfe0d16ae931b73c59d7e0c089c0" },
	{ "a", "bde52cb31de33e46245e05fbdbd6fb24" },
	{ "abc", "a448017aaf21d8525fc10ae87aa6729d" },
	{ "message digest", "d9130a8164549fe818874806e1c7014b" },
	{ "abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9" },
	{ "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
		"043f8582f241db351ce627e153e7f0e4" },
	{ "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		"e33b4ddc9c38f2199c3e7b164fcc0536" },
};

static void md4_is_rfc_1320s(void **state)
{
	uint8_t out[MD4_OUT], expected[MD4_OUT];

	(void)state;
	for (unsigned i = 0; i < sizeof md4_vectors / sizeof *md4_vectors; i++) {
		hex(md4_vectors[i].digest, expected, sizeof expected);
		md4(bytes_str(md4_vectors[i].text), out);
		assert_memory_equal(out, expected, MD4_OUT);
	}
}

/* Key, plain text, cipher: variable key, variable text, permutation and substitution tables; the classic one.
 */
static const char *const des_vectors[][3] = {
	{ "8001010101010101", "0000000000000000", "95A8D72813DAA94D" },
	{ "0101010101010102", "0000000000000000", "869EFD7F9F265A09" },
	{ "0101010101010101", "8000000000000000", "95F8A5E5DD31D900" },
	{ "0101010101010101", "0000000000000001", "166B40B44ABA4BD6" },
	{ "1046913489980131", "0000000000000000", "88D55E54F54C97B4" },
	{ "7CA110454A1A6E57", "01A1D6D039776742", "690F5B0D9A26939B" },
	{ "0131D9619DC1376E", "5CD54CA83DEF57DA", "7A389D10354BD271" },
	{ "07A1133E4A0B2686", "0248D43806F67172", "868EBB51CAB4599A" },
	{ "133457799BBCDFF1", "0123456789ABCDEF", "85E813540F0AB405" },
};

static void des_is_nists(void **state)
{
	uint8_t key[DES_KEY], block[DES_BLOCK], expected[DES_BLOCK];

	(void)state;
	for (unsigned i = 0; i < sizeof des_vectors / sizeof *des_vectors; i++) {
		hex(des_vectors[i][0], key, sizeof key);
		hex(des_vectors[i][1], block, sizeof block);
		hex(des_vectors[i][2], expected, sizeof expected);
		des(key, block, block);
		assert_memory_equal(block, expected, DES_BLOCK);
		key[0] ^= 1;
		hex(des_vectors[i][1], block, sizeof block);
		des(key, block, block);
		assert_memory_equal(block, expected, DES_BLOCK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(md4_is_rfc_1320s),
		cmocka_unit_test(des_is_nists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
