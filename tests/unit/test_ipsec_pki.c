/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec pki in a folder of its own: what it makes, what it refuses, what it repairs; and what openssl and
 * strongSwan's pki, where they are installed, say to it and it to them. */
#include "unit.h"

#include "ipsec_bench.h"
#include "ipsec_home.h"
#include "tools/ipsec/pki_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* "ipsec pki --dir HOME/DIR WORDS"; the exit code. */
static int run_in(const char *dir, const char *words)
{
	return home_run("pki", dir, words);
}

static int run(const char *words)
{
	return run_in("a", words);
}

static void must(const char *words)
{
	home_must("pki", "a", words);
}

static void refused(const char *words, int code, const char *says)
{
	home_refused("pki", "a", words, code, says);
}

/* Another program without a shell: its exit code; -1 where it is not installed. */
static int tool(const char *words, const char *output)
{
	char copy[600], *argv[HOME_WORDS];
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status, e;

	home_split(words, copy, argv, 0);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
		&files, 1, output ? home_in(output) : "/dev/null", O_WRONLY | O_CREAT, 0600);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	e = posix_spawnp(&pid, argv[0], &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (e)
		return -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

static void tool_must(const char *words, const char *output)
{
	int code = tool(words, output);

	if (code > 0)
		fail_msg("%s: exit code %d", words, code);
	if (code < 0)
		skip();
}

/* ------------------------------------------------------------------ making */

static void init_makes_a_ca_once(void **state)
{
	struct stat st;
	char *before, *after;

	(void)state;
	must("init");
	assert_true(home_says("CN=ikev2d CA ") && home_says("ECDSA P-256"));
	assert_true(!stat(home_in("a/pki/ca.key"), &st) && (st.st_mode & 0777) == 0600);
	assert_true(!stat(home_in("a/pki"), &st) && (st.st_mode & 0777) == 0700);
	before = home_contents("a/x509ca/ca.pem");
	refused("init", 1, "--force");
	after = home_contents("a/x509ca/ca.pem");
	assert_string_equal(before, after);
	free(after);
	must("init --force");
	after = home_contents("a/x509ca/ca.pem");
	assert_string_not_equal(before, after);
	free(before);
	free(after);
}

static void issue_makes_what_the_daemon_trusts(void **state)
{
	struct stat st;

	(void)state;
	must("init --type rsa");
	must("issue moon.example.org --san moon.example.org --san 192.0.2.1");
	assert_true(!stat(home_in("a/private/moon.example.org.pem"), &st) && (st.st_mode & 0777) == 0600);
	must("verify moon.example.org --id 192.0.2.1");
	assert_true(home_says("1. CN=moon.example.org") && home_says("2. CN=ikev2d CA") &&
		    home_says("trusted until "));
	refused("verify moon.example.org --id sun.example.org", 1, "");
	assert_true(home_says("is not about the identity sun.example.org"));
	must("show moon.example.org");
	assert_true(home_says("extendedKeyUsage: serverAuth, clientAuth, ipsecIKE"));
	must("issue alice --san alice@example.org --profile user --type ed25519 --days 90");
	must("show alice");
	assert_true(home_says("extendedKeyUsage: clientAuth, ipsecIKE") && home_says("key: Ed25519"));
	must("show");
	assert_true(home_says("moon.example.org") && home_says("alice") && home_says("valid"));
	must("issue mars..example");
	assert_true(home_is_there("a/x509/mars..example.pem"));
	refused("issue alice", 1, "x509/alice.pem is there already: --force");
	assert_false(home_is_there("a/pki/new.0") || home_is_there("a/pki/pending"));
}

static void a_ca_issues_only_names_it_may(void **state)
{
	(void)state;
	must("init --permit example.org --exclude secret.example.org --permit 192.0.2.0/24");
	must("issue moon --san moon.example.org --san 192.0.2.1");
	refused("issue mars --san mars.example.net", 1, "nameConstraints");
	refused("issue mars --san mars.secret.example.org", 1, "nameConstraints");
	refused("issue mars --san mars.example.org --san 198.51.100.1", 1, "nameConstraints");
	assert_false(home_is_there("a/x509/mars.pem") || home_is_there("a/private/mars.pem"));
}

static void uris_stand_in_certificates(void **state)
{
	(void)state;
	must("init --crl-uri http://crl.example.org/ca.crl --ocsp-uri http://ocsp.example.org/");
	must("issue moon");
	must("show moon");
	assert_true(home_says("CRL: http://crl.example.org/ca.crl") &&
		    home_says("OCSP: http://ocsp.example.org/"));
}

static void a_request_is_signed_elsewhere(void **state)
{
	(void)state;
	must("init");
	assert_int_equal(run_in("b", "request sun.example.org --san sun.example.org --san 192.0.2.2"), 0);
	assert_true(home_is_there("b/private/sun.example.org.pem"));
	assert_int_equal(run_in("b", "request mars --out ~/garbage/mars.csr"), 1);
	home_put("taken", "");
	assert_int_equal(run_in("b", "request venus --out ~/taken"), 1);
	assert_false(home_is_there("b/private/venus.pem"));
	assert_int_equal(run_in("b", "request venus --out ~/venus.csr"), 0);
	must("sign ~/venus.csr");
	must("show ~/b/pki/sun.example.org.csr");
	assert_true(home_says("subjectAltName: sun.example.org, 192.0.2.2"));
	must("sign ~/b/pki/sun.example.org.csr");
	must("verify sun.example.org --id 192.0.2.2");
	must("export sun.example.org --for gateway --out ~/c");
	assert_false(home_is_there("c/private"));
	assert_int_equal(run_in("c", "verify sun.example.org --id sun.example.org"), 0);
	refused("export sun.example.org --for pem", 1, "private/sun.example.org.pem is not here");
	must("sign ~/b/pki/sun.example.org.csr --name sun --san sun.example.net --profile user");
	must("show sun");
	assert_true(home_says("subjectAltName: sun.example.net\n") && !home_says("serverAuth"));
}

/* ----------------------------------------------------------------- renewal */

static void renewal(void **state)
{
	char *cert, *key, *cert_after, *key_after;

	(void)state;
	must("init");
	must("issue moon --san moon.example.org --days 20");
	must("issue sun --days 60");
	cert = home_contents("a/x509/moon.pem");
	key = home_contents("a/private/moon.pem");
	must("renew --due");
	assert_true(home_says("moon: ") && !home_says("sun: "));
	cert_after = home_contents("a/x509/moon.pem");
	key_after = home_contents("a/private/moon.pem");
	assert_string_not_equal(cert, cert_after);
	assert_string_equal(key, key_after);
	must("verify moon --id moon.example.org");
	must("show");
	assert_true(home_says("replaced"));
	free(key_after);
	must("renew moon --new-key");
	key_after = home_contents("a/private/moon.pem");
	assert_string_not_equal(key, key_after);
	must("export moon --for pem --out ~/moon.pem");
	must("renew --due --days 5");
	assert_string_equal(home_out, "nothing is due\n");
	unlink(home_in("a/x509/moon.pem"));
	must("renew --due --days 30");
	assert_string_equal(home_out, "nothing is due\n");
	refused("renew mars", 1, "nothing that is not revoked was issued to mars");
	refused("renew", 2, "--due");
	refused("renew moon --due", 2, "--due");
	free(cert);
	free(cert_after);
	free(key);
	free(key_after);
}

static void the_ca_ends_first(void **state)
{
	(void)state;
	must("init --days 10");
	must("issue moon");
	must("renew --due");
	assert_non_null(strstr(home_err, "the CA ends on "));
	assert_string_equal(home_out, "nothing is due\n");
	refused("renew moon", 1, "the CA itself ends on ");
}

static void revocation(void **state)
{
	(void)state;
	must("init");
	must("issue moon");
	must("issue sun");
	must("renew moon");
	must("revoke moon --reason keyCompromise");
	must("show ~/a/x509crl/ca.crl");
	assert_true(home_says("number: 01\n") && home_says("revoked: 2\n"));
	refused("verify moon", 1, "");
	assert_true(home_says("is revoked"));
	must("verify sun --revocation strict");
	assert_true(home_says("revocation: good"));
	refused("revoke moon", 1, "nothing that is valid was issued to moon");
	refused("revoke sun --reason because", 2, "keyCompromise");
	refused("renew moon", 1, "nothing that is not revoked");
	must("crl --days 7 --out ~/copy.crl");
	must("show ~/copy.crl");
	assert_true(home_says("number: 02\n") && home_says("revoked: 2\n"));
	refused("crl --out ~/copy.crl", 1, "copy.crl is there already: --force");
	must("renew --due");
	must("show ~/a/x509crl/ca.crl");
	assert_true(home_says("number: 03\n"));
}

/* ------------------------------------------------------------- passphrases */

static void passphrases_come_from_files(void **state)
{
	char *pem;

	(void)state;
	home_put("right", "a long secret\r\nand a comment\n");
	home_put("wrong", "another\n");
	home_put("empty", "\n");
	refused("init --ca-passphrase-file ~/empty", 1, "has from 1 to 1024 octets");
	refused("init --ca-passphrase-file ~/none", 1, "there is no such file");
	must("init --ca-passphrase-file ~/right");
	pem = home_contents("a/pki/ca.key");
	assert_non_null(strstr(pem, "BEGIN ENCRYPTED PRIVATE KEY"));
	free(pem);
	refused("issue moon --ca-passphrase-file ~/wrong", 1, "password is wrong");
	assert_false(home_is_there("a/x509/moon.pem"));
	must("issue moon --ca-passphrase-file ~/right --key-passphrase-file ~/wrong");
	pem = home_contents("a/private/moon.pem");
	assert_non_null(strstr(pem, "BEGIN ENCRYPTED PRIVATE KEY"));
	free(pem);
	refused("export moon --for pem --out ~/moon.pem --key-passphrase-file ~/right", 1,
		"password is wrong");
	must("export moon --for pem --out ~/moon.pem --key-passphrase-file ~/wrong");
	must("keyid ~/a/private/moon.pem --key-passphrase-file ~/wrong");
	assert_true(home_says("private key: ECDSA P-256"));
	refused("keyid ~/a/private/moon.pem --key-passphrase-file ~/right", 1, "password is wrong");
}

/* The child of a terminal: asked twice, and what is typed is not shown. */
static void passphrases_come_from_a_terminal(void **state)
{
	char seen[4096] = "", *pem;
	size_t n = 0;
	int master, status;
	ssize_t got;
	unsigned answers = 0;
	pid_t pid = forkpty(&master, NULL, NULL, NULL);

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		_exit(run("init --encrypt"));
	while (n < sizeof seen - 1 && (got = read(master, seen + n, sizeof seen - 1 - n)) > 0) {
		n += (size_t)got;
		seen[n] = 0;
		if ((!answers && strstr(seen, "ca.key: ")) || (answers == 1 && strstr(seen, "again: "))) {
			/* The prompt stands there before the echo is switched off. */
			struct termios t;

			do
				assert_int_equal(tcgetattr(master, &t), 0);
			while (t.c_lflag & ECHO);
			assert_int_equal(write(master, "xyzzy\n", 6), 6);
			answers++;
		}
	}
	close(master);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(answers, 2);
	assert_null(strstr(seen, "xyzzy"));
	home_put("word", "xyzzy");
	must("issue moon --ca-passphrase-file ~/word");
	pem = home_contents("a/pki/ca.key");
	assert_non_null(strstr(pem, "ENCRYPTED"));
	free(pem);
}

/* ------------------------------------------------------- crashes and locks */

static struct pki by_hand(struct ipsec *x)
{
	struct pki p = { .x = x,
		.arena = &x->arena,
		.dir = home_in("a"),
		.lock = -1,
		.now = time(NULL),
		.pending = text_in(&x->arena) };

	return p;
}

static void only_one_at_a_time(void **state)
{
	int fd;

	(void)state;
	must("init");
	fd = open(home_in("a/pki/lock"), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0 && !flock(fd, LOCK_EX));
	refused("issue moon", 1, "another ipsec pki is at work in ");
	close(fd);
	must("issue moon");
}

static void a_crash_before_the_list_changes_nothing(void **state)
{
	struct ipsec x = { .out = stdout, .err = stderr };
	struct pki p;

	(void)state;
	must("init");
	p = by_hand(&x);
	assert_int_equal(pki_lock(&p), 0);
	assert_int_equal(pki_stage(&p, "x509/moon.pem", bytes_str("new"), false), 0);
	pki_close(&p);
	arena_free(&x.arena);
	assert_true(home_is_there("a/pki/new.0"));
	must("show");
	assert_false(home_is_there("a/pki/new.0") || home_is_there("a/x509/moon.pem"));
}

/* Behind the list: with all moves still to do, and with one done. */
static void a_crash_behind_the_list_is_repaired(void **state)
{
	(void)state;
	must("init");
	for (int done = 0; done < 2; done++) {
		struct ipsec x = { .out = stdout, .err = stderr };
		struct pki p = by_hand(&x);
		char *one, *two;

		assert_int_equal(pki_lock(&p), 0);
		assert_int_equal(pki_stage(&p, "x509/one.pem", bytes_str(done ? "1b" : "1a"), true), 0);
		assert_int_equal(pki_stage(&p, "private/two.pem", bytes_str(done ? "2b" : "2a"), true), 0);
		assert_int_equal(pki_log(&p), 0);
		if (done)
			assert_int_equal(rename(home_in("a/pki/new.0"), home_in("a/x509/one.pem")), 0);
		pki_close(&p);
		arena_free(&x.arena);
		must("show");
		one = home_contents("a/x509/one.pem");
		two = home_contents("a/private/two.pem");
		assert_string_equal(one, done ? "1b" : "1a");
		assert_string_equal(two, done ? "2b" : "2a");
		assert_false(home_is_there("a/pki/pending") || home_is_there("a/pki/new.0") ||
			     home_is_there("a/pki/new.1"));
		free(one);
		free(two);
	}
}

static void a_crash_of_init_is_repaired(void **state)
{
	(void)state;
	must("init");
	must("issue moon");
	assert_int_equal(rename(home_in("a/pki/index"), home_in("a/pki/new.7")), 0);
	home_put("a/pki/pending", "new.7\tpki/index\n");
	must("show");
	assert_true(home_says("moon"));
}

static void damaged_files_are_refused(void **state)
{
	static const char *const lists[] = { "what\n", "new.0\t../../escape\n", "../new.0\tx509/a\n" };
	char *index;

	(void)state;
	must("init");
	must("issue moon");
	for (size_t i = 0; i < 3; i++) {
		home_put("a/pki/new.0", "x");
		home_put("a/pki/pending", lists[i]);
		refused("issue sun", 1, "pending is damaged");
		assert_true(home_is_there("a/pki/new.0"));
	}
	unlink(home_in("a/pki/pending"));
	index = home_contents("a/pki/index");
	home_put("a/pki/index", "ikev2d-pki 1\n");
	refused("issue sun", 1, "line 1 of the index is damaged");
	home_put("a/pki/index", index);
	free(index);
	home_put("a/pki/ca.key", "nonsense");
	refused("issue sun", 1, "ca.key: this is no private key");
	assert_int_equal(rename(home_in("a/private/moon.pem"), home_in("a/pki/ca.key")), 0);
	refused("issue sun", 1, "is not the key of ");
}

/* The certificate, its key, the CA's copy and the index are of one time. */
static void check_whole(void)
{
	char *last, *line, *cert, *copy, path[HOME_PATH], id[60];
	unsigned n = 0;

	must("show");
	for (line = last = strchr(home_out, '\n') + 1; *line; line = strchr(line, '\n') + 1, n++)
		last = line;
	assert_int_equal(n, home_files_in("a/pki/certs"));
	snprintf(path, sizeof path, "a/pki/certs/%.32s.pem", strrchr(last, ' ') + 1);
	cert = home_contents("a/x509/moon.pem");
	copy = home_contents(path);
	assert_string_equal(cert, copy);
	must("keyid ~/a/x509/moon.pem");
	snprintf(id, sizeof id, "%.47s", strstr(home_out, "keyid: "));
	must("keyid ~/a/private/moon.pem");
	assert_true(home_says(id));
	assert_false(home_is_there("a/pki/pending") || home_is_there("a/pki/new.0"));
	free(cert);
	free(copy);
}

static void a_crash_anywhere_leaves_all_or_nothing(void **state)
{
	unsigned n = 0;

	(void)state;
	must("init --type ed25519");
	must("issue moon --type ed25519");
	/* Behind a call is before the next one. */
	while (home_killed("pki", "a", "issue moon --type ed25519 --force", n += 2))
		check_whole();
	check_whole();
	assert_true(n > 50);
}

/* --------------------------------------------------------------- bad input */

static void bad_words(void **state)
{
	static const struct {
		const char *words;
		int code;
		const char *says;
	} rows[] = {
		{ "isue moon", 2, "did you mean issue?" },
		{ "wholly-unknown", 2, "ipsec pki help" },
		{ "issue", 2, "usage: ipsec pki issue NAME" },
		{ "issue moon sun", 2, "usage: ipsec pki issue NAME" },
		{ "issue moon --sans x", 2, "has no option --sans" },
		{ "issue moon --due", 2, "has no option --due" },
		{ "issue moon --san", 2, "--san needs a value" },
		{ "issue moon --san=", 2, "--san needs a value" },
		{ "issue moon --force=1", 2, "--force has no value" },
		{ "issue moon --days 1 --days 2", 2, "--days was given too often" },
		{ "issue ../moon", 2, "cannot be a name of files" },
		{ "issue .moon", 2, "cannot be a name of files" },
		{ "issue moon --san %any", 2, "it is a DNS name" },
		{ "issue moon --san keyid:00", 2, "it is a DNS name" },
		{ "issue moon --dn moon", 2, "no distinguished name" },
		{ "issue moon --profile router", 2, "there are gateway and user" },
		{ "issue moon --days 826", 2, "from 1 to 825" },
		{ "issue moon --days 0", 2, "from 1 to 825" },
		{ "issue moon --days -3", 2, "from 1 to 825" },
		{ "issue moon --days 3x", 2, "from 1 to 825" },
		{ "issue moon --type dsa", 1, "there is no type of key dsa" },
		{ "init --force --type rsa-1024", 1, "there is no type of key rsa-1024" },
		{ "init --force --permit *.example.org", 1, "no range of names" },
		{ "init --force --crl-uri ftp://crl.example.org", 2, "it is http://" },
		{ "sign ~/none.csr", 1, "there is no such file" },
		{ "sign ~/garbage", 1, "this is no certificate request" },
		{ "show ~/garbage", 1, "garbage: " },
		{ "show nobody", 1, "x509/nobody.pem: there is no such file" },
		{ "verify ~/garbage", 1, "garbage: " },
		{ "verify good --revocation maybe", 2, "strict, ifuri and relaxed" },
		{ "verify ~/a/x509crl/ca.crl", 1, "there is no certificate in it" },
		{ "keyid ~/garbage", 1, "garbage: " },
		{ "fingerprint ~/a/private/good.pem", 1, "there is no certificate in it" },
		{ "export good --for amiga", 2, "windows, macos, ios, android, linux, pem, gateway" },
		{ "export nobody --for pem", 1, "there is no such file" },
		{ "revoke nobody", 1, "ipsec pki show" },
	};

	(void)state;
	must("init");
	must("issue good");
	must("crl");
	home_put("garbage", "nonsense");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		refused(rows[i].words, rows[i].code, rows[i].says);
	assert_false(home_is_there("a/x509/moon.pem") || home_is_there("a/private/moon.pem"));
	assert_int_equal(run_in("empty", "issue moon"), 1);
	assert_non_null(strstr(home_err, "there is no CA in "));
	assert_false(home_is_there("empty"));
}

static void certificates_of_others_are_judged(void **state)
{
	(void)state;
	must("init");
	assert_int_equal(run_in("b", "init"), 0);
	assert_int_equal(run_in("b", "issue mars"), 0);
	refused("verify ~/b/x509/mars.pem", 1, "");
	assert_true(home_says("refused: ") && home_says("was issued by a CA that is not here"));
	assert_int_equal(run("verify ~/b/x509/mars.pem --json"), 1);
	assert_true(
		ipsec_bench_json(home_out) && home_says("\"trusted\":false,\"alert\":\"cert-no-issuer\""));
}

static void every_answer_is_json(void **state)
{
	static const char *const rows[] = { "init", "issue moon", "request sun",
		"sign ~/a/pki/sun.csr --name sun", "renew moon", "renew --due", "crl", "revoke sun", "show",
		"show moon", "show ~/a/pki/sun.csr", "show ~/a/x509crl/ca.crl", "verify moon", "keyid moon",
		"fingerprint moon", "export moon --for pem --out ~/x.pem",
		"export moon --for gateway --out ~/x" };
	char words[200];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(words, sizeof words, "%s --json", rows[i]);
		must(words);
		if (!ipsec_bench_json(home_out) || strncmp(home_out, "{\"schema\":1,\"success\":true", 26))
			fail_msg("%s: %s", words, home_out);
	}
	assert_int_equal(run("issue moon --json"), 1);
	assert_true(ipsec_bench_json(home_out) && home_says("\"success\":false"));
}

/* ------------------------------------------------------------------ others */

static void exported_for_devices(void **state)
{
	static const char *const whoms[] = { "windows", "macos", "ios", "android", "linux" };
	char words[300];

	(void)state;
	home_put("word", "secret\n");
	must("init");
	must("issue alice --san alice@example.org --profile user");
	for (size_t i = 0; i < 5; i++) {
		snprintf(words, sizeof words, "export alice --for %s --out ~/%s.p12 --password-file ~/word",
			whoms[i], whoms[i]);
		must(words);
		refused(words, 1, "is there already: --force");
		snprintf(words, sizeof words, "show ~/%s.p12 --password-file ~/word", whoms[i]);
		must(words);
		assert_true(home_says("CN=alice") && home_says("CN=ikev2d CA") && home_says("private key"));
		snprintf(words, sizeof words, "openssl pkcs12 -in ~/%s.p12 -passin file:%s -nodes", whoms[i],
			home_in("word"));
		unlink(home_in("x.pem"));
		tool_must(words, "x.pem");
		must("keyid ~/x.pem");
	}
	must("export alice --for gateway --out ~/b");
	assert_int_equal(run_in("b", "verify alice --id alice@example.org"), 0);
	/* A folder of the same name here is not meant. */
	assert_int_equal(chdir(home), 0);
	must("export alice --for gateway");
	must("verify alice");
	assert_int_equal(chdir("/"), 0);
	assert_true(home_is_there("b/private/alice.pem") && home_is_there("b/x509ca/ca.pem"));
	refused("export alice --for gateway --out ~/b", 1, "--force");
}

static void openssl_reads_what_we_make(void **state)
{
	static const char *const types[] = { "ecdsa", "ecdsa-384", "rsa", "ed25519", "ed448" };
	char words[200];

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		snprintf(words, sizeof words, "init --force --type %s --permit example.org", types[i]);
		must(words);
		snprintf(words, sizeof words, "issue moon.example.org --force --type %s", types[i]);
		must(words);
		must("issue sun.example.org --force");
		must("revoke sun.example.org");
		tool_must("openssl verify -x509_strict -CAfile ~/a/x509ca/ca.pem -crl_check -CRLfile "
			  "~/a/x509crl/ca.crl -purpose sslserver -verify_hostname moon.example.org "
			  "~/a/x509/moon.example.org.pem",
			NULL);
		assert_int_not_equal(tool("openssl verify -CAfile ~/a/x509ca/ca.pem -crl_check -CRLfile "
					  "~/a/x509crl/ca.crl ~/a/x509/sun.example.org.pem",
					     NULL),
			0);
		tool_must("openssl pkey -in ~/a/private/moon.example.org.pem -check -noout", NULL);
	}
	must("request mars");
	tool_must("openssl req -in ~/a/pki/mars.csr -verify -noout", NULL);
}

static void strongswan_reads_what_we_make(void **state)
{
	static const char *const types[] = { "ecdsa", "rsa", "ed25519" };
	char words[200], *ours, *theirs;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(words, sizeof words, "init --force --type %s", types[i]);
		must(words);
		snprintf(
			words, sizeof words, "issue moon --force --type %s --san moon.example.org", types[i]);
		must(words);
		must("issue sun --force");
		must("revoke sun");
		tool_must("pki --verify --in ~/a/x509/moon.pem --cacert ~/a/x509ca/ca.pem --crl "
			  "~/a/x509crl/ca.crl",
			"v");
		tool_must("pki --print --in ~/a/x509/moon.pem", "p");
		tool_must("pki --print --type crl --in ~/a/x509crl/ca.crl", "p");
		unlink(home_in("k"));
		tool_must("pki --keyid --type x509 --id spki --in ~/a/x509/moon.pem --format hex", "k");
		must("keyid moon");
		theirs = home_contents("k");
		ours = strstr(home_out, "keyid: ");
		assert_true(ours && !strncmp(ours + 7, theirs, 40));
		free(theirs);
	}
}

static void what_others_make_is_read(void **state)
{
	(void)state;
	must("init");
	tool_must(
		"openssl req -new -newkey rsa:2048 -nodes -keyout ~/k.pem -subj /O=Example/CN=venus -addext "
		"subjectAltName=DNS:venus.example.org -out ~/venus.csr",
		NULL);
	must("sign ~/venus.csr");
	must("verify venus --id venus.example.org");
	must("show venus");
	assert_true(home_says("certificate: O=Example, CN=venus"));
	tool_must("openssl req -x509 -newkey rsa:2048 -nodes -keyout ~/k2.pem -subj /CN=mars -out ~/mars.pem",
		NULL);
	must("show ~/mars.pem");
	refused("verify ~/mars.pem", 1, "");
	assert_true(home_says("is signed by itself"));
	tool_must("pki --gen --type ed25519 --outform pem", "theirs.pem");
	tool_must(
		"pki --req --in ~/theirs.pem --type priv --dn CN=pluto --san pluto.example.org --outform pem",
		"pluto.csr");
	must("sign ~/pluto.csr");
	must("verify pluto --id pluto.example.org");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, home_start, home_end)
	const struct CMUnitTest tests[] = {
		TEST(init_makes_a_ca_once),
		TEST(issue_makes_what_the_daemon_trusts),
		TEST(a_ca_issues_only_names_it_may),
		TEST(uris_stand_in_certificates),
		TEST(a_request_is_signed_elsewhere),
		TEST(renewal),
		TEST(the_ca_ends_first),
		TEST(revocation),
		TEST(passphrases_come_from_files),
		TEST(passphrases_come_from_a_terminal),
		TEST(only_one_at_a_time),
		TEST(a_crash_before_the_list_changes_nothing),
		TEST(a_crash_behind_the_list_is_repaired),
		TEST(a_crash_of_init_is_repaired),
		TEST(a_crash_anywhere_leaves_all_or_nothing),
		TEST(damaged_files_are_refused),
		TEST(bad_words),
		TEST(certificates_of_others_are_judged),
		TEST(every_answer_is_json),
		TEST(exported_for_devices),
		TEST(openssl_reads_what_we_make),
		TEST(strongswan_reads_what_we_make),
		TEST(what_others_make_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
