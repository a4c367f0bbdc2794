/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folders of certificates and keys beside a configuration. */
#include "unit.h"

#include "conf_help.h"
#include "creds/creds.h"
#include "pki/paper.h"
#include "pki_maker.h"

#include <openssl/pem.h>
#include <stdlib.h>

enum { FILES_MAX = 12 };

struct bench {
	struct arena arena;
	struct fake_file files[FILES_MAX + 1];
	unsigned n;
	struct creds creds;
	struct conf conf;
	struct made root, leaf;
	const char *why, *notes;
};

static void put(struct bench *b, const char *path, struct bytes text)
{
	assert_true(b->n < FILES_MAX);
	b->files[b->n++] = (struct fake_file){ path, arena_text(&b->arena, text) };
}

/* The file PATH is another one from now on. */
static void change(struct bench *b, const char *path, const char *text)
{
	for (unsigned i = 0; i < b->n; i++)
		if (!strcmp(b->files[i].path, path))
			b->files[i].text = text;
}

static int set_up(void **state)
{
	struct bench *b = calloc(1, sizeof *b);

	creds_start(&b->creds);
	b->root = maker_cert(&(struct recipe){ .subject = "CN=root", .extensions = "CA" }, NULL);
	b->leaf = maker_cert(&(struct recipe){ .key_number = 5 }, &b->root);
	put(b, "/d/m.conf", bytes_str(""));
	put(b, "/d/x509ca/root.pem", maker_pem(b->root.cert, &b->arena));
	put(b, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	put(b, "/d/private/moon.pem", maker_key_pem("P-256", 5, "open sesame", &b->arena));
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	creds_stop(&b->creds);
	conf_free(&b->conf);
	cert_unref(b->root.cert);
	cert_unref(b->leaf.cert);
	arena_free(&b->arena);
	free(b);
	return 0;
}

static enum err read_again(struct bench *b, const char *conf)
{
	struct conf_files files = fake_files(b->files);
	struct text why = text_in(&b->arena), notes = text_in(&b->arena);
	struct conf next = { 0 };
	enum err e;

	change(b, "/d/m.conf", conf);
	e = conf_load("/d/m.conf", &files, &next, &why, &notes);
	for (unsigned i = 0; i < next.n_peers && !e; i++)
		e = creds_fill(&b->creds, next.peers[i], "/d", &files, &why, &notes);
	if (!e)
		e = creds_read(&b->creds, "/d", &next, &files, &why, &notes);
	b->why = text_str(&why);
	b->notes = text_str(&notes);
	conf_free(&b->conf);
	b->conf = next;
	return e;
}

static unsigned held(const struct bench *b, enum stored_kind kind)
{
	unsigned n = 0;

	list_each (node, (struct node *)&b->creds.store.all)
		n += store_at(node)->kind == kind;
	return n;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" does not say \"%s\"", text, part);
}

#define OPENED "secrets { private-moon { file = moon.pem\n secret = \"open sesame\" } }\n"

static void assert_all_is_here(const struct bench *b)
{
	assert_int_equal(held(b, STORED_CA), 1);
	assert_int_equal(held(b, STORED_CERT), 1);
	assert_int_equal(held(b, STORED_KEY), 1);
	assert_non_null(store_key(&b->creds.store, b->leaf.cert->key_id));
}

static void folders_are_read(void **state)
{
	struct bench *b = *state;

	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_string_equal(b->notes, "");
	assert_all_is_here(b);
	assert_int_equal(creds_authorities(&b->creds, &b->arena).n, KEYID_SIZE);
}

static void what_is_read_again_takes_the_place_of_what_was(void **state)
{
	struct bench *b = *state;
	struct cert *gone = b->leaf.cert;

	assert_int_equal(read_again(b, OPENED), ERR_OK);
	b->leaf = maker_cert(&(struct recipe){ .key_number = 5, .serial = 77 }, &b->root);
	change(b, "/d/x509/moon.pem", arena_text(&b->arena, maker_pem(b->leaf.cert, &b->arena)));
	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_all_is_here(b);
	list_each (n, &b->creds.store.all)
		if (store_at(n)->kind == STORED_CERT)
			assert_true(cert_eq(store_at(n)->cert, b->leaf.cert));
	cert_unref(gone);
}

static void a_wrong_passphrase_changes_nothing(void **state)
{
	struct bench *b = *state;

	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_int_not_equal(
		read_again(b, "secrets { private-moon { file = moon.pem\n secret = \"open barley\" } }\n"),
		ERR_OK);
	assert_says(b->why, "/d/private/moon.pem: ");
	assert_says(b->why, "pass");
	assert_says(b->why, "/d/m.conf:1 (secrets.private-moon.file)");
	assert_null(strstr(b->why, "barley"));
	assert_all_is_here(b);
}

static void a_missing_passphrase_is_noted(void **state)
{
	struct bench *b = *state;

	assert_int_equal(read_again(b, ""), ERR_OK);
	assert_says(b->notes, "/d/private/moon.pem: ");
	assert_int_equal(held(b, STORED_KEY), 0);
	assert_int_equal(held(b, STORED_CERT), 1);
}

static void garbage_in_a_folder_is_noted(void **state)
{
	struct bench *b = *state;

	put(b, "/d/x509/README", bytes_str("not a certificate\n"));
	put(b, "/d/x509crl/cut.pem", bytes_str("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n"));
	put(b, "/d/private/empty.pem", bytes_str(""));
	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_says(b->notes, "/d/x509/README: ");
	assert_says(b->notes, "/d/x509crl/cut.pem: ");
	assert_says(b->notes, "/d/private/empty.pem: ");
	assert_all_is_here(b);
}

static void only_authorities_are_trusted_as_such(void **state)
{
	struct bench *b = *state;

	put(b, "/d/x509ca/leaf.pem", maker_pem(b->leaf.cert, &b->arena));
	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_says(b->notes,
		"/d/x509ca/leaf.pem: the certificate of CN=moon is no authority's (basicConstraints)");
	assert_int_equal(held(b, STORED_CA), 1);
}

/* What the configuration names must be right, or nothing changes. */
static void files_that_are_named_must_be_right(void **state)
{
	static const struct {
		const char *conf, *says[2];
	} rows[] = {
		{ "secrets { private-moon { file = none.pem } }",
			{ "/d/private/none.pem: ", "(secrets.private-moon.file)" } },
		{ "secrets { private-moon { file = garbage.pem } }",
			{ "/d/private/garbage.pem: ", "(secrets.private-moon.file)" } },
		{ "authorities { a { cacert = none.pem } }",
			{ "/d/x509ca/none.pem: ", "(authorities.a.cacert)" } },
		{ "authorities { a { cacert = garbage.pem } }",
			{ "/d/x509ca/garbage.pem: ", "(authorities.a.cacert)" } },
		{ "authorities { a { cacert = /d/x509/moon.pem } }",
			{ "the certificate of CN=moon is no authority's", "(authorities.a.cacert)" } },
		{ "connections { c { local { auth = pubkey\n certs = none.pem\n } remote { auth = pubkey\n "
		  "}\n"
		  " children { n { } } } }",
			{ "/d/x509/none.pem", "/d/m.conf:2 (connections.c.local.certs)" } },
		{ "connections { c { local { auth = pubkey\n } remote { auth = pubkey\n cacerts = "
		  "garbage.pem\n }\n"
		  " children { n { } } } }",
			{ "certificate", "/d/m.conf:3 (connections.c.remote.cacerts)" } },
		{ "connections { c { local { auth = pubkey\n } remote { auth = pubkey\n pubkeys = "
		  "garbage.pem\n }\n"
		  " children { n { } } } }",
			{ "key", "/d/m.conf:3 (connections.c.remote.pubkeys)" } },
	};
	struct bench *b = *state;

	put(b, "/d/private/garbage.pem", bytes_str("garbage\n"));
	put(b, "/d/x509ca/garbage.pem", bytes_str("garbage\n"));
	put(b, "/d/pubkey/garbage.pem", bytes_str("garbage\n"));
	assert_int_equal(read_again(b, OPENED), ERR_OK);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_not_equal(read_again(b, rows[i].conf), ERR_OK);
		assert_says(b->why, rows[i].says[0]);
		assert_says(b->why, rows[i].says[1]);
		assert_all_is_here(b);
	}
}

static void authorities_say_where_to_ask(void **state)
{
	struct bench *b = *state;

	assert_int_equal(read_again(b, OPENED
				 "authorities { a { cacert = root.pem\n crl_uris = http://crl.example.org/\n"
				 " ocsp_uris = http://ocsp.example.org/ } }"),
		ERR_OK);
	assert_int_equal(held(b, STORED_AUTHORITY), 1);
	list_each (n, &b->creds.store.all)
		if (store_at(n)->kind == STORED_AUTHORITY) {
			assert_string_equal(store_at(n)->authority.crls.v[0], "http://crl.example.org/");
			assert_string_equal(store_at(n)->authority.ocsps.v[0], "http://ocsp.example.org/");
		}
}

static const struct id *own_id(struct bench *b, const char *line)
{
	assert_int_equal(
		read_again(b,
			arena_printf(&b->arena,
				OPENED "connections { c { local { auth = pubkey\n %s\n certs = moon.pem\n }\n"
				       " remote { auth = pubkey\n } children { n { } } } }",
				line)),
		ERR_OK);
	return &b->conf.peers[0]->local.id;
}

static void our_name_is_our_certificates(void **state)
{
	struct bench *b = *state;

	assert_string_equal(id_print(own_id(b, ""), &b->arena), "CN=moon");
	assert_string_equal(b->notes, "");
	assert_string_equal(id_print(own_id(b, "id = moon.example.org"), &b->arena), "moon.example.org");
	assert_string_equal(b->notes, "");
	assert_string_equal(id_print(own_id(b, "id = mars.example.org"), &b->arena), "CN=moon");
	assert_says(
		b->notes, "none of our certificates is about mars.example.org, so we call ourselves CN=moon");
}

/* -------------------------------------------------------- clients of VICI */

static const char *hex(struct bytes b, struct arena *arena)
{
	struct text t = text_in(arena);

	text_add(&t, "0x");
	for (size_t i = 0; i < b.n; i++)
		text_add(&t, "%02x", b.p[i]);
	return text_str(&t);
}

static struct bytes joined(struct bytes a, struct bytes b, struct arena *arena)
{
	struct text t = text_in(arena);

	text_put(&t, a.p, a.n);
	text_put(&t, b.p, b.n);
	return bytes_of(t.s, t.n);
}

/* A connection with such a CA and public key, as ORIGIN wrote them; it is the only one in the configuration.
 */
static enum err fill(struct bench *b, enum origin origin, struct bytes ca, struct bytes key)
{
	struct conf_files files = fake_files(b->files);
	struct text why = text_in(&b->arena), notes = text_in(&b->arena);
	enum err e;

	conf_free(&b->conf);
	change(b, "/d/m.conf",
		arena_printf(&b->arena,
			"connections { c { local { auth = pubkey\n certs = moon.pem }\n remote { auth = "
			"pubkey\n "
			"cacerts = %s\n pubkeys = %s } } }",
			hex(ca, &b->arena), hex(key, &b->arena)));
	assert_int_equal(conf_load("/d/m.conf", &files, &b->conf, &why, &notes), ERR_OK);
	b->conf.peers[0]->origin = origin;
	e = creds_fill(&b->creds, b->conf.peers[0], "/d", &files, &why, &notes);
	b->why = text_str(&why);
	return e;
}

/* It is used as it was read elsewhere, and compared as it came. */
static void what_a_client_writes_is_read_elsewhere(void **state)
{
	struct bench *b = *state;
	struct bytes pem = maker_pem(b->root.cert, &b->arena), spki = b->leaf.cert->key->spki;
	struct bytes ca = joined(paper_of(pem, PAPER_CERTS_ONLY, UINT16_MAX, &b->arena), pem, &b->arena);
	struct bytes key = joined(paper_of(spki, PAPER_KEY, UINT16_MAX, &b->arena), spki, &b->arena);
	struct cert_list list;
	struct auth_conf *theirs;

	assert_int_equal(fill(b, ORIGIN_VICI, ca, key), ERR_OK);
	theirs = &b->conf.peers[0]->remote;
	assert_true(bytes_eq(theirs->cacerts.v[0].data, pem));
	assert_true(bytes_eq(theirs->pubkeys.v[0].data, spki));
	assert_string_equal(cert_conf_subject(&theirs->cacerts.v[0], &b->arena), "CN=root");
	list = certs_of(&theirs->cacerts, NULL, "x509ca", &b->arena);
	assert_int_equal(list.n, 1);
	assert_true(cert_eq(list.v[0], b->root.cert));
	assert_null(list.v[0]->x509);
	certs_free(&list);
}

/* In the words of who could not. */
static void what_was_not_read_elsewhere_is_not_read_here(void **state)
{
	struct bench *b = *state;
	struct bytes pem = maker_pem(b->root.cert, &b->arena), spki = b->leaf.cert->key->spki;
	struct bytes ca = joined(paper_of(pem, PAPER_CERTS_ONLY, UINT16_MAX, &b->arena), pem, &b->arena);
	struct authority a = { .name = "root", .origin = ORIGIN_VICI, .cacert.data = pem };
	struct why why = { 0 };

	assert_int_equal(fill(b, ORIGIN_FILE, pem, spki), ERR_OK);
	assert_int_equal(fill(b, ORIGIN_VICI, pem, spki), ERR_SYNTAX);
	assert_says(b->why, "it did not come by the process that reads such things");
	assert_int_equal(fill(b, ORIGIN_VICI, ca, spki), ERR_SYNTAX);
	assert_says(b->why, "pubkeys");
	assert_int_equal(
		fill(b, ORIGIN_VICI, paper_of(spki, PAPER_KEY, UINT16_MAX, &b->arena), spki), ERR_SYNTAX);
	assert_says(b->why, "there is none in it");
	assert_int_equal(
		fill(b, ORIGIN_VICI, paper_of(bytes_str("x"), PAPER_CERTS_ONLY, UINT16_MAX, &b->arena), spki),
		ERR_SYNTAX);
	assert_says(b->why, "this is no certificate");
	assert_int_equal(creds_fill_authority(&b->creds, &a, &b->arena, &why), ERR_SYNTAX);
	a.cacert.data = ca;
	assert_int_equal(creds_fill_authority(&b->creds, &a, &b->arena, &why), ERR_OK);
	assert_true(bytes_eq(a.cacert.data, pem) && a.cacert.paper.n);
}

/* ------------------------------------------------------------- read elsewhere */

enum { PART_MAX = 2000 };

static unsigned parts, keys;

static enum err open_elsewhere(void *ctx, struct bytes data, const struct key_conf *k, struct arena *a,
	struct bundle *out, struct why *why)
{
	keys++;
	return bundle_read(data, k ? &k->secret : ctx, a, out, why);
}

/* Who reads it has looked into its DER; what is taken here has not. */
static enum err read_elsewhere(void *ctx, struct bytes data, enum paper_of what, struct arena *a,
	struct bundle *out, struct why *why)
{
	struct rd r = rd_of(paper_of(data, what, BUNDLE_MAX, a));

	(void)ctx;
	parts++;
	return paper_take(&r, a, out, why);
}

static void read_by_another(struct bench *b)
{
	parts = keys = 0;
	b->creds.opener.open = open_elsewhere;
	b->creds.opener.read = read_elsewhere;
	b->creds.opener.max = PART_MAX;
}

static void certificates_are_read_where_the_opener_says(void **state)
{
	struct bench *b = *state;

	read_by_another(b);
	assert_int_equal(read_again(b, OPENED "connections { a { local { certs = moon.pem\n }\n"
					      " remote { cacerts = root.pem\n } children { n { } } } }"),
		ERR_OK);
	assert_all_is_here(b);
	assert_int_equal(parts, 4); /* two of folders, two of the connection */
	assert_true(keys > 0);
	list_each (n, &b->creds.store.all)
		if (store_at(n)->cert)
			assert_null(store_at(n)->cert->x509);
	assert_true(b->conf.peers[0]->local.certs.v[0].paper.n);
	assert_true(b->conf.peers[0]->remote.cacerts.v[0].paper.n);
}

/* There may be thousands of them. */
static void a_peer_keeps_little_more_than_its_certificate(void **state)
{
	struct bench *b = *state;
	size_t without;

	read_by_another(b);
	assert_int_equal(read_again(b, OPENED "connections { a { children { n { } } } }"), ERR_OK);
	without = b->conf.peers[0]->arena.taken;
	assert_int_equal(read_again(b, OPENED "connections { a { local { certs = moon.pem\n }\n"
					      " children { n { } } } }"),
		ERR_OK);
	assert_true(b->conf.peers[0]->arena.taken < without + 8 * b->leaf.cert->der.n);
}

/* Whatever their length. */
static void a_long_file_is_read_there_too(void **state)
{
	enum { MANY = 20 };
	struct bench *b = *state;
	struct text t = text_in(&b->arena);

	text_add(&t, "All of them:\n");
	for (unsigned i = 0; i < MANY; i++) {
		struct made made = maker_cert(
			&(struct recipe){ .subject = "CN=root", .extensions = "CA", .serial = 100 + i },
			NULL);

		text_add(&t, "number %u\n%s", i, arena_text(&b->arena, maker_pem(made.cert, &b->arena)));
		cert_unref(made.cert);
	}
	put(b, "/d/x509ca/many.pem", bytes_str(text_str(&t)));
	read_by_another(b);
	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_string_equal(b->notes, "");
	assert_int_equal(held(b, STORED_CA), MANY + 1);
	assert_int_equal(parts, 3); /* two others */
}

static struct bytes pem_of_crl(struct bytes der, struct arena *arena)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct bytes pem;
	char *text;
	long n;

	assert_true(PEM_write_bio(bio, "X509 CRL", "", der.p, (long)der.n) > 0);
	n = BIO_get_mem_data(bio, &text);
	pem = arena_bytes(arena, bytes_of(text, (size_t)n));
	BIO_free(bio);
	return pem;
}

static void a_long_crl_is_read_there_too(void **state)
{
	enum { MANY = 100 };
	struct bench *b = *state;
	const struct cert *revoked[MANY];
	struct bytes crl;

	for (unsigned i = 0; i < MANY; i++)
		revoked[i] = b->leaf.cert;
	crl = maker_crl(&b->root, revoked, MANY, -1, 1, false, &b->arena);
	assert_true(crl.n > PART_MAX);
	put(b, "/d/x509crl/long.pem", pem_of_crl(crl, &b->arena));
	read_by_another(b);
	assert_int_equal(read_again(b, OPENED), ERR_OK);
	assert_string_equal(b->notes, "");
	assert_int_equal(held(b, STORED_CRL), 1);
	assert_int_equal(parts, 3);
	list_each (n, &b->creds.store.all)
		if (store_at(n)->crl)
			assert_null(store_at(n)->crl->x509);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(folders_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_read_again_takes_the_place_of_what_was, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_passphrase_changes_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_passphrase_is_noted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(garbage_in_a_folder_is_noted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_authorities_are_trusted_as_such, set_up, tear_down),
		cmocka_unit_test_setup_teardown(files_that_are_named_must_be_right, set_up, tear_down),
		cmocka_unit_test_setup_teardown(authorities_say_where_to_ask, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_name_is_our_certificates, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_client_writes_is_read_elsewhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_was_not_read_elsewhere_is_not_read_here, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			certificates_are_read_where_the_opener_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_peer_keeps_little_more_than_its_certificate, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_file_is_read_there_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_long_crl_is_read_there_too, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
