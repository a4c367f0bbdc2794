/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Announced authentication methods, octet by octet (RFC 9593, 3.2). */
#include "unit.h"

#include "hex.h"
#include "model/announce.h"

static struct arena arena;

static int forget(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

static struct announced of(const char *text)
{
	uint8_t *p = arena_alloc(&arena, strlen(text) + 1);

	return announce_get(bytes_of(p, hex(text, p, strlen(text) + 1)));
}

static const struct row {
	const char *name, *octets;
	const char *means; /* NULL: nothing is said */
} rows[] = {
	{ "a shared key", "0202", "psk" },
	{ "RSA as of old, whatever its hash", "030100", "classic rsa-sha1, classic rsa-sha256" },
	{ "linked to an authority", "030901", "classic ecdsa-256" },
	{ "a digital signature", "0a0e00 3005 06032b6570", "ed25519" },
	{ "RSASSA-PSS as RFC 7427 has it",
		"4b0e00 3046 06092a864886f70d01010a 3039 a00f300d06096086480165030402020500"
		"a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130a303020101",
		"rsa/pss-sha384" },
	{ "and in DER, as libreswan says it",
		"460e00 3041 06092a864886f70d01010a 3034 a00f300d06096086480165030402020500"
		"a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130",
		"rsa/pss-sha384" },
	{ "several", "0202 030a00 0a0e00300506032b6571", "psk, ed448, classic ecdsa-384" },
	{ "what nobody knows is left out", "020d 03c800 0a0e00300506032b6572 0202", "psk" },
	{ "only what nobody knows", "020d", "nothing that is known here" },
	{ "without algorithm", "030e00 0202", "psk" },
	{ "none", "", NULL },
	{ "no length", "00", NULL },
	{ "a length without its method", "01", NULL },
	{ "a length that leads nowhere", "0202 000d", NULL },
	{ "a length that leads too far", "0202 0a0e00300506032b65", NULL },
};

static void what_is_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct announced a = of(rows[i].octets);

		if (a.said != (rows[i].means != NULL))
			fail_msg("%s: %d", rows[i].name, a.said);
		if (rows[i].means && strcmp(announce_print(&a, &arena), rows[i].means) != 0)
			fail_msg("%s: %s", rows[i].name, announce_print(&a, &arena));
	}
}

static struct announced of_constraints(const char *text)
{
	struct text why = text_in(&arena);
	struct constraints c = { 0 };

	if (*text && constraints_parse(text, &c, &why))
		fail_msg("%s", text_str(&why));
	return (struct announced){ .schemes = schemes_admitted(&c, &arena) };
}

/* What one says the other hears. */
static void said_and_heard(void **state)
{
	static const char *const texts[] = { "", "pubkey", "pubkey-sha256", "rsa", "rsa-3072-sha384",
		"ecdsa-256", "ed25519", "ed448-ecdsa", "ike:pubkey-sha512" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct announced a = of_constraints(texts[i]), b = announce_get(announce_put(&a, &arena));

		/* Of a classic method every hash is heard, whichever was meant. */
		assert_true(b.said);
		assert_int_equal(a.schemes & ~b.schemes, 0);
		assert_true(bytes_eq(announce_put(&a, &arena), announce_put(&b, &arena)));
	}
}

static void what_a_connection_takes(void **state)
{
	struct announced all = of_constraints(""), a = of_constraints("ecdsa-sha256");

	(void)state;
	assert_int_equal(all.schemes, (1u << SCHEMES) - 1);
	assert_string_equal(announce_print(&a, &arena), "ecdsa-sha256, classic ecdsa-256");
	a = of_constraints("ed25519-rsa/pss");
	assert_string_equal(announce_print(&a, &arena),
		"rsa-sha256, rsa-sha384, rsa-sha512, rsa/pss-sha256, rsa/pss-sha384, rsa/pss-sha512, "
		"ed25519, classic rsa-sha1, classic rsa-sha256");
}

static void octets(void **state)
{
	uint8_t wanted[64];
	struct announced a = of("0202 0a0e00300506032b6570 030100");
	struct bytes b = announce_put(&a, &arena);
	size_t n = hex("0a0e00300506032b6570 030100 0202", wanted, sizeof wanted);

	(void)state;
	assert_int_equal(b.n, n);
	assert_memory_equal(b.p, wanted, n);
	assert_int_equal(announce_put(&(struct announced){ 0 }, &arena).n, 0);
}

/* Who compares octets may know one of the two. */
static void rsassa_pss_is_said_both_ways(void **state)
{
	enum { AS_IN_THE_RFC = 3 + 72, IN_DER = 3 + 67 };
	struct announced a = of_constraints("ike:rsa/pss-sha384");
	struct bytes b = announce_put(&a, &arena);

	(void)state;
	assert_string_equal(announce_print(&a, &arena), "rsa/pss-sha384");
	assert_int_equal(b.n, AS_IN_THE_RFC + IN_DER);
	for (unsigned at = 0; at < b.n; at += b.p[at]) {
		struct announced one = announce_get(bytes_of(b.p + at, b.p[at]));

		assert_int_equal(one.schemes, a.schemes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_is_said, forget),
		cmocka_unit_test_teardown(said_and_heard, forget),
		cmocka_unit_test_teardown(what_a_connection_takes, forget),
		cmocka_unit_test_teardown(octets, forget),
		cmocka_unit_test_teardown(rsassa_pss_is_said_both_ways, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
