/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The vectors of RFC 2759, 9.2, and RFC 3079, 3.5.3; the receive key computed with Python's hashlib from its
 * definition. */
#include "unit.h"

#include "eap/mschap.h"
#include "hex.h"

static struct mschap rfc_2759(void)
{
	struct mschap m = { .user = bytes_str("User") };

	hex("5B5D7C7D7B3F2F3E3C2C602132262628", m.challenge, sizeof m.challenge);
	hex("21402324255E262A28295F2B3A337C7E", m.peer_challenge, sizeof m.peer_challenge);
	assert_true(mschap_nt_hash(bytes_str("clientPass"), m.hash));
	return m;
}

static void assert_is(const void *got, const char *expected)
{
	uint8_t octets[128];
	size_t n = hex(expected, octets, sizeof octets);

	assert_memory_equal(got, octets, n);
}

static void it_is_rfc_2759s(void **state)
{
	struct mschap m = rfc_2759();
	uint8_t response[MSCHAP_RESPONSE];
	char proof[MSCHAP_PROOF];

	(void)state;
	assert_is(m.hash, "44EBBA8D5312B8D611474411F56989AE");
	assert_true(mschap_response(&m, response));
	assert_is(response, "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF");
	assert_true(mschap_proof(&m, response, proof));
	assert_memory_equal(proof, "S=407A5589115FD0D6209F510FE9C04566932CDA56", MSCHAP_PROOF);
}

static void its_keys_are_rfc_3079s(void **state)
{
	struct mschap m = rfc_2759();
	uint8_t response[MSCHAP_RESPONSE], msk[EAP_MSK], zeros[32] = { 0 };

	(void)state;
	assert_true(mschap_response(&m, response));
	assert_true(mschap_msk(&m, response, msk));
	assert_is(msk, "D5F0E9521E3EA9589645E86051C82226");
	assert_is(msk + 16, "8B7CDC149B993A1BA118CB153F56DCCB");
	assert_memory_equal(msk + 32, zeros, sizeof zeros);
}

/* Beyond ASCII, in UTF-16 with surrogates: hashes computed with Python. */
static void passwords_are_utf_8(void **state)
{
	static const char *const bad[] = { "\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xff", "\xe2\x82", "\xe0\x80\x80" };
	char most[EAP_MAX_PASSWORD + 2];
	uint8_t hash[MSCHAP_HASH];

	(void)state;
	assert_true(mschap_nt_hash(bytes_str("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x94\x91"), hash));
	assert_is(hash, "E973A4672F139EECEBBF0D94C3581080");
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(mschap_nt_hash(bytes_str(bad[i]), hash));
	memset(most, 'a', sizeof most);
	assert_true(mschap_nt_hash(bytes_of(most, EAP_MAX_PASSWORD), hash));
	assert_false(mschap_nt_hash(bytes_of(most, EAP_MAX_PASSWORD + 1), hash));
}

static void domains_do_not_count(void **state)
{
	(void)state;
	assert_true(bytes_eq(mschap_user(bytes_str("OFFICE\\alice")), bytes_str("alice")));
	assert_true(bytes_eq(mschap_user(bytes_str("alice@office")), bytes_str("alice@office")));
	assert_int_equal(mschap_user(bytes_str("OFFICE\\")).n, 0);
	assert_int_equal(mschap_user(bytes_of(NULL, 0)).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_rfc_2759s),
		cmocka_unit_test(its_keys_are_rfc_3079s),
		cmocka_unit_test(passwords_are_utf_8),
		cmocka_unit_test(domains_do_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
