/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VICI's commands about certificates and private keys. Sentences are those of strongSwan 5.9.8. */
#include "unit.h"

#include "vici_client.h"

#include <stdlib.h>

static void refused(struct vici_bench *b, const char *command, const char *args, const char *says)
{
	const char *wanted = arena_printf(&b->arena, "response success=no errmsg=%s", says);

	assert_non_null(strstr(vici_bench_ask(b, command, args), wanted));
}

static void certificates_come_by_type_and_flag(void **state)
{
	static const struct {
		const char *args;
		enum vici_cert_type type;
		enum vici_cert_flag flag;
	} rows[] = {
		{ "type=X509;data=x", VICI_CERT_X509, VICI_FLAG_NONE },
		{ "type=x509;flag=NONE;data=x", VICI_CERT_X509, VICI_FLAG_NONE },
		{ "type=X509;flag=CA;data=x", VICI_CERT_X509, VICI_FLAG_CA },
		{ "type=X509;flag=AA;data=x", VICI_CERT_X509, VICI_FLAG_AA },
		{ "type=X509;flag=OCSP;data=x", VICI_CERT_X509, VICI_FLAG_OCSP },
		{ "type=X509_CRL;data=x", VICI_CERT_X509_CRL, VICI_FLAG_NONE },
		{ "type=PUBKEY;data=x", VICI_CERT_PUBKEY, VICI_FLAG_NONE },
		{ "type=x509ca;data=x", VICI_CERT_X509, VICI_FLAG_CA },
		{ "type=x509ocsp;data=x", VICI_CERT_X509, VICI_FLAG_OCSP },
		{ "type=x509crl;data=x", VICI_CERT_X509_CRL, VICI_FLAG_NONE },
	};
	struct vici_bench *b = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		b->fake->cert = (struct vici_cert){ 0 };
		assert_string_equal(vici_bench_ask(b, "load-cert", rows[i].args), "response success=yes\n");
		assert_int_equal(b->fake->cert.type, rows[i].type);
		assert_int_equal(b->fake->cert.flag, rows[i].flag);
		assert_true(bytes_eq(b->fake->cert.data, bytes_str("x")));
	}
}

static void certificates_are_octets(void **state)
{
	static const uint8_t der[] = { 0x30, 0, 0xff, 0 };
	struct vici_out out = { 0 };
	struct vici_bench *b = *state;

	vici_out_packet(&out, VICI_CMD_REQUEST, "load-cert");
	vici_put_pair(&out, "type", "X509");
	vici_put_value(&out, "data", bytes_of(der, sizeof der));
	assert_true(vici_client_input(b->s, vici_out_done(&out)));
	vici_out_free(&out);
	assert_string_equal(vici_read_all(b->s, &b->arena), "response success=yes\n");
	assert_true(bytes_eq(b->fake->cert.data, bytes_of(der, sizeof der)));
}

static void what_is_no_certificate_is_refused(void **state)
{
	struct vici_bench *b = *state;

	refused(b, "load-cert", NULL, "certificate type missing");
	refused(b, "load-cert", "type=foo;data=x", "invalid certificate type 'foo'");
	refused(b, "load-cert", "type=ANY;data=x", "invalid certificate type 'ANY'");
	refused(b, "load-cert", "type=X509;flag=foo;data=x", "invalid certificate flag 'foo'");
	refused(b, "load-cert", "type=X509;flag=ANY;data=x", "invalid certificate flag 'ANY'");
	refused(b, "load-cert", "type=X509", "certificate data missing");
	refused(b, "load-cert", "type=X509;data=", "certificate data missing");
	refused(b, "load-cert", "type=X509_AC;data=x",
		"attribute certificates (X509_AC) are not built in: take groups from remote.groups out and "
		"the file out of the folder x509ac");
	assert_int_equal(b->fake->cert.type, VICI_CERT_ANY);
	b->fake->refuse = true;
	refused(b, "load-cert", "type=X509;data=x", "refused by the test");
}

static void certificates_are_listed_as_by_strongswan(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "list-certs", NULL), "response\n");
	assert_true(
		vici_client_input(b->s, vici_packet_of(VICI_EVENT_REGISTER, "list-cert", NULL, &b->arena)));
	(void)vici_read_all(b->s, &b->arena);
	assert_string_equal(vici_bench_ask(b, "list-certs", NULL),
		"event list-cert type=PUBKEY data=one\n"
		"event list-cert type=X509 flag=NONE has_privkey=yes data=two\n"
		"event list-cert type=X509 flag=CA data=three\n"
		"event list-cert type=X509_CRL data=four\n"
		"response\n");
	assert_int_equal(b->fake->filter.type, VICI_CERT_ANY);
	assert_int_equal(b->fake->filter.flag, VICI_FLAG_ANY);
	assert_null(b->fake->filter.subject);
	(void)vici_bench_ask(b, "list-certs", "type=X509;flag=CA;subject=CN=*");
	assert_int_equal(b->fake->filter.type, VICI_CERT_X509);
	assert_int_equal(b->fake->filter.flag, VICI_FLAG_CA);
	assert_string_equal(b->fake->filter.subject, "CN=*");
	assert_string_equal(vici_bench_ask(b, "list-certs", "type=foo"), "response\n");
	assert_string_equal(vici_bench_ask(b, "list-certs", "flag=foo"), "response\n");
}

static void flushing_says_what(void **state)
{
	struct vici_bench *b = *state;

	b->fake->flushed = VICI_CERT_PUBKEY;
	assert_string_equal(vici_bench_ask(b, "flush-certs", NULL), "response success=yes\n");
	assert_int_equal(b->fake->flushed, VICI_CERT_ANY);
	assert_string_equal(vici_bench_ask(b, "flush-certs", "type=x509_crl"), "response success=yes\n");
	assert_int_equal(b->fake->flushed, VICI_CERT_X509_CRL);
	refused(b, "flush-certs", "type=foo", "invalid certificate type 'foo'");
}

static void keys_come_and_go_by_id(void **state)
{
	static const char *const kinds[] = { "any", "rsa", "ECDSA", "ed25519", "ed448" };
	struct vici_bench *b = *state;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		assert_string_equal(
			vici_bench_ask(b, "load-key", arena_printf(&b->arena, "type=%s;data=k", kinds[i])),
			"response success=yes id=0123\n");
	assert_true(bytes_eq(b->fake->key, bytes_str("k")));
	assert_string_equal(vici_bench_ask(b, "get-keys", NULL), "response keys=[0123 4567]\n");
	assert_string_equal(vici_bench_ask(b, "unload-key", "id=4567"), "response success=yes\n");
	assert_string_equal(b->fake->unloaded, "4567");
}

static void tokens_are_named(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "load-token", "handle=0aFf;slot=3;module=soft;pin=1234"),
		"response success=yes id=0123\n");
	assert_string_equal(b->fake->token, "- 0aFf soft 1 3 1234");
	assert_string_equal(vici_bench_ask(b, "load-token", "handle=a"), "response success=yes id=0123\n");
	assert_string_equal(b->fake->token, "- a - 0 0 ");
	assert_string_equal(
		vici_bench_ask(b, "load-token", "uri=pkcs11:id=1"), "response success=yes id=0123\n");
	assert_string_equal(b->fake->token, "pkcs11:id=1 - - 0 0 ");
	refused(b, "load-token", NULL, "token handle missing, or no hexadecimal digits");
	refused(b, "load-token", "handle=xy", "token handle missing, or no hexadecimal digits");
	refused(b, "load-token", "handle=0a;slot=three", "token slot is no number");
	b->fake->refuse = true;
	refused(b, "load-token", "handle=0a", "refused by the test");
}

static void what_is_no_key_is_refused(void **state)
{
	struct vici_bench *b = *state;

	refused(b, "load-key", NULL, "key type missing");
	refused(b, "load-key", "type=bliss;data=x", "invalid key type: bliss");
	refused(b, "load-key", "type=any", "key data missing");
	refused(b, "unload-key", NULL, "key id missing");
	b->fake->refuse = true;
	refused(b, "load-key", "type=any;data=x", "refused by the test");
	refused(b, "unload-key", "id=00", "refused by the test");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			certificates_come_by_type_and_flag, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(certificates_are_octets, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			what_is_no_certificate_is_refused, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			certificates_are_listed_as_by_strongswan, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(flushing_says_what, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(keys_come_and_go_by_id, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(tokens_are_named, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(what_is_no_key_is_refused, vici_bench_open, vici_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
