/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates judged before anyone connects. */
#include "unit.h"

#include "conf_help.h"
#include "creds/audit.h"
#include "daemon/daemon.h"
#include "ipsec_bench.h"
#include "pki_maker.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 8 };

/* One connection. What is 0 or NULL is as a good one has it: moon.pem issued by CN=root, and its key. */
struct row {
	const char *name;
	struct recipe leaf, root;
	bool no_root, no_key, others_key, self_signed;
	const char *local, *remote; /* lines of its sections; NULL: "certs = moon.pem", nothing */
	const char *bad[3];         /* what is said of it; none: nothing is bad */
	const char *note;           /* the same; NULL: nothing is noted */
};

#define EXPIRED "the certificate of CN=moon has expired (on 2025-12-31 00:00:00 UTC)"

/* clang-format off */
static const struct row rows[] = {
	{ .name = "good" },
	{ "good, by its identity", .local = "id = moon.example.org" },
	{ "good, another's", .no_key = true, .local = "auth = psk", .remote = "certs = moon.pem\nid = moon.example.org" },

	{ "expired", .leaf.to = -1, .bad = { "/d/x509/moon.pem: " EXPIRED, "/d/m.conf:3 (connections.a.local.certs)", "instead: a new certificate" } },
	{ "not valid yet", .leaf.from = 3, .bad = { "/d/x509/moon.pem: the certificate of CN=moon is not valid yet" } },
	{ "soon expired", .leaf.to = 5, .note = "our certificate CN=moon (/d/x509/moon.pem) expires on 2026-01-06" },
	{ "its CA expired", .root = { .from = -40, .to = -1 }, .bad = { "the certificate of CN=root has expired" },
		.note = "/d/x509ca/root.pem: the certificate of CN=root has expired" },
	{ "expired by itself", .leaf.to = -1, .self_signed = true, .no_root = true, .remote = "certs = other.pem", .bad = { EXPIRED } },
	{ "no key", .no_key = true, .bad = { "/d/x509/moon.pem: there is no private key for the certificate of CN=moon", "in the folder private" } },
	{ "another's key", .others_key = true, .bad = { "there is no private key for the certificate of CN=moon" } },
	{ "a weak key", .leaf = { .key = "RSA-1024", .extensions = "" }, .no_key = true, .bad = { "/d/x509/moon.pem: the key of the certificate CN=moon cannot be used: ", "1024" } },
	{ "its CA is not here", .no_root = true, .remote = "certs = other.pem", .note = "/d/x509/moon.pem: the certificate of CN=moon was issued by a CA that is not here (CN=root)" },
	{ "self-signed", .self_signed = true, .no_root = true, .remote = "certs = other.pem" },
	{ "nobody is trusted", .self_signed = true, .no_root = true, .note = "no CA is trusted here" },
	{ "for something else", .leaf.extensions = "extendedKeyUsage=codeSigning", .bad = { "extendedKeyUsage" } },
	{ "may not sign", .leaf.extensions = "keyUsage=keyEncipherment", .bad = { "keyUsage has no digitalSignature" } },
	{ "no certificate for the identity", .local = "id = sun.example.org", .bad = { "sun.example.org", "(connections.a.local.certs)" } },
	{ "an algorithm that the key has not", .local = "certs = moon.pem\nauth = ike:rsa-sha256", .bad = { "(connections.a.local.auth)" } },
	{ "without a section", .local = NULL, .no_key = true, .remote = "auth = pubkey\n} }  b {\nremote_addrs = 192.0.2.9\nremote { auth = psk",
		.bad = { "/d/m.conf:7 (connections.b.local.certs)" } },
	{ "a public key without its private one", .no_key = true, .local = "pubkeys = moon.pub", .bad = { "the private key of our public key is not here" } },

	{ "the peer's expired", .leaf.to = -1, .local = "auth = psk", .remote = "certs = moon.pem", .bad = { "/d/x509/moon.pem: " EXPIRED, "(connections.a.remote.certs)" } },
	{ "the peer's is about somebody else", .local = "auth = psk", .remote = "certs = moon.pem\nid = sun.example.org", .bad = { "sun.example.org" } },
	{ "the peer's old and new", .leaf.to = -1, .no_root = true, .local = "auth = psk", .remote = "certs = moon.pem, other.pem", .note = EXPIRED },
	{ "the peer's CA expired", .root = { .from = -40, .to = -1 }, .local = "auth = psk", .remote = "cacerts = root.pem",
		.bad = { "/d/x509ca/root.pem: the certificate of CN=root has expired", "(connections.a.remote.cacerts)" },
		.note = "/d/x509ca/root.pem: " },
};
/* clang-format on */

struct bench {
	struct arena arena;
	struct fake_file files[FILES_MAX + 1];
	unsigned n;
	struct made root, leaf, other;
};

static void put(struct bench *b, const char *path, struct bytes text)
{
	assert_true(b->n < FILES_MAX);
	b->files[b->n++] = (struct fake_file){ path, arena_text(&b->arena, text) };
}

static struct bytes public_pem(const char *kind, struct arena *arena)
{
	struct key *k = maker_key(kind, 0, false);
	unsigned char text[1024];
	struct bytes pem;

	EVP_EncodeBlock(text, k->spki.p, (int)k->spki.n);
	pem = bytes_str(
		arena_printf(arena, "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", text));
	key_unref(k);
	return pem;
}

static void make_files(struct bench *b, const struct row *r)
{
	struct recipe root = r->root, other = { .subject = "CN=other", .key_number = 3 };
	const char *kind = r->leaf.key ? r->leaf.key : "P-256";

	root.subject = "CN=root";
	root.extensions = "CA";
	root.key_number = 1;
	b->root = maker_cert(&root, NULL);
	b->leaf = maker_cert(&r->leaf, r->self_signed ? NULL : &b->root);
	b->other = maker_cert(&other, NULL);
	if (!r->no_root)
		put(b, "/d/x509ca/root.pem", maker_pem(b->root.cert, &b->arena));
	if (b->leaf.cert)
		put(b, "/d/x509/moon.pem", maker_pem(b->leaf.cert, &b->arena));
	put(b, "/d/x509/other.pem", maker_pem(b->other.cert, &b->arena));
	put(b, "/d/pubkey/moon.pub", public_pem("P-256", &b->arena));
	if (!r->no_key)
		put(b, "/d/private/moon.pem", maker_key_pem(kind, r->others_key ? 2 : 0, NULL, &b->arena));
	put(b, "/d/m.conf",
		bytes_str(arena_printf(&b->arena, "connections { a {\nlocal {\n%s\n}\nremote {\n%s\n}\n} }\n",
			r->local ? r->local : "certs = moon.pem", r->remote ? r->remote : "auth = pubkey")));
}

static void assert_says(const struct row *r, const char *said, const char *part)
{
	if (part ? !strstr(said, part) : *said != 0)
		fail_msg("%s: \"%s\" does not say \"%s\"", r->name, said, part ? part : "");
}

static void check_row(const struct row *r)
{
	struct bench b = { 0 };
	struct text why = text_in(&b.arena), notes = text_in(&b.arena), bad = text_in(&b.arena),
		    noted = text_in(&b.arena);
	struct conf_files files = fake_files(b.files);
	struct creds creds;
	struct conf conf;

	make_files(&b, r);
	creds_start(&creds);
	if (conf_load("/d/m.conf", &files, &conf, &why, &notes) ||
		creds_load(&creds, "/d/m.conf", &conf, &files, &why, &notes))
		fail_msg("%s: %s", r->name, text_str(&why));
	creds_audit(&creds, &conf, MAKER_NOW, &bad, &noted);
	for (unsigned i = 0; i < 3; i++)
		if (!i || r->bad[i])
			assert_says(r, text_str(&bad), r->bad[i]);
	assert_says(r, text_str(&noted), r->note);
	conf_free(&conf);
	creds_stop(&creds);
	cert_unref(b.root.cert);
	cert_unref(b.leaf.cert);
	cert_unref(b.other.cert);
	arena_free(&b.arena);
}

static void what_will_be_refused_is_said_before(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
}

/* ------------------------------------------------------------- the commands */

static void put_file(const char *dir, const char *name, struct bytes data)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data.p, 1, data.n, f), data.n);
	fclose(f);
}

/* A folder with a certificate that expired long ago, which its connection uses. */
static void make_folder(char *dir, struct arena *arena)
{
	static const char *const folders[] = { "x509", "x509ca", "private" };
	struct made root =
		maker_cert(&(struct recipe){ .subject = "CN=root", .extensions = "CA", .to = 36500 }, NULL);
	struct made leaf = maker_cert(&(struct recipe){ .to = -1 }, &root);

	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		assert_int_equal(mkdir(arena_printf(arena, "%s/%s", dir, folders[i]), 0700), 0);
	put_file(dir, "x509ca/root.pem", maker_pem(root.cert, arena));
	put_file(dir, "x509/moon.pem", maker_pem(leaf.cert, arena));
	put_file(dir, "private/moon.pem", maker_key_pem("P-256", 0, NULL, arena));
	put_file(dir, "m.conf", bytes_str("connections { a { local { certs = moon.pem } } }\n"));
	cert_unref(root.cert);
	cert_unref(leaf.cert);
}

static void drop_folder(const char *dir, struct arena *arena)
{
	static const char *const names[] = { "x509ca/root.pem", "x509/moon.pem", "private/moon.pem",
		"m.conf" },
				 *const folders[] = { "x509", "x509ca", "private", "" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(unlink(arena_printf(arena, "%s/%s", dir, names[i])), 0);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		assert_int_equal(rmdir(arena_printf(arena, "%s/%s", dir, folders[i])), 0);
}

static void ipsec_check_says_it(void **state)
{
	struct arena arena = { 0 };
	char dir[] = "/tmp/ipsec-audit-XXXXXX";
	struct ipsec_bench b;

	(void)state;
	make_folder(dir, &arena);
	ipsec_bench_idle(&b);
	assert_int_equal(ipsec_bench_run(&b, arena_printf(&arena, "check %s/m.conf", dir)), 1);
	if (!strstr(b.out, arena_printf(&arena, "bad   certificates   %s/x509/moon.pem: " EXPIRED, dir)))
		fail_msg("it says: %s", b.out);
	ipsec_bench_end(&b);
	drop_folder(dir, &arena);
	arena_free(&arena);
}

/* What FILE, which was just written, holds. */
static const char *written(FILE *file, struct arena *arena)
{
	char *text = arena_alloc(arena, 4096);

	rewind(file);
	text[fread(text, 1, 4095, file)] = 0;
	return text;
}

static void ikev2d_check_says_it(void **state)
{
	struct arena arena = { 0 };
	char dir[] = "/tmp/ikev2d-audit-XXXXXX";
	FILE *said = tmpfile();
	int kept = dup(STDERR_FILENO), code;

	(void)state;
	assert_non_null(said);
	make_folder(dir, &arena);
	dup2(fileno(said), STDERR_FILENO);
	code = daemon_check(arena_printf(&arena, "%s/m.conf", dir));
	dup2(kept, STDERR_FILENO);
	close(kept);
	assert_int_equal(code, 1);
	assert_non_null(
		strstr(written(said, &arena), arena_printf(&arena, "%s/x509/moon.pem: " EXPIRED, dir)));
	fclose(said);
	drop_folder(dir, &arena);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_will_be_refused_is_said_before),
		cmocka_unit_test(ipsec_check_says_it),
		cmocka_unit_test(ikev2d_check_says_it),
	};

	return cmocka_run_group_tests(tests, NULL, maker_teardown);
}
