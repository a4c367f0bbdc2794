/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lints: each row of the table finds its fault where it is, and nothing where it is not. */
#include "unit.h"

#include "conf_help.h"
#include "creds/creds.h"
#include "ipsec_bench.h"
#include "pki_maker.h"
#include "tools/ipsec/lint.h"

#include <unistd.h>

enum { FILES_MAX = 8 };

/* What lies beside the configuration. What is 0 or NULL is as a good one has it: moon.pem for
 * moon.example.org, issued by CN=root, and its key. */
struct beside {
	bool nothing;
	const char *extensions; /* of moon.pem */
	const char *key;        /* its kind */
	bool lone_key;          /* another one, without a certificate */
	int from;               /* days from now when moon.pem begins; 0: before */
	bool long_ago;          /* the clock was never set */
};

/* A configuration with the fault that LINT finds, and one without. */
struct row {
	const char *lint, *profile;
	const char *bad, *good;
	struct beside bad_files, good_files;
	const char *says, *where, *instead;
};

#define CONN(lines)         "connections { a {\n" lines "\n} }\n"
#define PSK                 "local { auth = psk\n}\nremote { auth = psk\nid = sun\n}\n"
#define SECRET              "secrets { ike-a {\nsecret = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n} }\n"
#define CHILD(name, lines)  "children { " name " {\n" lines "\n} }\n"
#define ESP(value)          CHILD("net", "esp_proposals = " value)
#define NETS(local, remote) "local_ts = " local "\nremote_ts = " remote
#define CLIENTS(preset)     "peer = " preset "\nlocal { certs = moon.pem\n}\n"
#define EAP                 "local { certs = moon.pem\n}\nremote { auth = eap-mschapv2\n}\n"
#define BSI                 "proposals = aes256gcm16-prfsha384-ecp384\n"

/* clang-format off */
static const struct row rows[] = {
	{ "proposal-none", .bad = CONN("proposals = aes256-sha256-x448"), .good = CONN("proposals = aes256-sha256-x448-x25519"),
		.says = "has no X448", .where = "/d/m.conf:2 (connections.a.proposals)", .instead = "aes256-sha256-prfsha256-x448, aes256gcm16-prfsha384-ecp384" },
	{ "proposal-none", .bad = CONN(ESP("aes256gcm16-x448")), .good = CONN(ESP("aes256gcm16-x448,aes256gcm16-x25519")),
		.says = "has no X448", .where = "/d/m.conf:3 (connections.a.children.net.esp_proposals)" },
	{ "proposal-idle", .bad = CONN("proposals = aes256-aes128-sha256-x25519,aes128-sha256-x25519"),
		.good = CONN("proposals = aes128-sha256-x25519,aes256-aes128-sha256-x25519"),
		.says = "aes128-sha256-prfsha256-x25519 is never chosen", .where = "/d/m.conf:2 (connections.a.proposals)", .instead = "the narrower one first" },
	/* One without a key exchange takes offers that one with it does not. */
	{ "proposal-idle", .bad = CONN(ESP("aes256gcm16,aes256gcm16")), .good = CONN(ESP("aes256gcm16-x25519,aes256gcm16")),
		.says = "aes256gcm16 is never chosen" },
	{ "pfs-missing", .bad = CONN(CHILD("net", "esp_proposals = aes256gcm16") CHILD("pfs", "esp_proposals = aes256gcm16-ecp384")),
		.good = CONN(CHILD("net", "esp_proposals = aes256gcm16-x25519") CHILD("pfs", "esp_proposals = aes256gcm16-ecp384")),
		.says = "while a/pfs has one", .where = "/d/m.conf:3 (connections.a.children.net.esp_proposals)", .instead = "aes256gcm16-ecp384" },
	{ "pfs-mixed", .bad = CONN(ESP("aes256gcm16-x25519,aes256gcm16")), .good = CONN(ESP("aes256gcm16-x25519,aes256-sha256-x25519")),
		.says = "the peer decides", .where = "/d/m.conf:3", .instead = "aes256gcm16-x25519" },
	/* A preset has both on purpose. */
	{ "pfs-mixed", .bad = CONN(ESP("aes256gcm16,aes128gcm16-x25519")), .good = CONN(CLIENTS("apple") ESP("aes256gcm16,aes128gcm16-x25519")),
		.says = "the peer decides" },
	{ "overlap", .bad = CONN(CHILD("one", NETS("10.1.0.0/16", "10.2.0.0/16")) CHILD("two", NETS("10.1.0.0/16", "10.2.0.0/16"))),
		.good = CONN(CHILD("one", NETS("10.1.0.0/16", "10.2.0.0/16")) CHILD("two", NETS("10.1.0.0/16", "10.3.0.0/16"))),
		.says = "a/one and a/two both carry 10.1.0.0/16 === 10.2.0.0/16", .where = "/d/m.conf:8 (connections.a.children.two.remote_ts)", .instead = "an if_id or a mark" },
	/* The narrower policy wins, where it is narrower on both sides. */
	{ "overlap", .bad = CONN(CHILD("one", NETS("10.1.0.0/16", "10.2.0.0/24")) CHILD("two", NETS("10.1.0.0/24", "10.2.0.0/16"))),
		.good = CONN(CHILD("one", NETS("10.1.0.0/16", "10.2.0.0/16")) CHILD("two", NETS("10.1.0.0/24", "10.2.0.0/24"))),
		.says = "both carry 10.1.0.0/24 === 10.2.0.0/24" },
	{ "overlap", .bad = CONN(CHILD("one", NETS("0.0.0.0/0", "0.0.0.0/0")) CHILD("two", NETS("0.0.0.0/0", "0.0.0.0/0"))),
		.good = CONN(CHILD("one", NETS("0.0.0.0/0", "0.0.0.0/0") "\nif_id_out = 1") CHILD("two", NETS("0.0.0.0/0", "0.0.0.0/0") "\nif_id_out = 2")),
		.says = "both carry 0.0.0.0/0 === 0.0.0.0/0" },
	{ "psk-missing", .bad = CONN(PSK), .good = CONN(PSK) SECRET,
		.says = "none is for sun", .where = "/d/m.conf:2 (connections.a.local.auth)", .instead = "ike-a { … } with id = sun" },
	{ "psk-missing", .bad = CONN(PSK) "secrets { ike-b {\nid = star\nsecret = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n} }\n",
		.good = CONN(PSK) "secrets { ike-b {\nid = sun\nsecret = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n} }\n", .says = "none is for sun" },
	/* One that names nobody but us is for everybody. */
	{ "psk-missing", .bad = CONN("local { auth = psk\nid = moon\n}\nremote { id = sun\n}\n") "secrets { ike-b {\nid-1 = moon\nid-2 = star\nsecret = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n} }\n",
		.good = CONN("local { auth = psk\nid = moon\n}\nremote { id = sun\n}\n") "secrets { ike-b {\nid = moon\nsecret = 0f1e2d3c4b5a69788796a5b4c3d2e1f0\n} }\n", .says = "none is for sun" },
	{ "psk-weak", .bad = "secrets { ike-a {\nsecret = swordfish\n} }\n", .good = SECRET,
		.says = "9 octets, 8 of them different", .where = "/d/m.conf:2 (secrets.ike-a.secret)", .instead = "openssl rand -hex 32" },
	{ "psk-weak", .bad = "secrets { ike-a {\nsecret = abababababababababababababababab\n} }\n", .good = SECRET,
		.says = "32 octets, 2 of them different" },
	{ "ppk-weak", .bad = "secrets { ppk-a {\nid = a\nsecret = 0x0f1e2d3c4b5a69788796a5b4c3d2e1f0\n} }\n",
		.good = "secrets { ppk-a {\nid = a\nsecret = 0x0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1ff\n} }\n",
		.says = "16 octets", .where = "/d/m.conf:3 (secrets.ppk-a.secret)" },
	{ "key-idle", .bad = CONN("local { certs = moon.pem\n}"), .bad_files.lone_key = true, .good = CONN("local { certs = moon.pem\n}"),
		.says = "no certificate is for this private key (ECDSA", .where = "/d/private/lone.pem", .instead = "its certificate in the folder x509" },
	{ "cert-name", .bad = CONN("local { certs = moon.pem\n}"), .bad_files.extensions = "subjectAltName=email:moon@example.org", .good = CONN("local { certs = moon.pem\n}"),
		.says = "has neither a DNS name nor an address", .where = "/d/m.conf:2 (connections.a.local.certs)", .instead = "--san" },
	{ "cert-name", .bad = CONN("local_addrs = vpn.example.org\nlocal { certs = moon.pem\n}"), .good = CONN("local_addrs = moon.example.org\nlocal { certs = moon.pem\n}"),
		.says = "clients that dial vpn.example.org do not find it", .where = "/d/m.conf:2 (connections.a.local_addrs)", .instead = "--san vpn.example.org" },
	/* Nobody dials who is dialled himself. */
	{ "cert-name", .bad = CONN("local_addrs = vpn.example.org\nlocal { certs = moon.pem\n}"),
		.good = CONN("local_addrs = vpn.example.org\nremote_addrs = 192.0.2.1\nlocal { certs = moon.pem\n}"), .says = "clients that dial" },
	{ "clock", .bad = "", .bad_files.from = 3, .good = "",
		.says = "the certificate CN=moon begins at 2026-01-04 00:00:00 UTC, and the clock here says 2026-01-01", .where = "/d/x509/moon.pem", .instead = "date -s" },
	{ "clock", .bad = "", .bad_files.long_ago = true, .good = "", .says = "it says 1970-01-01 01:00:00 UTC, so it was never set" },
	{ "windows", .bad = CONN(CLIENTS("windows") "proposals = aes256-sha512-x25519"), .good = CONN(CLIENTS("windows") "proposals = aes256-sha384-ecp384"),
		.says = "Windows offers none of this", .where = "/d/m.conf:5 (connections.a.proposals)", .instead = "ecp" },
	{ "windows", .bad = CONN(CLIENTS("windows") ESP("aes256gcm16-ecp384")), .good = CONN(CLIENTS("windows") ESP("aes256gcm16")),
		.says = "Windows offers none of this", .where = "/d/m.conf:6 (connections.a.children.net.esp_proposals)" },
	{ "windows", .bad = CONN("peer = windows\n" PSK) SECRET, .good = CONN(CLIENTS("windows")),
		.says = "Windows knows no shared secrets", .where = "/d/m.conf:3 (connections.a.local.auth)", .instead = "auth = pubkey" },
	{ "windows", .bad = CONN(CLIENTS("windows") "remote { auth = eap-md5\n}"), .good = CONN(CLIENTS("windows") "remote { auth = eap-mschapv2\n}"),
		.says = "Windows has no EAP-md5", .where = "/d/m.conf:5 (connections.a.remote.auth)" },
	{ "windows", .bad = CONN(CLIENTS("windows")), .bad_files.extensions = "extendedKeyUsage=clientAuth", .good = CONN(CLIENTS("windows")), .good_files.extensions = "extendedKeyUsage=serverAuth",
		.says = "without serverAuth", .where = "/d/m.conf:3 (connections.a.local.certs)" },
	{ "windows", .bad = CONN(CLIENTS("windows") "send_cert = ifasked"), .good = CONN(CLIENTS("windows")),
		.says = "Windows asks for no certificate", .where = "/d/m.conf:5 (connections.a.send_cert)", .instead = "always" },
	{ "windows", .bad = CONN(CLIENTS("windows") CHILD("net", "rekey_time = 1h")), .good = CONN(CLIENTS("windows") CHILD("net", "")),
		.says = "refuses to make new keys", .where = "/d/m.conf:6 (connections.a.children.net.rekey_time)", .instead = "0s" },
	{ "apple", .bad = CONN(CLIENTS("apple") "proposals = aes256-sha1-x448"), .good = CONN(CLIENTS("apple")),
		.says = "Apple's systems offers none of this", .where = "/d/m.conf:5 (connections.a.proposals)" },
	{ "client-offers", .bad = CONN(EAP "proposals = aes256-sha512-x25519"), .good = CONN(EAP "proposals = aes256-sha256-ecp256"),
		.says = "Windows offers none of this", .where = "/d/m.conf:6 (connections.a.proposals)" },
	{ "profile", "bsi", .bad = CONN("proposals = aes256-sha256-sha1-x25519-ecp256-ke1_mlkem512"), .good = CONN("proposals = aes256-sha256-ecp256-ke1_mlkem768"),
		.says = "BSI TR-02102-3 does not admit sha1, prfsha1, x25519, ke1_mlkem512", .where = "/d/m.conf:2 (connections.a.proposals)", .instead = "aes256gcm16-prfsha384-ecp384" },
	{ "profile", "bsi", .bad = CONN(BSI CHILD("net", "ah_proposals = sha1-ecp384")), .good = CONN(BSI CHILD("net", "ah_proposals = sha256-ecp384")),
		.says = "does not admit sha1", .where = "(connections.a.children.net.ah_proposals)", .instead = "sha384-ecp384" },
	{ "profile", "bsi", .bad = CONN(BSI ESP("aes256gcm16")), .good = CONN(BSI ESP("aes256gcm16-ecp384")),
		.says = "wants a key exchange for new keys", .where = "/d/m.conf:4 (connections.a.children.net.esp_proposals)", .instead = "aes256gcm16-ecp384" },
	{ "profile", "bsi", .bad = CONN(BSI "rekey_time = 25h"), .good = CONN(BSI "rekey_time = 24h"),
		.says = "new keys after 24 h at the most", .where = "/d/m.conf:3 (connections.a.rekey_time)", .instead = "24h" },
	{ "profile", "bsi", .bad = CONN(BSI CHILD("net", "esp_proposals = aes256gcm16-ecp384\nrekey_time = 0s")), .good = CONN(BSI ESP("aes256gcm16-ecp384")),
		.says = "new keys after 4 h at the most" },
	{ "profile", "bsi", .bad = "", .bad_files.key = "ED25519", .good = "", .good_files.key = "P-384",
		.says = "does not admit this private key (Ed25519", .where = "/d/private/moon.pem", .instead = "ECDSA with 256 bits, or RSA with 3000" },
	{ "profile", "cnsa", .bad = CONN("proposals = aes128gcm16-prfsha256-ecp256"), .good = CONN("proposals = aes256gcm16-prfsha384-ecp384"), .good_files.nothing = true,
		.says = "does not admit aes128gcm16, prfsha256, ecp256" },
	{ "profile", "cnsa", .bad = CONN(BSI PSK) SECRET, .bad_files.nothing = true, .good = CONN(BSI), .good_files.nothing = true,
		.says = "by signatures, not by shared secrets" },
	{ "profile", "cnsa", .bad = "", .bad_files.key = "P-521", .good = "", .good_files.key = "P-384", .says = "does not admit this private key (ECDSA P-521" },
};
/* clang-format on */

enum { ROWS = sizeof rows / sizeof *rows };

struct bench {
	struct arena arena;
	struct fake_file files[FILES_MAX + 1];
	unsigned n;
	struct text said;     /* what the row's lint found, with where and what instead */
	const char *name;     /* of the row's lint */
	unsigned n_said, all; /* of it, of all */
};

static void put(struct bench *b, const char *path, const char *text)
{
	assert_true(b->n < FILES_MAX);
	b->files[b->n++] = (struct fake_file){ path, text };
}

static const char *text_of(struct bench *b, struct bytes text)
{
	return arena_text(&b->arena, text);
}

static void make_files(struct bench *b, const struct beside *f, const char *conf)
{
	const char *kind = f->key ? f->key : "P-256";
	struct made root = maker_cert(
		&(struct recipe){ .subject = "CN=root", .extensions = "CA", .key_number = 1 }, NULL);
	struct made leaf = maker_cert(
		&(struct recipe){ .key = kind, .extensions = f->extensions, .from = f->from }, &root);

	put(b, "/d/m.conf", conf);
	if (!f->nothing) {
		put(b, "/d/x509ca/root.pem", text_of(b, maker_pem(root.cert, &b->arena)));
		put(b, "/d/x509/moon.pem", text_of(b, maker_pem(leaf.cert, &b->arena)));
		put(b, "/d/private/moon.pem", text_of(b, maker_key_pem(kind, 0, NULL, &b->arena)));
	}
	if (f->lone_key)
		put(b, "/d/private/lone.pem", text_of(b, maker_key_pem("P-256", 7, NULL, &b->arena)));
	cert_unref(root.cert);
	cert_unref(leaf.cert);
}

static void take(void *ctx, const struct lint *lint, const struct why *why)
{
	struct bench *b = ctx;

	b->all++;
	assert_non_null(why->what);
	assert_non_null(why->where);
	assert_true(lint->verdict == NOTE || lint->verdict == BAD);
	if (strcmp(lint->name, b->name))
		return;
	b->n_said++;
	text_add(&b->said, "%s|%s|%s\n", why->where, why->what, why->instead ? why->instead : "");
}

/* A library without X448. */
static bool knows(const struct transform *ke)
{
	return ke->type != TRANSFORM_KE || ke->id != KE_CURVE448;
}

/* What the lint of R finds in CONF with FILES beside it. */
static struct bench lint(const struct row *r, const char *conf_text, const struct beside *f)
{
	struct bench b = { .name = r->lint };
	struct text why = text_in(&b.arena), notes = text_in(&b.arena);
	struct conf_files files;
	struct creds creds;
	struct conf conf;
	unsigned n;
	struct lint_input in = { .conf = &conf,
		.store = &creds.store,
		.now = f->long_ago ? 3600 : MAKER_NOW,
		.has = knows,
		.profile = r->profile ? standard_find(r->profile) : NULL };

	b.said = text_in(&b.arena);
	make_files(&b, f, conf_text);
	files = fake_files(b.files);
	creds_start(&creds);
	if (conf_load("/d/m.conf", &files, &conf, &why, &notes) ||
		creds_load(&creds, "/d/m.conf", &conf, &files, &why, &notes))
		fail_msg("%s: %s", conf_text, text_str(&why));
	n = lint_all(&in, &b.arena, take, &b);
	assert_int_equal(n, b.all);
	conf_free(&conf);
	creds_stop(&creds);
	return b;
}

static void contains(const struct row *r, const char *said, const char *part)
{
	if (part && !strstr(said, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", r->lint, said, part);
}

static void each_fault_is_found_where_it_is(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		struct bench b = lint(&rows[i], rows[i].bad, &rows[i].bad_files);

		contains(&rows[i], text_str(&b.said), rows[i].says);
		contains(&rows[i], text_str(&b.said), rows[i].where);
		contains(&rows[i], text_str(&b.said), rows[i].instead);
		arena_free(&b.arena);
	}
}

static void and_not_where_it_is_not(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ROWS; i++) {
		struct bench b = lint(&rows[i], rows[i].good, &rows[i].good_files);

		if (b.n_said)
			fail_msg("%s, row %u: %s", rows[i].lint, i, text_str(&b.said));
		arena_free(&b.arena);
	}
}

static void every_lint_has_a_row(void **state)
{
	const char *last = "";
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < ROWS; last = rows[i++].lint)
		n += strcmp(last, rows[i].lint) != 0;
	assert_int_equal(n, lint_count());
}

static void a_secret_is_never_said(void **state)
{
	const struct row r = { .lint = "psk-weak" };
	struct bench b = lint(&r, "secrets { ike-a {\nsecret = swordfish\n} }\n", &(struct beside){ 0 });

	(void)state;
	assert_int_equal(b.n_said, 1);
	assert_null(strstr(text_str(&b.said), "swordfish"));
	arena_free(&b.arena);
}

/* ------------------------------------------------------------------ the command */

/* Runs ipsec check WORDS on a file with TEXT. */
static int check(struct ipsec_bench *b, const char *text, const char *words)
{
	char path[] = "/tmp/ipsec-lint-XXXXXX", line[128];
	FILE *file = fdopen(mkstemp(path), "w");
	int code;

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	ipsec_bench_idle(b);
	snprintf(line, sizeof line, "%s %s --config", words, path);
	code = ipsec_bench_run(b, line);
	unlink(path);
	return code;
}

static void the_exit_code_is_for_machines(void **state)
{
	static const struct {
		const char *text, *words;
		int code;
	} calls[] = {
		{ CONN(BSI PSK) SECRET, "check", 0 },
		{ CONN(BSI PSK) SECRET, "check --profile bsi", 0 },
		{ CONN(PSK) SECRET, "check --profile bsi", 1 },
		{ CONN(PSK), "check", 1 },
		{ CONN(PSK) "secrets { ike-a {\nsecret = swordfish\n} }\n", "check", 0 },
		{ CONN(PSK) "secrets { ike-a {\nsecret = swordfish\n} }\n", "check --strict", 1 },
		{ CONN("proposals = aes256gcm16-ecp384"), "check", 2 },
		{ CONN(""), "check --profile nsa", 2 },
		{ CONN(""), "check --fix", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		struct ipsec_bench b;
		int code = check(&b, calls[i].text, calls[i].words);

		if (code != calls[i].code)
			fail_msg("call %zu ends with %d: %s%s", i, code, b.out, b.err);
		ipsec_bench_end(&b);
	}
}

static void a_finding_has_place_and_remedy(void **state)
{
	struct ipsec_bench b;

	(void)state;
	assert_int_equal(check(&b, CONN(PSK), "check"), 1);
	assert_non_null(strstr(b.out, "bad   psk-missing    /tmp/ipsec-lint-"));
	assert_non_null(
		strstr(b.out, ":2 (connections.a.local.auth): a proves identities by a shared secret"));
	assert_non_null(strstr(b.out, "\n      instead: in the section secrets, ike-a { … }"));
	assert_null(strstr(b.out, "rights"));
	ipsec_bench_end(&b);
	assert_int_equal(check(&b, CONN(PSK), "--json check"), 1);
	assert_true(ipsec_bench_json(b.out));
	assert_non_null(strstr(b.out, "\"instead\":\"in the section secrets"));
	ipsec_bench_end(&b);
	assert_int_equal(check(&b, CONN(PSK) SECRET, "check"), 0);
	assert_non_null(strstr(b.out, "ok    lints          15 of them find nothing\n"));
	ipsec_bench_end(&b);
}

static void what_an_aead_lacks_is_said(void **state)
{
	struct ipsec_bench b;

	(void)state;
	assert_int_equal(check(&b, CONN("proposals = aes256gcm16-x25519"), "check"), 2);
	assert_non_null(
		strstr(b.out, "aes256gcm16-x25519 has no PRF: add one, as in aes256gcm16-prfsha256-x25519"));
	ipsec_bench_end(&b);
}

static int begin(void **state)
{
	(void)state;
	return setenv("STRONGSWAN_CONF", "", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault_is_found_where_it_is),
		cmocka_unit_test(and_not_where_it_is_not),
		cmocka_unit_test(every_lint_has_a_row),
		cmocka_unit_test(a_secret_is_never_said),
		cmocka_unit_test(the_exit_code_is_for_machines),
		cmocka_unit_test(a_finding_has_place_and_remedy),
		cmocka_unit_test(what_an_aead_lacks_is_said),
	};

	return cmocka_run_group_tests(tests, begin, maker_teardown);
}
