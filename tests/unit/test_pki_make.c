/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates, CRLs, requests and PKCS#12 made by us: read by our own readers, judged by our own judge. What
 * OpenSSL's and strongSwan's commands say to them: test_ipsec_pki.c. */
#include "unit.h"

#include "crypto/sign.h"
#include "pki/bundle.h"
#include "pki/make.h"
#include "pki/path.h"
#include "pki/sign.h"
#include "pki_maker.h"

enum { DAY = 24 * 60 * 60 };

static const uint8_t serials[3][MAKE_SERIAL_SIZE] = { { 0x81, 1 }, { 0x12, 2 }, { 0x7f, 3 } };

/* A CA and what belongs to it; ends with ca_free. */
struct authority {
	struct arena arena;
	struct key *key;
	struct cert *cert;
};

static struct id id_of(const char *text, struct arena *arena)
{
	struct id id;

	assert_int_equal(id_parse(text, arena, &id), ERR_OK);
	return id;
}

static struct cert *made(
	const struct make_spec *s, const struct cert *issuer, const struct key *signer, struct arena *arena)
{
	struct why why = { 0 };
	struct bytes der;
	struct cert *c;

	assert_int_equal(make_cert(s, issuer, signer, arena, &der, &why), ERR_OK);
	assert_int_equal(cert_read(der, arena, &c, &why), ERR_OK);
	return c;
}

static struct authority ca_make(const char *kind, struct make_scopes permitted, struct make_scopes excluded)
{
	struct authority a = { 0 };
	struct why why = { 0 };
	struct make_spec s = { .profile = MAKE_CA,
		.subject = id_of("CN=CA", &a.arena),
		.serial = bytes_of(serials[0], MAKE_SERIAL_SIZE),
		.not_before = MAKER_NOW - DAY,
		.not_after = MAKER_NOW + 3650LL * DAY,
		.permitted = permitted,
		.excluded = excluded };

	assert_int_equal(make_key(kind, &a.arena, &a.key, &why), ERR_OK);
	s.key = a.key;
	a.cert = made(&s, NULL, a.key, &a.arena);
	return a;
}

static void ca_free(struct authority *a)
{
	key_unref(a->key);
	cert_unref(a->cert);
	arena_free(&a->arena);
}

static struct cert *leaf_make(struct authority *a, const struct key *key, enum make_profile profile,
	const struct id *sans, unsigned n)
{
	struct make_spec s = { .profile = profile,
		.subject = id_of("CN=moon", &a->arena),
		.sans = sans,
		.n_sans = n,
		.key = key,
		.serial = bytes_of(serials[1], MAKE_SERIAL_SIZE),
		.not_before = MAKER_NOW - DAY,
		.not_after = MAKER_NOW + 730LL * DAY,
		.crl_uri = "http://crl.example.org/ca.crl",
		.ocsp_uri = "http://ocsp.example.org/" };

	return made(&s, a->cert, a->key, &a->arena);
}

static struct path_verdict judged(struct authority *a, struct cert *leaf, struct crl *crl)
{
	struct path_request r = { .leaf = leaf, .now = MAKER_NOW };
	struct path_verdict v;
	struct store s;

	store_init(&s);
	assert_int_equal(store_add_cert(&s, STORED_CA, a->cert, STORED_BY_FILE, "ca"), ERR_OK);
	if (crl)
		assert_int_equal(store_add_crl(&s, crl, STORED_BY_FILE, "crl"), ERR_OK);
	path_judge(&s, &r, &a->arena, &v);
	store_free(&s);
	return v;
}

/* Whether OpenSSL has keys of KIND: it may be too old for the newest, and says so. */
static bool here(const char *kind)
{
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct key *k = NULL;
	enum err e = make_key(kind, &arena, &k, &why);

	if (e) {
		assert_int_equal(e, ERR_CRYPTO);
		assert_non_null(strstr(why.what, kind));
		assert_false(strncmp(kind, "mldsa", 5));
		assert_false(sign_available(KEY_MLDSA65));
	}
	key_unref(k);
	arena_free(&arena);
	return !e;
}

static void makes_a_chain(const char *kind)
{
	struct authority a = ca_make(kind, (struct make_scopes){ 0 }, (struct make_scopes){ 0 });
	struct id san = id_of("moon.example.org", &a.arena);
	struct cert *leaf = leaf_make(&a, a.key, MAKE_GATEWAY, &san, 1);

	assert_true(judged(&a, leaf, NULL).trusted);
	cert_unref(leaf);
	ca_free(&a);
}

static void every_type_of_key_makes_a_chain(void **state)
{
	(void)state;
	for (unsigned i = 0; make_key_kind(i); i++)
		if (here(make_key_kind(i)))
			makes_a_chain(make_key_kind(i));
}

static void a_type_of_key_that_nobody_knows(void **state)
{
	struct arena arena = { 0 };
	struct why why = { 0 };
	struct key *k = NULL;

	(void)state;
	assert_int_equal(make_key("dsa", &arena, &k, &why), ERR_UNKNOWN);
	assert_non_null(strstr(why.what, "dsa"));
	assert_null(k);
	arena_free(&arena);
}

static void a_certificate_says_what_it_is_for(void **state)
{
	struct authority a = ca_make("ecdsa", (struct make_scopes){ 0 }, (struct make_scopes){ 0 });
	struct id sans[] = { id_of("moon.example.org", &a.arena), id_of("192.0.2.1", &a.arena),
		id_of("2001:db8::1", &a.arena), id_of("root@example.org", &a.arena) };
	struct cert *gateway = leaf_make(&a, a.key, MAKE_GATEWAY, sans, 4);
	struct cert *user = leaf_make(&a, a.key, MAKE_USER, sans, 4);

	(void)state;
	assert_int_equal(gateway->eku, EKU_SERVER | EKU_CLIENT | EKU_IKE);
	assert_int_equal(user->eku, EKU_CLIENT | EKU_IKE);
	assert_int_equal(gateway->n_sans, 4);
	for (unsigned i = 0; i < 4; i++)
		assert_true(id_eq(&gateway->sans[i], &sans[i]));
	assert_false(gateway->ca);
	assert_true(a.cert->ca && a.cert->path_len == 0 && a.cert->self_signed);
	assert_true(bytes_eq(gateway->serial, bytes_of(serials[1], MAKE_SERIAL_SIZE)));
	assert_true(bytes_eq(a.cert->serial, bytes_of(serials[0], MAKE_SERIAL_SIZE)));
	assert_true(bytes_eq(gateway->authority_key_id, a.cert->subject_key_id));
	assert_true(bytes_eq(gateway->subject_key_id, bytes_of(a.key->subj, KEYID_SIZE)));
	assert_true(gateway->not_before == MAKER_NOW - DAY && gateway->not_after == MAKER_NOW + 730LL * DAY);
	assert_string_equal(gateway->crls.v[0], "http://crl.example.org/ca.crl");
	assert_string_equal(gateway->ocsps.v[0], "http://ocsp.example.org/");
	cert_unref(gateway);
	cert_unref(user);
	ca_free(&a);
}

static void a_name_that_no_certificate_can_have(void **state)
{
	struct authority a = ca_make("ecdsa", (struct make_scopes){ 0 }, (struct make_scopes){ 0 });
	struct id bad[] = { { ID_KEY_ID, bytes_str("key") }, { ID_FQDN, bytes_str("m\xc3\xbcnchen.example") },
		{ ID_FQDN, bytes_str("moon .example") } };
	struct make_spec s = { .subject = id_of("CN=moon", &a.arena),
		.n_sans = 1,
		.key = a.key,
		.profile = MAKE_USER,
		.serial = bytes_of(serials[1], MAKE_SERIAL_SIZE) };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct why why = { 0 };
		struct bytes der;

		s.sans = &bad[i];
		assert_int_equal(make_cert(&s, a.cert, a.key, &a.arena, &der, &why), ERR_CRYPTO);
		assert_non_null(strstr(why.what, "cannot be a subjectAltName"));
	}
	ca_free(&a);
}

static void a_ca_is_bound_to_names(void **state)
{
	static const struct {
		const char *permitted, *excluded, *san;
		bool trusted;
	} rows[] = {
		{ "example.org", NULL, "moon.example.org", true },
		{ "example.org", NULL, "moon.example.net", false },
		{ "192.0.2.0/24", NULL, "192.0.2.9", true },
		{ "192.0.2.7/24", NULL, "192.0.2.9", true },
		{ "192.0.2.0/24", NULL, "198.51.100.9", false },
		{ "2001:db8::/33", NULL, "2001:db8:7fff::1", true },
		{ "2001:db8::/33", NULL, "2001:db8:8000::1", false },
		{ "email:example.org", NULL, "alice@example.org", true },
		{ "email:example.org", NULL, "alice@example.net", false },
		{ NULL, "secret.example.org", "moon.example.org", true },
		{ NULL, "secret.example.org", "moon.secret.example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena arena = { 0 };
		struct why why = { 0 };
		struct make_scope scope;
		const char *text = rows[i].permitted ? rows[i].permitted : rows[i].excluded;
		struct make_scopes one = { &scope, 1 }, none = { 0 };
		struct authority a;
		struct cert *leaf;
		struct id san;

		assert_int_equal(make_scope_parse(text, &arena, &scope, &why), ERR_OK);
		a = ca_make("ecdsa", rows[i].permitted ? one : none, rows[i].excluded ? one : none);
		san = id_of(rows[i].san, &a.arena);
		leaf = leaf_make(&a, a.key, MAKE_GATEWAY, &san, 1);
		if (judged(&a, leaf, NULL).trusted != rows[i].trusted)
			fail_msg("%s and %s", text, rows[i].san);
		cert_unref(leaf);
		ca_free(&a);
		arena_free(&arena);
	}
}

static void scopes_that_are_none(void **state)
{
	static const char *const bad[] = { "", "%any", "*.example.org", "192.0.2.1-192.0.2.6", "keyid:0011",
		"192.0.2.0/33" };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct why why = { 0 };
		struct make_scope scope;

		if (!make_scope_parse(bad[i], &arena, &scope, &why))
			fail_msg("%s is taken", bad[i]);
		assert_non_null(why.instead);
	}
	arena_free(&arena);
}

static void a_crl_takes_certificates_back(void **state)
{
	struct authority a = ca_make("ecdsa-384", (struct make_scopes){ 0 }, (struct make_scopes){ 0 });
	struct id san = id_of("moon.example.org", &a.arena);
	struct cert *leaf = leaf_make(&a, a.key, MAKE_GATEWAY, &san, 1);
	struct make_revoked revoked = { leaf->serial, MAKER_NOW - DAY, make_reason("keyCompromise") };
	struct why why = { 0 };
	struct bytes der;
	struct crl *crl;

	(void)state;
	assert_int_equal(make_crl(a.cert, a.key, &revoked, 1, 258, MAKER_NOW - 60, MAKER_NOW + DAY, &a.arena,
				 &der, &why),
		ERR_OK);
	assert_int_equal(crl_read(der, &a.arena, &crl, &why), ERR_OK);
	assert_true(crl_is_signed_by(crl, a.cert));
	assert_true(bytes_eq(crl->number, bytes_of("\1\2", 2)));
	assert_true(crl->this_update == MAKER_NOW - 60 && crl->next_update == MAKER_NOW + DAY);
	assert_int_equal(crl->n_revoked, 1);
	assert_int_equal(judged(&a, leaf, crl).fault, FAULT_REVOKED);
	crl_unref(crl);
	cert_unref(leaf);
	ca_free(&a);
}

static void reasons_have_words(void **state)
{
	(void)state;
	for (unsigned i = 0; make_reason_at(i); i++)
		assert_string_equal(make_reason_word(make_reason(make_reason_at(i))), make_reason_at(i));
	assert_int_equal(make_reason("because"), -1);
}

static void a_request_comes_back(void **state)
{
	struct arena arena = { 0 };
	struct key *key = maker_key("P-256", 1, true);
	struct id subject = id_of("C=CH, CN=sun", &arena);
	struct id sans[] = { id_of("sun.example.org", &arena), id_of("192.0.2.2", &arena) };
	struct why why = { 0 };
	struct bytes der, pem;
	struct request r;

	(void)state;
	assert_int_equal(make_request(&subject, sans, 2, key, &arena, &der, &why), ERR_OK);
	pem = make_pem("CERTIFICATE REQUEST", der, &arena);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(request_read(i ? pem : der, &arena, &r, &why), ERR_OK);
		assert_true(id_eq(&r.subject, &subject));
		assert_int_equal(r.n_sans, 2);
		assert_true(id_eq(&r.sans[0], &sans[0]) && id_eq(&r.sans[1], &sans[1]));
		assert_true(key_eq(r.key, key) && !r.key->secret);
		key_unref(r.key);
	}
	key_unref(key);
	arena_free(&arena);
}

static void requests_that_are_refused(void **state)
{
	struct arena arena = { 0 };
	struct key *key = maker_key("P-256", 1, true);
	struct id subject = id_of("CN=sun", &arena), many[CERT_SANS_MAX + 1];
	struct why why = { 0 };
	struct bytes der;
	uint8_t *changed;
	struct request r;

	(void)state;
	assert_int_equal(make_request(&subject, NULL, 0, key, &arena, &der, &why), ERR_OK);
	changed = (uint8_t *)arena_text(&arena, der);
	*(uint8_t *)memmem(changed, der.n, "sun", 3) ^= 1;
	assert_int_equal(request_read(bytes_of(changed, der.n), &arena, &r, &why), ERR_AUTH);
	assert_int_equal(request_read(bytes_of(der.p, der.n - 1), &arena, &r, &why), ERR_SYNTAX);
	assert_int_equal(request_read(bytes_of(NULL, 0), &arena, &r, &why), ERR_SYNTAX);
	assert_int_equal(
		request_read(bytes_str("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"), &arena, &r, &why),
		ERR_SYNTAX);
	assert_int_equal(
		request_read(bytes_of(arena_alloc(&arena, MAKE_REQUEST_MAX + 1), MAKE_REQUEST_MAX + 1),
			&arena, &r, &why),
		ERR_RANGE);
	for (size_t i = 0; i <= CERT_SANS_MAX; i++)
		many[i] = id_of("sun.example.org", &arena);
	assert_int_equal(make_request(&subject, many, CERT_SANS_MAX + 1, key, &arena, &der, &why), ERR_OK);
	assert_int_equal(request_read(der, &arena, &r, &why), ERR_RANGE);
	key_unref(key);
	arena_free(&arena);
}

static void a_key_is_encrypted(void **state)
{
	struct arena arena = { 0 };
	struct key *key = maker_key("ED25519", 1, true), *back;
	struct bytes secret = bytes_str("a secret"), wrong = bytes_str("another"), pem;
	struct why why = { 0 };

	(void)state;
	assert_int_equal(make_key_pem(key, &secret, &arena, &pem, &why), ERR_OK);
	assert_int_equal(key_private(pem, NULL, &arena, &back, &why), ERR_MISSING);
	assert_int_equal(key_private(pem, &wrong, &arena, &back, &why), ERR_AUTH);
	assert_int_equal(key_private(pem, &secret, &arena, &back, &why), ERR_OK);
	assert_true(key_eq(key, back));
	key_unref(back);
	assert_int_equal(make_key_pem(key, NULL, &arena, &pem, &why), ERR_OK);
	assert_int_equal(key_private(pem, NULL, &arena, &back, &why), ERR_OK);
	key_unref(back);
	key_unref(key);
	arena_free(&arena);
}

/* OIDs of what seals: 3DES with SHA-1 (RFC 7292, C), AES-256-CBC, SHA-1, SHA-256. */
static const uint8_t des3[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1, 3 };
static const uint8_t aes[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42 };
static const uint8_t sha1[] = { 0x2b, 0x0e, 3, 2, 26 };
static const uint8_t sha256[] = { 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1 };
#define CONTAINS(b, oid) (memmem((b).p, (b).n, oid, sizeof oid) != NULL)

static void pkcs12_is_sealed_as_its_reader_wants(void **state)
{
	struct authority a = ca_make("ecdsa", (struct make_scopes){ 0 }, (struct make_scopes){ 0 });
	struct cert *leaf = leaf_make(&a, a.key, MAKE_USER, NULL, 0);
	struct bytes secret = bytes_str("a secret"), wrong = bytes_str("another"), der;
	struct why why = { 0 };
	struct bundle b;

	(void)state;
	for (enum p12_seal seal = P12_OLD; seal <= P12_NEW; seal++) {
		bool old = seal == P12_OLD;

		assert_int_equal(
			make_p12(a.key, leaf, &a.cert, 1, "moon", secret, seal, &a.arena, &der, &why),
			ERR_OK);
		assert_true(CONTAINS(der, des3) == old && CONTAINS(der, sha1) == old);
		assert_true(CONTAINS(der, aes) == !old && CONTAINS(der, sha256) == !old);
		assert_int_equal(bundle_read(der, &wrong, &a.arena, &b, &why), ERR_AUTH);
		assert_int_equal(bundle_read(der, &secret, &a.arena, &b, &why), ERR_OK);
		assert_true(b.n_certs == 2 && cert_eq(b.certs[0], leaf) && cert_eq(b.certs[1], a.cert));
		assert_true(b.key && key_eq(b.key, a.key));
		bundle_free(&b);
	}
	cert_unref(leaf);
	ca_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type_of_key_makes_a_chain),
		cmocka_unit_test(a_type_of_key_that_nobody_knows),
		cmocka_unit_test(a_certificate_says_what_it_is_for),
		cmocka_unit_test(a_name_that_no_certificate_can_have),
		cmocka_unit_test(a_ca_is_bound_to_names),
		cmocka_unit_test(scopes_that_are_none),
		cmocka_unit_test(a_crl_takes_certificates_back),
		cmocka_unit_test(reasons_have_words),
		cmocka_unit_test(a_request_comes_back),
		cmocka_unit_test(requests_that_are_refused),
		cmocka_unit_test(a_key_is_encrypted),
		cmocka_unit_test(pkcs12_is_sealed_as_its_reader_wants),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
