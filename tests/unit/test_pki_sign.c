/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signatures in AUTH payloads: the octets of RFC 7427, appendix A, and RFC 8420; what is chosen; what is
 * refused. */
#include "unit.h"

#include "crypto/sign.h"
#include "hex.h"
#include "pki/sign.h"
#include "pki_maker.h"

#define CASE(function, row) ((struct CMUnitTest){ (row).name, function, NULL, NULL, (void *)&(row) })
#define COUNT(table)        (sizeof(table) / sizeof *(table))

/* RFC 7427, A.1 to A.4; RFC 8420, appendix A; ML-DSA as RFC 9881, 2, has it. */
static const struct vector {
	const char *name, *algid;
} vectors[] = {
	{ "rsa-sha256", "300d06092a864886f70d01010b0500" },
	{ "rsa-sha384", "300d06092a864886f70d01010c0500" },
	{ "rsa-sha512", "300d06092a864886f70d01010d0500" },
	{ "ecdsa-sha256", "300a06082a8648ce3d040302" },
	{ "ecdsa-sha384", "300a06082a8648ce3d040303" },
	{ "ecdsa-sha512", "300a06082a8648ce3d040304" },
	{ "rsa/pss-sha256", "304606092a864886f70d01010a3039a00f300d06096086480165030402010500"
			    "a11c301a06092a864886f70d010108300d06096086480165030402010500"
			    "a203020120a303020101" },
	{ "ed25519", "300506032b6570" },
	{ "ed448", "300506032b6571" },
	{ "mldsa44", "300b0609608648016503040311" },
	{ "mldsa65", "300b0609608648016503040312" },
	{ "mldsa87", "300b0609608648016503040313" },
};

static const struct scheme *scheme_of(const char *name)
{
	for (const struct scheme *s = schemes; s < schemes + SCHEMES; s++)
		if (!strcmp(s->name, name))
			return s;
	fail_msg("no scheme %s", name);
	return NULL;
}

static void algid(void **state)
{
	const struct vector *v = *state;
	const struct scheme *s = scheme_of(v->name);
	uint8_t octets[128];

	assert_int_equal(hex(v->algid, octets, sizeof octets), s->algid_n);
	assert_memory_equal(octets, s->algid, s->algid_n);
}

static const char text[] = "these octets are to be signed";
#define OCTETS bytes_of(text, sizeof text - 1)

/* Choosing. */

#define ANNOUNCED(length, method, algid) length method "00" algid
#define ECDSA_SHA384                     "300a06082a8648ce3d040303"
#define PSS_SHA256                                                                                           \
	"304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d010108"     \
	"300d06096086480165030402010500a203020120a303020101"

static const struct choice {
	const char *name, *key, *constraints;
	uint32_t hashes;
	bool pss;
	const char *chosen; /* NULL: none */
	const char *says;
} choices[] = {
	{ "RSA-2048 takes SHA-256", "RSA-2048", "pubkey", 0x1e, false, "rsa-sha256", NULL },
	{ "a stronger hash rather than none", "RSA-2048", "pubkey", 0x10, false, "rsa-sha512", NULL },
	{ "the nearest of the stronger", "RSA-2048", "pubkey", 0x18, false, "rsa-sha384", NULL },
	{ "PSS where it is preferred", "RSA-2048", "pubkey", 0x1e, true, "rsa/pss-sha256", NULL },
	{ "PSS where it is demanded", "RSA-2048", "rsa/pss-sha384", 0x1e, false, "rsa/pss-sha384", NULL },
	{ "P-256 takes SHA-256", "P-256", "pubkey", 0x1e, false, "ecdsa-sha256", NULL },
	{ "P-384 takes SHA-384", "P-384", "pubkey", 0x1e, false, "ecdsa-sha384", NULL },
	{ "P-521 takes SHA-512", "P-521", "pubkey", 0x1e, false, "ecdsa-sha512", NULL },
	{ "a weaker hash rather than none", "P-521", "pubkey", 0x04, false, "ecdsa-sha256", NULL },
	{ "the hash that is demanded", "P-256", "pubkey-sha512", 0x1e, false, "ecdsa-sha512", NULL },
	{ "ike: binds AUTH only", "P-256", "ike:ecdsa-sha384", 0x1e, false, "ecdsa-sha384", NULL },
	{ "Ed25519", "ED25519", "pubkey", 0x3e, false, "ed25519", NULL },
	{ "Ed448", "ED448", "pubkey", 0x3e, false, "ed448", NULL },
	{ "Ed25519 without identity", "ED25519", "pubkey", 0x1e, false, NULL,
		"there is no way to sign with our key (Ed25519); offered: hashes of the peer: sha1, sha256, "
		"sha384, "
		"sha512" },
	{ "classic RSA", "RSA-2048", "pubkey", 0, false, "classic rsa-sha1", NULL },
	{ "classic RSA with SHA-256 demanded", "RSA-2048", "pubkey-sha256", 0, false, "classic rsa-sha256",
		NULL },
	{ "classic P-256", "P-256", "pubkey", 0, false, "classic ecdsa-256", NULL },
	{ "classic P-384", "P-384", "pubkey", 0, false, "classic ecdsa-384", NULL },
	{ "classic P-521", "P-521", "pubkey", 0, false, "classic ecdsa-521", NULL },
	{ "no classic Ed25519", "ED25519", "pubkey", 0, false, NULL,
		"it takes the classic RSA and ECDSA only" },
	{ "SHA-1 is for the classic method", "RSA-2048", "pubkey", 0x02, false, NULL,
		"hashes of the peer: sha1" },
	{ "constraints that our key has not", "P-256", "rsa-sha256", 0x1e, false, NULL,
		"configured: rsa-sha256" },
};

/* The peer's announcement in hexadecimal, beside the hashes of SHA-2. */
static const struct heard {
	const char *name, *key, *announced;
	const char *chosen; /* NULL: none */
	const char *says;
} heard[] = {
	{ "PSS where only that is announced", "RSA-2048", ANNOUNCED("4b", "0e", PSS_SHA256), "rsa/pss-sha256",
		NULL },
	{ "a hash that is announced", "P-256", ANNOUNCED("0f", "0e", ECDSA_SHA384), "ecdsa-sha384", NULL },
	{ "a classic method beside hashes", "P-256", ANNOUNCED("03", "09", ""), "classic ecdsa-256", NULL },
	{ "no classic method where both are announced", "RSA-2048",
		ANNOUNCED("03", "01", "") ANNOUNCED("4b", "0e", PSS_SHA256), "rsa/pss-sha256", NULL },
	{ "nothing of what is announced", "P-256", "0202" ANNOUNCED("4b", "0e", PSS_SHA256), NULL,
		"offered: proofs that the peer takes: psk, rsa/pss-sha256; instead: a key for what the peer "
		"takes" },
	{ "what nobody knows", "P-256", "02ff", NULL,
		"proofs that the peer takes: nothing that is known here" },
};

static struct constraints constraints_of(const char *s)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena);
	struct constraints c;

	if (constraints_parse(s, &c, &why))
		fail_msg("%s", text_str(&why));
	arena_free(&arena);
	return c;
}

static void assert_chosen(const char *key, const struct sign_policy *p, const char *chosen, const char *says)
{
	struct key *k = maker_key(key, 0, true);
	struct arena arena = { 0 };
	struct why why = { 0 };
	const struct scheme *s = sign_choose(k, p, &arena, &why);

	if (chosen) {
		assert_non_null(s);
		assert_string_equal(s->name, chosen);
	} else {
		assert_null(s);
		if (!strstr(why_line(&why, &arena), says))
			fail_msg("%s", why_line(&why, &arena));
	}
	key_unref(k);
	arena_free(&arena);
}

static void chosen(void **state)
{
	const struct choice *row = *state;
	struct sign_policy p = {
		.constraints = constraints_of(row->constraints),
		.hashes = row->hashes,
		.prefer_pss = row->pss,
	};

	assert_chosen(row->key, &p, row->chosen, row->says);
}

static void chosen_as_announced(void **state)
{
	const struct heard *row = *state;
	uint8_t said[128];
	struct sign_policy p = {
		.hashes = 0x1c,
		.peer = announce_get(bytes_of(said, hex(row->announced, said, sizeof said))),
	};

	assert_chosen(row->key, &p, row->chosen, row->says);
}

/* Signing and checking. */

static const struct pair {
	const char *name, *key;
} pairs[] = {
	{ "rsa-sha256", "RSA-2048" },
	{ "rsa-sha384", "RSA-2048" },
	{ "rsa-sha512", "RSA-2048" },
	{ "rsa/pss-sha256", "RSA-2048" },
	{ "rsa/pss-sha384", "RSA-2048" },
	{ "rsa/pss-sha512", "RSA-2048" },
	{ "ecdsa-sha256", "P-256" },
	{ "ecdsa-sha384", "P-256" },
	{ "ecdsa-sha512", "P-521" },
	{ "ed25519", "ED25519" },
	{ "ed448", "ED448" },
	{ "mldsa44", "ML-DSA-44" },
	{ "mldsa65", "ML-DSA-65" },
	{ "mldsa87", "ML-DSA-87" },
	{ "classic rsa-sha1", "RSA-2048" },
	{ "classic rsa-sha256", "RSA-2048" },
	{ "classic ecdsa-256", "P-256" },
	{ "classic ecdsa-384", "P-384" },
	{ "classic ecdsa-521", "P-521" },
};

static struct bytes signed_with(const struct key *k, const struct scheme *s, struct arena *arena)
{
	struct bytes auth;
	struct why why = { 0 };

	assert_int_equal(sign_octets(k, s, OCTETS, arena, &auth, &why), ERR_OK);
	return auth;
}

static void signed_and_checked(void **state)
{
	const struct pair *row = *state;
	const struct scheme *s = scheme_of(row->name), *used = NULL;
	struct constraints any = { 0 };
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct key *own, *peer;
	struct bytes auth;
	uint8_t *changed;

	if (!sign_available(s->key))
		skip();
	own = maker_key(row->key, 0, true);
	peer = maker_key(row->key, 0, false);
	auth = signed_with(own, s, &arena);
	assert_int_equal(sign_check(peer, s->method, auth, OCTETS, &any, &arena, &used, &why), ERR_OK);
	assert_ptr_equal(used, s);
	assert_null(why.what);
	assert_int_equal(
		sign_check(peer, s->method, auth, bytes_str("others"), &any, &arena, &used, &why), ERR_AUTH);
	assert_non_null(strstr(why.what, "is not that of its key"));
	changed = (uint8_t *)arena_bytes(&arena, auth).p;
	changed[auth.n - 1] ^= 1;
	assert_int_equal(
		sign_check(peer, s->method, bytes_of(changed, auth.n), OCTETS, &any, &arena, &used, &why),
		ERR_AUTH);
	for (size_t n = 0; n < auth.n; n += 1 + n / 8)
		assert_int_not_equal(
			sign_check(peer, s->method, bytes_of(auth.p, n), OCTETS, &any, &arena, &used, &why),
			ERR_OK);
	key_unref(own);
	key_unref(peer);
	arena_free(&arena);
}

/* r | s of fixed length (RFC 4754, 7). */
static void classic_ecdsa_lengths(void **state)
{
	static const struct {
		const char *key, *scheme;
		size_t n;
	} cases[] = { { "P-256", "classic ecdsa-256", 64 }, { "P-384", "classic ecdsa-384", 96 },
		{ "P-521", "classic ecdsa-521", 132 } };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct key *k = maker_key(cases[i].key, 0, true);

		for (unsigned turn = 0; turn < 20; turn++)
			assert_int_equal(signed_with(k, scheme_of(cases[i].scheme), &arena).n, cases[i].n);
		key_unref(k);
	}
	arena_free(&arena);
}

/* The algorithm's octets as other implementations write them, in front of our signature. */

static const struct variant {
	const char *name, *key, *scheme, *algid; /* the scheme that signs */
	const char *says;                        /* NULL: it is taken */
} variants[] = {
	{ "PKCS#1 without NULL", "RSA-2048", "rsa-sha256", "300b06092a864886f70d01010b", NULL },
	{ "ECDSA with NULL", "P-256", "ecdsa-sha256", "300c06082a8648ce3d0403020500", NULL },
	{ "PSS without the trailer field", "RSA-2048", "rsa/pss-sha256",
		"304106092a864886f70d01010a3034a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
		NULL },
	{ "PSS, hashes without NULL", "RSA-2048", "rsa/pss-sha256",
		"304206092a864886f70d01010a3035a00d300b0609608648016503040201"
		"a11a301806092a864886f70d010108300b0609608648016503040201a203020120a303020101",
		NULL },
	{ "PSS with another trailer", "RSA-2048", "rsa/pss-sha256",
		"304606092a864886f70d01010a3039a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020102",
		"the peer signed with rsassaPss, with parameters that are not taken here" },
	{ "PSS, SHA-1 by default", "RSA-2048", "rsa/pss-sha256", "300d06092a864886f70d01010a3000",
		"with parameters that are not taken here" },
	{ "PSS without parameters", "RSA-2048", "rsa/pss-sha256", "300b06092a864886f70d01010a",
		"with parameters that are not taken here" },
	{ "PSS with two hashes", "RSA-2048", "rsa/pss-sha256",
		"304606092a864886f70d01010a3039a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402020500a203020120a303020101",
		"with parameters that are not taken here" },
	{ "PSS, the wrong salt", "RSA-2048", "rsa/pss-sha256",
		"304606092a864886f70d01010a3039a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402010500a203020114a303020101",
		"is not that of its key" },
	{ "PSS, a negative salt", "RSA-2048", "rsa/pss-sha256",
		"304606092a864886f70d01010a3039a00f300d06096086480165030402010500"
		"a11c301a06092a864886f70d010108300d06096086480165030402010500a2030201ffa303020101",
		"with parameters that are not taken here" },
	{ "PKCS#1 with SHA-1", "RSA-2048", "rsa-sha256", "300d06092a864886f70d0101050500",
		"the peer signed with sha1WithRSAEncryption, with parameters that are not taken here" },
	{ "another hash than it says", "RSA-2048", "rsa-sha256", "300d06092a864886f70d01010c0500",
		"is not that of its key" },
	{ "ECDSA's name with an RSA key", "RSA-2048", "rsa-sha256", "300a06082a8648ce3d040302",
		"the peer signed with ecdsa-sha256, which does not fit its key (RSA 2048 bits)" },
	{ "RSA's name with an ECDSA key", "P-256", "ecdsa-sha256", "300d06092a864886f70d01010b0500",
		"the peer signed with rsa-sha256, which does not fit its key (ECDSA P-256)" },
	{ "octets behind it", "P-256", "ecdsa-sha256", "300a06082a8648ce3d04030200", "is malformed" },
	{ "no algorithm", "P-256", "ecdsa-sha256", "", "is malformed" },
	{ "no sequence", "P-256", "ecdsa-sha256", "0400", "is malformed" },
	{ "an algorithm nobody knows", "P-256", "ecdsa-sha256", "300906072a8648ce3d0409",
		"the peer signed with " },
};

static void variant(void **state)
{
	const struct variant *row = *state;
	const struct scheme *s = scheme_of(row->scheme);
	struct constraints any = { 0 };
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct key *k = maker_key(row->key, 0, true);
	struct bytes ours = signed_with(k, s, &arena);
	size_t skip_n = 1u + s->algid_n, n;
	uint8_t room[1024];

	n = hex(row->algid, room + 1, sizeof room - 1);
	room[0] = (uint8_t)n;
	memcpy(room + 1 + n, ours.p + skip_n, ours.n - skip_n);
	n += 1 + ours.n - skip_n;
	if (!row->says) {
		assert_int_equal(
			sign_check(k, s->method, bytes_of(room, n), OCTETS, &any, &arena, NULL, &why),
			ERR_OK);
	} else {
		assert_int_not_equal(
			sign_check(k, s->method, bytes_of(room, n), OCTETS, &any, &arena, NULL, &why),
			ERR_OK);
		if (!strstr(why.what, row->says))
			fail_msg("%s", why.what);
	}
	key_unref(k);
	arena_free(&arena);
}

/* What the connection admits of what the peer did. */

static const struct admission {
	const char *name, *key, *scheme, *constraints;
	enum err result;
	const char *says;
} admissions[] = {
	{ "the hash that is wanted", "P-256", "ecdsa-sha256", "pubkey-sha256", ERR_OK, NULL },
	{ "another hash", "P-256", "ecdsa-sha256", "pubkey-sha384", ERR_DENIED,
		"the peer signed in a way that the connection does not admit; offered: ecdsa-sha256; "
		"configured: "
		"rsa-sha384, ecdsa-sha384, rsa/pss-sha384" },
	{ "PSS where a hash is named", "RSA-2048", "rsa/pss-sha256", "rsa-sha256", ERR_OK, NULL },
	{ "PKCS#1 where PSS is wanted", "RSA-2048", "rsa-sha256", "rsa/pss-sha256", ERR_DENIED,
		"configured: rsa/pss-sha256" },
	{ "a key of another type", "P-256", "ecdsa-sha256", "rsa", ERR_DENIED,
		"the peer's key is none that the connection admits; offered: ECDSA P-256; configured: a key "
		"of type "
		"rsa" },
	{ "a key that is too small", "RSA-2048", "rsa-sha256", "rsa-3072", ERR_DENIED,
		"configured: a key of type rsa with at least 3072 bits" },
	{ "classic SHA-1", "RSA-2048", "classic rsa-sha1", "pubkey", ERR_OK, NULL },
	{ "classic SHA-1 where SHA-256 is wanted", "RSA-2048", "classic rsa-sha1", "pubkey-sha256",
		ERR_DENIED, "offered: classic rsa-sha1" },
	{ "classic SHA-256", "RSA-2048", "classic rsa-sha256", "pubkey-sha256", ERR_OK, NULL },
	{ "ike: binds AUTH", "P-256", "ecdsa-sha256", "ike:pubkey-sha512", ERR_DENIED,
		"configured: rsa-sha512" },
};

static void admitted(void **state)
{
	const struct admission *row = *state;
	const struct scheme *s = scheme_of(row->scheme);
	struct constraints c = constraints_of(row->constraints);
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct key *k = maker_key(row->key, 0, true);
	struct bytes auth = signed_with(k, s, &arena);

	assert_int_equal(sign_check(k, s->method, auth, OCTETS, &c, &arena, NULL, &why), row->result);
	if (row->says && !strstr(why_line(&why, &arena), row->says))
		fail_msg("%s", why_line(&why, &arena));
	key_unref(k);
	arena_free(&arena);
}

static void methods_that_do_not_fit(void **state)
{
	struct key *p256 = maker_key("P-256", 0, true), *rsa = maker_key("RSA-2048", 0, true);
	struct constraints any = { 0 };
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct bytes auth = signed_with(p256, scheme_of("classic ecdsa-256"), &arena);
	static const uint8_t huge[SIGN_AUTH_MAX + 1];

	(void)state;
	assert_int_equal(sign_check(p256, 10, auth, OCTETS, &any, &arena, NULL, &why), ERR_AUTH);
	assert_string_equal(
		why.what, "the peer signed with classic ecdsa-384, which does not fit its key (ECDSA P-256)");
	assert_int_equal(sign_check(rsa, 9, auth, OCTETS, &any, &arena, NULL, &why), ERR_AUTH);
	assert_int_equal(sign_check(rsa, 3, auth, OCTETS, &any, &arena, NULL, &why), ERR_UNSUPPORTED);
	assert_string_equal(why.what, "the peer's authentication method 3 is none by signature that we have");
	assert_int_equal(sign_check(rsa, 14, bytes_of(huge, sizeof huge), OCTETS, &any, &arena, NULL, &why),
		ERR_SYNTAX);
	key_unref(p256);
	key_unref(rsa);
	arena_free(&arena);
}

static void hashes_announced(void **state)
{
	char out[HASHES_TEXT];

	(void)state;
	assert_string_equal(hashes_print(hashes_known(), out), "sha256, sha384, sha512, identity");
}

int main(void)
{
	static struct CMUnitTest tests[COUNT(vectors) + COUNT(choices) + COUNT(heard) + COUNT(pairs) +
				       COUNT(variants) + COUNT(admissions) + 3];
	unsigned n = 0;

	for (size_t i = 0; i < COUNT(vectors); i++)
		tests[n++] = CASE(algid, vectors[i]);
	for (size_t i = 0; i < COUNT(choices); i++)
		tests[n++] = CASE(chosen, choices[i]);
	for (size_t i = 0; i < COUNT(heard); i++)
		tests[n++] = CASE(chosen_as_announced, heard[i]);
	for (size_t i = 0; i < COUNT(pairs); i++)
		tests[n++] = CASE(signed_and_checked, pairs[i]);
	for (size_t i = 0; i < COUNT(variants); i++)
		tests[n++] = CASE(variant, variants[i]);
	for (size_t i = 0; i < COUNT(admissions); i++)
		tests[n++] = CASE(admitted, admissions[i]);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(classic_ecdsa_lengths);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(methods_that_do_not_fit);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(hashes_announced);
	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
