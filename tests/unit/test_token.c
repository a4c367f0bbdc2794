/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys and certificates of OpenSSL's providers. The one for files is one that every machine has. */
#include "unit.h"

#include "conf_help.h"
#include "creds/audit.h"
#include "creds/token.h"
#include "pki_maker.h"

#include <unistd.h>

static struct arena arena;

static void handles_are_uris(void **state)
{
	uint32_t slot = 3;

	(void)state;
	assert_string_equal(
		token_uri(NULL, "0a0B", NULL, NULL, "private", &arena), "pkcs11:id=%0a%0B;type=private");
	assert_string_equal(token_uri(NULL, "abc", "my module", &slot, "cert", &arena),
		"pkcs11:slot-id=3;id=%0a%bc;type=cert?module-name=my%20module");
	assert_string_equal(
		token_uri("handle:0x81000001", "0a", "m", &slot, "cert", &arena), "handle:0x81000001");
}

static const char *put(const char *name, struct bytes data)
{
	char *path = (char *)arena_printf(&arena, "/tmp/test_token-%s-XXXXXX", name);
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data.p, data.n), data.n);
	close(fd);
	return path;
}

/* What is read, with PIN, where the key is at KEY and the certificate at CERT; the error, and what is noted.
 */
static enum err read_both(const char *key, const char *cert, const char *pin, struct creds *creds,
	struct conf *conf, struct text *why, struct text *notes)
{
	struct fake_file list[] = {
		{ "/d/m.conf",
			arena_printf(&arena,
				"secrets { token-a { uri = file:%s\n pin = %s\n } }\n"
				"connections { a { local { cert { uri = file:%s\n } } children { n { } } } }",
				key, pin, cert) },
		{ NULL, NULL }
	};
	struct conf_files files = fake_files(list);

	assert_int_equal(conf_load("/d/m.conf", &files, conf, why, notes), ERR_OK);
	return creds_load(creds, "/d/m.conf", conf, &files, why, notes);
}

struct bench {
	const char *key, *cert;
	struct made made;
	struct creds creds;
	struct conf conf;
	struct text why, notes;
};

static int set_up(void **state)
{
	static struct bench b;

	b = (struct bench){ .made = maker_cert(&(struct recipe){ .key_number = 0 }, NULL),
		.why = text_in(&arena),
		.notes = text_in(&arena) };
	b.key = put("key", maker_key_pem("P-256", 0, "1234", &arena));
	b.cert = put("cert", maker_pem(b.made.cert, &arena));
	creds_start(&b.creds);
	*state = &b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	unlink(b->key);
	unlink(b->cert);
	cert_unref(b->made.cert);
	conf_free(&b->conf);
	creds_stop(&b->creds);
	arena_free(&arena);
	return 0;
}

static void key_and_certificate_fit(void **state)
{
	struct bench *b = *state;
	struct text bad = text_in(&arena), noted = text_in(&arena);

	assert_int_equal(read_both(b->key, b->cert, "1234", &b->creds, &b->conf, &b->why, &b->notes), ERR_OK);
	assert_string_equal(text_str(&b->notes), "");
	assert_true(bytes_eq(b->conf.peers[0]->local.certs.v[0].data, b->made.cert->der));
	assert_non_null(store_key(&b->creds.store, b->made.cert->key_id));
	creds_audit(&b->creds, &b->conf, MAKER_NOW, &bad, &noted);
	assert_string_equal(text_str(&bad), "");
}

/* The token may come back; what needs it says so meanwhile. */
static void a_key_that_cannot_be_had_is_noted(void **state)
{
	struct bench *b = *state;
	struct text bad = text_in(&arena), noted = text_in(&arena);

	assert_int_equal(read_both(b->key, b->cert, "4321", &b->creds, &b->conf, &b->why, &b->notes), ERR_OK);
	assert_non_null(strstr(text_str(&b->notes), "token-a: "));
	assert_non_null(strstr(text_str(&b->notes), "(secrets.token-a.uri)"));
	assert_null(strstr(text_str(&b->notes), "4321"));
	creds_audit(&b->creds, &b->conf, MAKER_NOW, &bad, &noted);
	assert_non_null(strstr(text_str(&bad), "there is no private key for the certificate of CN=moon"));
}

static void a_certificate_that_cannot_be_had_is_refused(void **state)
{
	struct bench *b = *state;

	assert_int_not_equal(
		read_both(b->key, b->key, "1234", &b->creds, &b->conf, &b->why, &b->notes), ERR_OK);
	assert_non_null(strstr(
		text_str(&b->why), arena_printf(&arena, "there is no certificate at file:%s", b->key)));
	assert_non_null(strstr(text_str(&b->why), "(connections.a.local"));
}

static int end(void **state)
{
	(void)state;
	maker_end();
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handles_are_uris),
		cmocka_unit_test_setup_teardown(key_and_certificate_fit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_cannot_be_had_is_noted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_certificate_that_cannot_be_had_is_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, end);
}
