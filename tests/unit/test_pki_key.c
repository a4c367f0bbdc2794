/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and files: every form in which people keep them, passwords right and wrong, and what is no key. */
#include "unit.h"

#include "base/buf.h"
#include "pki/bundle.h"
#include "pki_maker.h"
#include "provider.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena;
static struct why why;

/* A private key in some form. */
enum form { PKCS8_PEM, PKCS8_DER, PKCS8_SEALED_PEM, PKCS8_SEALED_DER, OLD_PEM, OLD_SEALED_PEM, OLD_DER };

static struct bytes written(EVP_PKEY *pkey, enum form form)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const EVP_CIPHER *seal = EVP_aes_256_cbc();
	unsigned char *password = (unsigned char *)"secret";
	struct bytes out;
	int done = 0;
	char *p;

	switch (form) {
	case PKCS8_PEM: done = PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL); break;
	case PKCS8_DER: done = i2d_PKCS8PrivateKey_bio(bio, pkey, NULL, NULL, 0, NULL, NULL); break;
	case PKCS8_SEALED_PEM:
		done = PEM_write_bio_PKCS8PrivateKey(bio, pkey, seal, "secret", 6, NULL, NULL);
		break;
	case PKCS8_SEALED_DER:
		done = i2d_PKCS8PrivateKey_bio(bio, pkey, seal, "secret", 6, NULL, NULL);
		break;
	case OLD_PEM:
		done = PEM_write_bio_PrivateKey_traditional(bio, pkey, NULL, NULL, 0, NULL, NULL);
		break;
	case OLD_SEALED_PEM:
		done = PEM_write_bio_PrivateKey_traditional(bio, pkey, seal, password, 6, NULL, NULL);
		break;
	case OLD_DER: done = i2d_PrivateKey_bio(bio, pkey); break;
	}
	assert_int_equal(done, 1);
	out.n = (size_t)BIO_get_mem_data(bio, &p);
	out = arena_bytes(&arena, bytes_of(p, out.n));
	BIO_free(bio);
	return out;
}

static bool is_sealed(enum form f)
{
	return f == PKCS8_SEALED_PEM || f == PKCS8_SEALED_DER || f == OLD_SEALED_PEM;
}

static void read_as(const char *kind, enum form form)
{
	struct bytes data = written(maker_pkey(kind, 0), form), password = bytes_str("secret");
	struct bytes wrong = bytes_str("Secret");
	struct key *own = maker_key(kind, 0, true), *k = NULL;

	assert_int_equal(key_private(data, &password, &arena, &k, &why), ERR_OK);
	assert_true(k->secret && key_eq(k, own));
	assert_int_equal(k->type, own->type);
	key_unref(k);
	if (is_sealed(form)) {
		assert_int_equal(key_private(data, NULL, &arena, &k, &why), ERR_MISSING);
		assert_string_equal(
			why.what, "the private key is encrypted, and there is no password for it");
		assert_int_equal(key_private(data, &wrong, &arena, &k, &why), ERR_AUTH);
		assert_string_equal(why.what, "the private key is encrypted, and the password is wrong");
	} else {
		assert_int_equal(key_private(data, NULL, &arena, &k, &why), ERR_OK);
		key_unref(k);
	}
	key_unref(own);
}

static void private_forms(void **state)
{
	static const char *const kinds[] = { "RSA-2048", "P-256", "P-384", "P-521", "ED25519", "ED448" };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (enum form f = PKCS8_PEM; f <= OLD_DER; f++)
			if (i < 4 || f < OLD_PEM)
				read_as(kinds[i], f);
}

/* Cut anywhere, it is refused, and nothing is left behind. */
static void cut_keys(void **state)
{
	struct bytes password = bytes_str("secret");
	struct key *k;

	(void)state;
	for (enum form f = PKCS8_PEM; f <= OLD_DER; f++) {
		struct bytes data = written(maker_pkey("P-256", 0), f);

		for (size_t n = 0; n + 2 < data.n; n += 7)
			assert_int_not_equal(
				key_private(bytes_of(data.p, n), &password, &arena, &k, &why), ERR_OK);
	}
}

static void no_keys(void **state)
{
	static const uint8_t huge[KEY_FILE_MAX + 1];
	struct key *k;

	(void)state;
	assert_int_equal(key_private(bytes_str("hello"), NULL, &arena, &k, &why), ERR_SYNTAX);
	assert_int_equal(key_private(bytes_of(NULL, 0), NULL, &arena, &k, &why), ERR_SYNTAX);
	assert_int_equal(key_private(bytes_of(huge, sizeof huge), NULL, &arena, &k, &why), ERR_RANGE);
	assert_int_equal(key_private(written(maker_pkey("X25519", 0), PKCS8_PEM), NULL, &arena, &k, &why),
		ERR_UNSUPPORTED);
	assert_string_equal(why.what, "a key of type X25519 cannot sign for IKE");
	assert_int_equal(key_private(written(maker_pkey("P-256K", 0), PKCS8_PEM), NULL, &arena, &k, &why),
		ERR_UNSUPPORTED);
	assert_int_equal(key_private(written(maker_pkey("RSA-1024", 0), PKCS8_PEM), NULL, &arena, &k, &why),
		ERR_UNSUPPORTED);
	assert_string_equal(why.what, "an RSA key of 1024 bits is too weak: at least 2048 are needed");
}

/* Public keys. */

static struct bytes public_pem(EVP_PKEY *pkey)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct bytes out;
	char *p;

	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	out.n = (size_t)BIO_get_mem_data(bio, &p);
	out = arena_bytes(&arena, bytes_of(p, out.n));
	BIO_free(bio);
	return out;
}

static void public_forms(void **state)
{
	static const char *const kinds[] = { "RSA-2048", "P-256", "ED25519", "ED448" };

	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct key *own = maker_key(kinds[i], 0, true), *k = NULL;

		assert_int_equal(key_public(public_pem(own->pkey), &arena, &k, &why), ERR_OK);
		assert_true(key_eq(k, own) && !k->secret);
		key_unref(k);
		assert_int_equal(key_public(own->spki, &arena, &k, &why), ERR_OK);
		assert_true(key_eq(k, own));
		key_unref(k);
		key_unref(own);
	}
}

/* The octets 0 to 31 as a key. */
static void ssh_form(void **state)
{
	static const char line[] =
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f "
		"moon@example.org\n";
	struct key *k;

	(void)state;
	assert_int_equal(key_public(bytes_str(line), &arena, &k, &why), ERR_OK);
	assert_int_equal(k->type, KEY_ED25519);
	/* SubjectPublicKeyInfo of Ed25519 is a fixed head and the 32 octets. */
	assert_int_equal(k->spki.n, 44);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(k->spki.p[12 + i], i);
	key_unref(k);
	assert_int_equal(key_public(bytes_str("ssh-ed25519 AAAA"), &arena, &k, &why), ERR_SYNTAX);
	assert_int_equal(key_public(bytes_str("ssh-ed25519"), &arena, &k, &why), ERR_SYNTAX);
	assert_int_equal(key_public(bytes_str("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIAABAgME"), &arena, &k, &why),
		ERR_SYNTAX);
}

/* RSA and ECDSA as OpenSSH writes them, put together here. */

static void ssh_field(struct wr *w, struct bytes b)
{
	wr_u32(w, (uint32_t)b.n);
	wr_bytes(w, b);
}

static void ssh_reads(const char *word, struct bytes blob, const struct key *own)
{
	char line[2048];
	int n = snprintf(line, sizeof line, "%s ", word);
	struct key *k;

	EVP_EncodeBlock((unsigned char *)line + n, blob.p, (int)blob.n);
	assert_int_equal(key_public(bytes_str(line), &arena, &k, &why), ERR_OK);
	assert_true(key_eq(k, own));
	key_unref(k);
}

static void ssh_form_rsa(void **state)
{
	struct key *own = maker_key("RSA-2048", 0, true);
	static const uint8_t exponent[] = { 1, 0, 1 };
	uint8_t room[512], modulus[257] = { 0 };
	struct wr w = wr_of(room, sizeof room);
	BIGNUM *n = NULL;

	(void)state;
	assert_int_equal(EVP_PKEY_get_bn_param(own->pkey, "n", &n), 1);
	assert_int_equal(BN_bn2binpad(n, modulus + 1, 256), 256);
	ssh_field(&w, bytes_str("ssh-rsa"));
	ssh_field(&w, bytes_of(exponent, sizeof exponent));
	ssh_field(&w, bytes_of(modulus, sizeof modulus));
	ssh_reads("ssh-rsa", wr_done(&w), own);
	BN_free(n);
	key_unref(own);
}

static void ssh_form_ecdsa(void **state)
{
	struct key *own = maker_key("P-384", 0, true);
	uint8_t room[256];
	struct wr w = wr_of(room, sizeof room);

	(void)state;
	ssh_field(&w, bytes_str("ecdsa-sha2-nistp384"));
	ssh_field(&w, bytes_str("nistp384"));
	ssh_field(&w, bytes_of(own->spki.p + own->spki.n - 97, 97));
	ssh_reads("ecdsa-sha2-nistp384", wr_done(&w), own);
	key_unref(own);
}

/* RFC 3110: one octet with the exponent's length, or zero and two. */
static void dns_form(void **state)
{
	struct key *own = maker_key("RSA-2048", 0, true), *k;
	BIGNUM *n = NULL;
	uint8_t octets[6 + 256] = { 3, 1, 0, 1 }, longer[6 + 256] = { 0, 0, 3, 1, 0, 1 };

	(void)state;
	assert_int_equal(EVP_PKEY_get_bn_param(own->pkey, "n", &n), 1);
	assert_int_equal(BN_bn2binpad(n, octets + 4, 256), 256);
	assert_int_equal(BN_bn2binpad(n, longer + 6, 256), 256);
	assert_int_equal(key_public(bytes_of(octets, 260), &arena, &k, &why), ERR_OK);
	assert_true(key_eq(k, own));
	key_unref(k);
	assert_int_equal(key_public(bytes_of(longer, 262), &arena, &k, &why), ERR_OK);
	assert_true(key_eq(k, own));
	key_unref(k);
	assert_int_equal(key_public(bytes_of(octets, 100), &arena, &k, &why), ERR_SYNTAX);
	BN_free(n);
	key_unref(own);
}

/* The key of RFC 8032, 7.1, test 1; identifiers by "openssl dgst -sha1" over its SubjectPublicKeyInfo and its
 * last 32 octets. */
static void identifiers(void **state)
{
	static const char pem[] = "-----BEGIN PUBLIC KEY-----\n"
				  "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
				  "-----END PUBLIC KEY-----\n";
	char out[KEYID_TEXT];
	struct key *k;

	(void)state;
	assert_int_equal(key_public(bytes_str(pem), &arena, &k, &why), ERR_OK);
	assert_string_equal(keyid_print(k->id, out), "a566be19840173413a61048350eff23e8fe22266");
	assert_string_equal(keyid_print(k->subj, out), "5b27aa5589179770e47575b162a1ded97b8bfc6d");
	assert_string_equal(key_print(k, &arena), "Ed25519");
	key_unref(k);
}

/* A provider's key: OpenSSL's own for files is one that every machine has. */
static void by_uri(void **state)
{
	struct bytes pem = maker_key_pem("P-256", 0, "1234", &arena), pin = bytes_str("1234"),
		     wrong = bytes_str("1");
	struct key *own = maker_key("P-256", 0, true), *k = NULL;
	char path[] = "/tmp/test_pki_key.XXXXXX";
	int fd = mkstemp(path);
	const char *uri = arena_printf(&arena, "file:%s", path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, pem.p, pem.n), pem.n);
	close(fd);
	assert_int_equal(key_uri(uri, &pin, &arena, &k, &why), ERR_OK);
	assert_true(key_eq(k, own) && k->secret);
	key_unref(k);
	key_unref(own);
	assert_int_equal(key_uri(uri, &wrong, &arena, &k, &why), ERR_AUTH);
	assert_int_equal(key_uri(uri, NULL, &arena, &k, &why), ERR_MISSING);
	unlink(path);
	assert_int_equal(key_uri(uri, NULL, &arena, &k, &why), ERR_MISSING);
	assert_int_equal(key_uri("nosuchprovider:object=x", NULL, &arena, &k, &why), ERR_MISSING);
	assert_non_null(strstr(why.what, "there is no private key at nosuchprovider:object=x"));
}

static void the_token_fails(unsigned long ckr, bool later, enum err e, const char *says)
{
	struct bytes pin = bytes_str("1234");
	struct key *k = NULL;
	struct why why = { 0 };

	provider_token.ckr = ckr;
	provider_token.later = later;
	assert_int_equal(key_uri("pkcs11:object=x", &pin, &arena, &k, &why), e);
	if (!strstr(why.what, says))
		fail_msg("\"%s\" does not say \"%s\"", why.what, says);
}

static void a_pin_in_a_uri_is_not_said(void **state)
{
	struct key *k = NULL;
	struct why why = { 0 };

	(void)state;
	assert_string_equal(
		key_uri_said("pkcs11:object=x?pin-value=1234", &arena), "pkcs11:object=x?pin-value=...");
	assert_string_equal(key_uri_said("pkcs11:object=x?pin-value=12&module-name=y&pin-value=34", &arena),
		"pkcs11:object=x?pin-value=...&module-name=y&pin-value=...");
	assert_string_equal(key_uri_said("pkcs11:object=pin", &arena), "pkcs11:object=pin");
	assert_int_equal(key_uri("nosuchprovider:x?pin-value=1234", NULL, &arena, &k, &why), ERR_MISSING);
	assert_null(strstr(why.what, "1234"));
}

/* What a provider complains of last may be that it has no session then. */
static void a_pin_that_a_token_refuses_is_told_from_other_failures(void **state)
{
	(void)state;
	assert_true(provider_load());
	provider_token = (struct provider_token){ .pin = "4321" };
	the_token_fails(0, false, ERR_AUTH, "cannot be opened with its PIN (it is not the right one)");
	the_token_fails(CKR_TEST_PIN_EXPIRED, true, ERR_AUTH, "with its PIN (it has expired)");
	the_token_fails(CKR_TEST_PIN_LOCKED, false, ERR_AUTH, "it is locked after too many wrong ones");
	the_token_fails(CKR_TEST_DEVICE_REMOVED, true, ERR_BUSY, "not because of its PIN");
	the_token_fails(CKR_TEST_TOKEN_NOT_PRESENT, false, ERR_MISSING, "there is no private key at");
	provider_token.silent = true;
	the_token_fails(0, false, ERR_AUTH, "cannot be opened with its PIN (no reason given)");
	the_token_fails(CKR_TEST_TOKEN_NOT_PRESENT, true, ERR_AUTH, "with its PIN");
	the_token_fails(CKR_TEST_TOKEN_NOT_PRESENT, false, ERR_MISSING, "there is no private key at");
	provider_unload();
}

/* Files with several things. */

static struct bytes joined(struct bytes a, struct bytes b)
{
	struct text t = text_in(&arena);

	text_put(&t, a.p, a.n);
	text_put(&t, "some words between\n", 19);
	text_put(&t, b.p, b.n);
	return bytes_of(t.s, t.n);
}

static struct made ca, gateway;

static void make_pair(void)
{
	ca = maker_cert(&(struct recipe){ .subject = "CN=root", .extensions = "CA", .key_number = 1 }, NULL);
	gateway = maker_cert(&(struct recipe){ .key_number = 2 }, &ca);
}

static void drop_pair(void)
{
	cert_unref(ca.cert);
	cert_unref(gateway.cert);
}

static void bundles(void **state)
{
	struct bytes password = bytes_str("1234"), wrong = bytes_str("12345");
	struct bytes key, both, all;
	struct bundle b;

	(void)state;
	make_pair();
	key = maker_key_pem("P-256", 2, "1234", &arena);
	both = joined(maker_pem(gateway.cert, &arena), maker_pem(ca.cert, &arena));
	all = joined(both, key);
	assert_int_equal(bundle_read(both, NULL, &arena, &b, &why), ERR_OK);
	assert_true(b.n_certs == 2 && cert_eq(b.certs[0], gateway.cert) && cert_eq(b.certs[1], ca.cert) &&
		    !b.key);
	bundle_free(&b);
	assert_int_equal(bundle_read(all, &password, &arena, &b, &why), ERR_OK);
	assert_true(b.n_certs == 2 && b.key && !memcmp(b.key->id, gateway.cert->key_id, KEYID_SIZE));
	bundle_free(&b);
	assert_int_equal(bundle_read(joined(key, both), &password, &arena, &b, &why), ERR_OK);
	assert_true(b.n_certs == 2 && b.key);
	bundle_free(&b);
	assert_int_equal(bundle_read(all, &wrong, &arena, &b, &why), ERR_AUTH);
	assert_int_equal(bundle_read(all, NULL, &arena, &b, &why), ERR_MISSING);
	assert_int_equal(bundle_read(gateway.cert->der, NULL, &arena, &b, &why), ERR_OK);
	assert_int_equal(b.n_certs, 1);
	bundle_free(&b);
	drop_pair();
}

static void damaged_bundles(void **state)
{
	struct bytes both;
	uint8_t *p;
	struct bundle b;

	(void)state;
	make_pair();
	both = joined(maker_pem(gateway.cert, &arena), maker_pem(ca.cert, &arena));
	p = (uint8_t *)both.p;
	p[both.n - 100] = '!';
	assert_int_equal(bundle_read(both, NULL, &arena, &b, &why), ERR_SYNTAX);
	assert_non_null(strstr(why.what, "a PEM block is damaged"));
	assert_int_equal(bundle_read(bytes_str("nothing here"), NULL, &arena, &b, &why), ERR_SYNTAX);
	assert_string_equal(why.what,
		"this is no certificate, CRL, private key or PKCS#12 file, neither in PEM nor in DER");
	assert_int_equal(bundle_read(bytes_str("-----BEGIN NOTHING-----\n-----END NOTHING-----\n"), NULL,
				 &arena, &b, &why),
		ERR_SYNTAX);
	assert_int_equal(bundle_read(bytes_of(NULL, 0), NULL, &arena, &b, &why), ERR_SYNTAX);
	drop_pair();
}

/* What is wrong with it is said, and not that it is no CRL. */
static void a_certificate_that_cannot_be_used(void **state)
{
	uint8_t octets[CERT_SERIAL_MAX + 1] = { 1 };
	BIGNUM *number = BN_bin2bn(octets, sizeof octets, NULL);
	ASN1_INTEGER *serial = BN_to_ASN1_INTEGER(number, NULL);
	unsigned char *der = NULL;
	struct bundle b;
	X509 *x;
	int n;

	(void)state;
	make_pair();
	x = X509_dup(gateway.cert->x509);
	assert_int_equal(X509_set_serialNumber(x, serial), 1);
	assert_true(i2d_re_X509_tbs(x, NULL) > 0);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	assert_int_equal(bundle_read(bytes_of(der, (size_t)n), NULL, &arena, &b, &why), ERR_RANGE);
	assert_string_equal(why.what, "the certificate's serial number is too long");
	OPENSSL_free(der);
	X509_free(x);
	ASN1_INTEGER_free(serial);
	BN_free(number);
	drop_pair();
}

/* Longer than any certificate, or private key: what it is not is not what is said. */
static void long_crls(void **state)
{
	enum { MANY = 100000 };
	const struct cert **revoked = ARENA_ARRAY(&arena, MANY, const struct cert *);
	struct bundle b;

	(void)state;
	make_pair();
	for (unsigned i = 0; i < MANY; i++)
		revoked[i] = gateway.cert;
	for (unsigned n = 10000; n <= MANY; n *= 10) {
		struct bytes der = maker_crl(&ca, revoked, n, -1, 1, false, &arena);

		assert_true(der.n > (n == MANY ? KEY_FILE_MAX : CERT_MAX));
		assert_int_equal(bundle_read(der, NULL, &arena, &b, &why), ERR_OK);
		assert_int_equal(b.n_crls, 1);
		assert_int_equal(b.crls[0]->n_revoked, n);
		bundle_free(&b);
		*(uint8_t *)der.p ^= 1;
		assert_int_equal(bundle_read(der, NULL, &arena, &b, &why), ERR_SYNTAX);
		assert_non_null(strstr(why.what, "this is no certificate, CRL, private key or PKCS#12 file"));
	}
	drop_pair();
}

static void too_many_certs(void **state)
{
	struct text t = text_in(&arena);
	struct bundle b;
	struct bytes pem;

	(void)state;
	make_pair();
	pem = maker_pem(ca.cert, &arena);
	for (unsigned i = 0; i < BUNDLE_CERTS_MAX; i++)
		text_put(&t, pem.p, pem.n);
	assert_int_equal(bundle_read(bytes_of(t.s, t.n), NULL, &arena, &b, &why), ERR_OK);
	assert_int_equal(b.n_certs, BUNDLE_CERTS_MAX);
	bundle_free(&b);
	text_put(&t, pem.p, pem.n);
	assert_int_equal(bundle_read(bytes_of(t.s, t.n), NULL, &arena, &b, &why), ERR_RANGE);
	assert_string_equal(why.what, "the file has more than 512 certificates");
	drop_pair();
}

static void pkcs12(void **state)
{
	struct bytes right = bytes_str("pass"), wrong = bytes_str("word"), p12;
	struct bundle b;

	(void)state;
	make_pair();
	p12 = maker_p12(&gateway, &ca, "pass", &arena);
	assert_int_equal(bundle_read(p12, &right, &arena, &b, &why), ERR_OK);
	assert_true(b.n_certs == 2 && cert_eq(b.certs[0], gateway.cert) && b.key);
	bundle_free(&b);
	assert_int_equal(bundle_read(p12, &wrong, &arena, &b, &why), ERR_AUTH);
	assert_string_equal(why.what, "the password of the PKCS#12 file is wrong");
	assert_int_equal(bundle_read(p12, NULL, &arena, &b, &why), ERR_MISSING);
	p12 = maker_p12(&gateway, &ca, "", &arena);
	assert_int_equal(bundle_read(p12, NULL, &arena, &b, &why), ERR_OK);
	bundle_free(&b);
	drop_pair();
}

static int clean(void **state)
{
	(void)state;
	arena_free(&arena);
	why = (struct why){ 0 };
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(private_forms, clean),
		cmocka_unit_test_teardown(cut_keys, clean),
		cmocka_unit_test_teardown(no_keys, clean),
		cmocka_unit_test_teardown(public_forms, clean),
		cmocka_unit_test_teardown(ssh_form, clean),
		cmocka_unit_test_teardown(ssh_form_rsa, clean),
		cmocka_unit_test_teardown(ssh_form_ecdsa, clean),
		cmocka_unit_test_teardown(dns_form, clean),
		cmocka_unit_test_teardown(identifiers, clean),
		cmocka_unit_test_teardown(by_uri, clean),
		cmocka_unit_test_teardown(a_pin_in_a_uri_is_not_said, clean),
		cmocka_unit_test_teardown(a_pin_that_a_token_refuses_is_told_from_other_failures, clean),
		cmocka_unit_test_teardown(bundles, clean),
		cmocka_unit_test_teardown(damaged_bundles, clean),
		cmocka_unit_test_teardown(a_certificate_that_cannot_be_used, clean),
		cmocka_unit_test_teardown(long_crls, clean),
		cmocka_unit_test_teardown(too_many_certs, clean),
		cmocka_unit_test_teardown(pkcs12, clean),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
