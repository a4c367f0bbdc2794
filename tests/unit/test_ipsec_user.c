/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ipsec setup gateway and ipsec user in a folder of their own: what they make, what they refuse, and that an
 * end anywhere leaves all or nothing. */
#include "unit.h"

#include "ipsec_bench.h"
#include "ipsec_home.h"

#include "tools/ipsec/ipsec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char gateway[] = "gateway --no-start --name vpn.example.org --pool 10.9.0.0/24";

static void set_up(void)
{
	home_must("setup", "a", gateway);
}

static void user(const char *words)
{
	home_must("user", "a", words);
}

static void refused(const char *words, int code, const char *says)
{
	home_refused("user", "a", words, code, says);
}

/* The configuration with NEW in place of OLD. */
static void change(const char *old, const char *new)
{
	char *text = home_contents("a/ikev2d.conf"), *at = strstr(text, old), *changed;

	assert_non_null(at);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) > 0);
	home_put("a/ikev2d.conf", changed);
	free(changed);
	free(text);
}

/* How many certificates the CA has issued. */
static unsigned issued(void)
{
	return home_files_in("a/pki/certs");
}

/* ----------------------------------------------------------------- setup */

static void setup_makes_all_at_once(void **state)
{
	struct stat st;
	char *text;

	(void)state;
	set_up();
	assert_true(home_says("to undo it:    rm -r "));
	assert_true(home_says("forwarding:    on while ikev2d runs"));
	text = home_contents("a/ikev2d.conf");
	assert_non_null(strstr(text, "\tforward = nat "));
	free(text);
	home_must("pki", "a", "verify vpn.example.org --id vpn.example.org");
	assert_true(!stat(home_in("a/ikev2d.conf"), &st) && (st.st_mode & 0777) == 0600);
	assert_false(home_is_there("a/pki/pending"));
	home_refused("setup", "a", gateway, 1, "a/ikev2d.conf is there already, and setup changes nothing");
	assert_int_equal(issued(), 1);
}

/* By the command that it prints. */
static void setup_is_undone(void **state)
{
	char *undo;

	(void)state;
	home_must("setup", "b", gateway);
	undo = strstr(home_out, "to undo it:    rm -r ");
	assert_non_null(undo);
	undo = strndup(undo + 15, strcspn(undo + 15, "\n"));
	assert_int_equal(system(undo), 0);
	free(undo);
	assert_false(home_is_there("b/ikev2d.conf") || home_is_there("b/pki") || home_is_there("b/users"));
	assert_int_equal(home_files_in("b/private") + home_files_in("b/x509") + home_files_in("b/x509ca"), 0);
	home_must("setup", "b", gateway);
}

/* What is made stays, and is named. */
static void setup_without_a_daemon(void **state)
{
	char *path = strdup(getenv("PATH"));

	(void)state;
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	home_refused(
		"setup", "b", "gateway --name vpn.example.org --pool 10.9.0.0/24", 1, "ikev2d did not start");
	assert_true(home_says("vpn.example.org lets road warriors in once ikev2d is started"));
	assert_true(home_says("to undo it:    rm -r "));
	assert_int_equal(setenv("PATH", path, 1), 0);
	free(path);
}

static void setup_touches_nothing_that_is_there(void **state)
{
	static const char *const places[] = { "ikev2d.conf", "swanctl.conf", "x509ca/ca.pem", "pki/index",
		"private/vpn.example.org.pem" };

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char dir[16], path[64];

		snprintf(dir, sizeof dir, "d%zu", i);
		assert_int_equal(mkdir(home_in(dir), 0700), 0);
		snprintf(path, sizeof path, "%s/%s", dir, places[i]);
		if (strchr(places[i], '/')) {
			char folder[64];

			snprintf(folder, sizeof folder, "%s/%.*s", dir, (int)strcspn(places[i], "/"),
				places[i]);
			assert_int_equal(mkdir(home_in(folder), 0700), 0);
		}
		home_put(path, "mine");
		home_refused("setup", dir, gateway, 1, "is there already");
		assert_true(home_is_there(path));
		assert_int_equal(home_files_in(dir), 1);
	}
}

static void setup_says_what_it_wants(void **state)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{ "gateway", "usage: ipsec setup gateway --name" },
		{ "gateway --name vpn.example.org", "usage: ipsec setup gateway --name" },
		{ "gateway --pool 10.9.0.0/24 --name not/a/host", "--name not/a/host: it is a DNS name" },
		{ "gateway --name a --pool 10.9.0.0", "--pool 10.9.0.0: it is a network" },
		{ "gateway --name a --pool 10.9.0.1-10.9.0.6", "it is a network" },
		{ "gateway --name a --pool x", "--pool x: it is a network" },
		{ "gateway --name a --pool 10.9.0.0/24 --pool 10.8.0.0/24", "there is one of IPv4 already" },
		{ "gateway --name a --pool 10.9.0.0/24 --net 2001:db8::/48", "of the IP version of a pool" },
		{ "gateway --name a --pool 10.9.0.0/24 --net 10.1", "--net 10.1: it is a network" },
		{ "gateway --name a --pool 10.9.0.0/24 --dns me", "--dns me: it is an address" },
		{ "gatway --name a --pool 10.9.0.0/24", "did you mean gateway?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		home_refused("setup", "a", rows[i].words, 2, rows[i].says);
	home_refused("setup", "a", "gateway --name a --no-start --pool 127.0.0.0/24", 1,
		"this machine has an address of it, 127.0.0.1 on lo");
	assert_false(home_is_there("a"));
}

static void setup_of_an_ipv6_gateway(void **state)
{
	(void)state;
	home_must("setup", "a",
		"gateway --no-start --name 2001:db8::1 --pool 2001:db8:9::/120 --pool 10.9.0.0/24 --dns "
		"2001:db8::53");
	user("add alice --profile swanctl --out ~/p");
	assert_true(home_is_there("p/conf.d/alice.conf"));
}

/* ----------------------------------------------------------------- users */

static void a_user_and_the_key_that_nobody_else_has(void **state)
{
	struct stat st;

	(void)state;
	set_up();
	user("add alice@example.org --profile ios --out ~/alice.mobileconfig");
	assert_true(home_says("not kept here, and opens the profile: "));
	assert_true(!stat(home_in("alice.mobileconfig"), &st) && (st.st_mode & 0777) == 0600);
	assert_int_equal(home_files_in("a/private"), 1);
	assert_int_equal(home_files_in("a/x509"), 1);
	assert_int_equal(issued(), 2);
	user("list");
	assert_true(home_says("alice@example.org") && home_says("good"));
	user("show alice@example.org");
	assert_true(home_says("about alice@example.org\n") && home_says("ikev2d is not running"));
	/* Whoever renews the gateway's certificates makes none for those who would not get them. */
	home_must("pki", "a", "renew --due --days 825");
	assert_true(home_says("vpn.example.org") && !home_says("alice"));
}

static void a_user_with_a_password(void **state)
{
	char *before, *users;

	(void)state;
	set_up();
	home_put("a/users",
		"# kept\nbob:nt:0123456789abcdef0123456789abcdef\nalice:groups:staff\nalicea:password:x");
	user("add alice --auth eap --profile windows --out ~/p");
	assert_true(home_says("not in the profile, and is asked for"));
	before = home_contents("a/users");
	assert_non_null(strstr(before, "# kept\nbob:nt:0123456789abcdef0123456789abcdef\nalice:groups:staff\n"
				       "alicea:password:x\nalice:nt:"));
	user("list");
	assert_true(home_says("alice ") && home_says("bob ") && home_says("alicea "));
	user("show alice");
	assert_true(home_says("alice: good, with a password"));
	refused("add alice --auth eap --out ~/q", 1, "there is a user alice already");
	refused("renew carol --auth eap --out ~/q", 1, "there is no user carol");
	user("renew alice --profile swanctl --out ~/q");
	users = home_contents("a/users");
	assert_string_not_equal(before, users);
	assert_int_equal(strlen(before), strlen(users));
	user("--json revoke alice");
	assert_true(home_says("\"revoked\":[],\"password\":true,\"ended\":0"));
	free(users);
	users = home_contents("a/users");
	assert_string_equal(users, "# kept\nbob:nt:0123456789abcdef0123456789abcdef\nalicea:password:x\n");
	refused("revoke alice", 1, "there is no user alice who is let in");
	home_put("a/users", "nonsense\n");
	refused("add alice --auth eap --out ~/r", 1, "Line 1 of the users file");
	refused("list", 1, "Line 1 of the users file");
	assert_int_equal(issued(), 1);
	free(before);
	free(users);
}

/* Beside the folder, and behind a link, which stays one. */
static void the_users_file_lies_where_the_configuration_says(void **state)
{
	struct stat st;
	char *users;

	(void)state;
	set_up();
	change("users_file = users", "users_file = ../link");
	home_put("shared", "# kept\n");
	assert_int_equal(symlink(home_in("shared"), home_in("link")), 0);
	user("add alice --auth eap --out ~/p");
	assert_false(home_is_there("a/pki/pending"));
	assert_true(!lstat(home_in("link"), &st) && S_ISLNK(st.st_mode));
	users = home_contents("shared");
	assert_non_null(strstr(users, "# kept\nalice:"));
	free(users);
	user("revoke alice");
}

/* Users with passwords need no CA of ours; they are revoked without it, one command after the other. */
static void passwords_are_revoked_without_a_ca(void **state)
{
	int fd;

	(void)state;
	set_up();
	home_put("a/users", "alice:password:swordfish\n");
	assert_int_equal(rename(home_in("a/pki"), home_in("pki")), 0);
	assert_int_equal(mkdir(home_in("a/pki"), 0700), 0);
	fd = open(home_in("a/pki/lock"), O_RDWR | O_CREAT, 0600);
	assert_true(fd >= 0 && !flock(fd, LOCK_EX));
	refused("revoke alice", 1, "another ipsec pki is at work");
	close(fd);
	assert_int_equal(unlink(home_in("a/pki/lock")) | rmdir(home_in("a/pki")), 0);
	user("revoke alice");
	refused("revoke alice", 1, "there is no user alice who is let in");
}

/* Apple's systems compare it with the gateway's certificate. */
static void a_profile_has_the_common_name_of_the_ca(void **state)
{
	char *profile;

	(void)state;
	set_up();
	home_must("pki", "a", "init --force --dn /CN=Sons,Inc/O=Example");
	home_must("pki", "a", "issue vpn.example.org --force");
	user("add alice --auth eap --profile ios --out ~/p");
	profile = home_contents("p");
	assert_non_null(strstr(profile, "IssuerCommonName</key>\n\t\t\t\t<string>Sons,Inc</string>"));
	free(profile);
}

/* Nothing is written that the daemon would read as something else. */
static void names_fit_the_users_file(void **state)
{
	char *users;

	(void)state;
	set_up();
	refused("add bob --auth eap --id #bob --out ~/p", 1, "#bob cannot be a name in ");
	users = home_contents("a/users");
	assert_string_equal(users, "# Users with passwords: ipsec user list\n");
	free(users);
}

/* A method that needs the password itself has it; others can do with its hash. */
static void passwords_are_kept_as_the_method_needs_them(void **state)
{
	char *users;

	(void)state;
	set_up();
	home_put("word", "swordfish\n");
	user("add alice --auth eap --profile ikev2d --password-file ~/word --out ~/p");
	change("eap-mschapv2", "eap-md5");
	user("add bob --auth eap --profile ikev2d --password-file ~/word --out ~/q");
	users = home_contents("a/users");
	assert_non_null(strstr(users, "alice:nt:"));
	assert_null(strstr(users, "alice:password"));
	assert_non_null(strstr(users, "bob:password:swordfish\n"));
	free(users);
	users = home_contents("p/ikev2d.conf");
	assert_non_null(strstr(users, "secret = \"swordfish\""));
	free(users);
}

/* Where the library is. */
static void a_profile_as_a_qr_code(void **state)
{
	(void)state;
	set_up();
	refused("add alice --qr --profile swanctl --out ~/p", 2, "--qr is for profiles of one file");
	refused("--json add alice --qr --profile android --out ~/p", 2, "for people to look at");
	if (home_run("user", "a", "add alice --qr --profile android --auth eap --out ~/p")) {
		assert_non_null(strstr(home_err, "--qr needs libqrencode"));
		assert_false(home_is_there("p"));
		skip();
	}
	assert_true(home_says("\n█████"));
	refused("add bob --qr --profile android --out ~/q", 1,
		"a QR code holds 2953: one with a password is smaller");
	assert_false(home_is_there("q"));
	assert_int_equal(issued(), 1);
}

/* What is wider would be broken between its lines. */
static void a_qr_code_fits_the_terminal(void **state)
{
	char copy[200],
		*argv[HOME_WORDS] = { "ipsec", "--run-dir", home, "user", "--dir", (char *)home_in("a") };
	int argc = home_split("add alice --qr --profile android --auth eap --out ~/p", copy, argv, 6);
	int us = posix_openpt(O_RDWR | O_NOCTTY);
	struct winsize size = { .ws_row = 200, .ws_col = 30 };
	char *said = NULL;
	size_t n;
	FILE *terminal, *err = open_memstream(&said, &n);

	(void)state;
	set_up();
	assert_true(us >= 0 && !grantpt(us) && !unlockpt(us) && !ioctl(us, TIOCSWINSZ, &size));
	terminal = fdopen(open(ptsname(us), O_RDWR | O_NOCTTY), "w");
	assert_int_equal(ipsec_run(argc, argv, terminal, err), 1);
	fclose(terminal);
	fclose(err);
	close(us);
	assert_non_null(strstr(said, "--qr"));
	assert_true(strstr(said, "this terminal has 30") || strstr(said, "needs libqrencode"));
	assert_false(home_is_there("p"));
	free(said);
}

static void duplicates_are_refused(void **state)
{
	(void)state;
	set_up();
	user("add alice --out ~/one");
	refused("add alice --out ~/two", 1, "there is a user alice already: ipsec user renew");
	refused("add vpn.example.org --out ~/two", 1, "is the name of a gateway's certificate");
	refused("renew bob --out ~/two", 1, "there is no user bob");
	refused("add bob --out ~/one", 1, "one is there already");
	home_put("file", "mine");
	refused("add bob --profile android --out ~/file", 1, "file is there already");
	refused("add bob --profile android --force --out ~/one", 1, "one is a folder: name a file in it");
	assert_false(home_is_there("two"));
	assert_int_equal(issued(), 2);
	user("renew alice --out ~/two --profile windows");
	user("revoke alice");
	refused("revoke alice", 1, "there is no user alice who is let in");
	refused("revoke vpn.example.org", 1, "is no user: ipsec pki revoke");
	user("list");
	assert_true(home_says("revoked") && !home_says("good"));
	user("add alice --out ~/three");
	assert_int_equal(issued(), 4);
}

static void odd_names(void **state)
{
	static const char *const names[] = { "../alice", ".alice", "-", "al/ice", "al'ice", "al\"ice",
		"al\nice", "al{ice",
		"aliceaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\xc3\xa4lice",
		"al;ice", "$x" };
	char words[200];

	(void)state;
	set_up();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(words, sizeof words, "add %s --out ~/p", names[i]);
		refused(words, 2, "");
		assert_false(home_is_there("p"));
	}
	refused("add alice --profile palm --out ~/p", 2,
		"there are ios, macos, windows, android, linux, swanctl, ikev2d");
	refused("add alice --auth psk --out ~/p", 2, "there are cert and eap");
	refused("add alice --sign --profile windows --out ~/p", 2, "--sign is for profiles of ios and macos");
	refused("add alice --id %any --out ~/p", 2, "it is a DNS name");
	refused("add alice --id alice\nmethod=x --out ~/p", 2, "there are control characters in it");
	refused("add alice --auth eap --id a\tb --out ~/p", 2, "there are control characters in it");
	refused("add alice --out ~/no/such/folder", 1, "cannot be made");
	assert_int_equal(issued(), 1);
}

/* The line to change, before anything was written. */
static void a_gateway_that_cannot_serve(void **state)
{
	static const struct {
		const char *old, *new, *words, *says;
	} rows[] = {
		{ "pools = clients", "", "add a",
			"clients.pools): clients get an address: write pools = clients" },
		{ "auth = pubkey\n\t\t\tid", "auth = psk\n\t\t\tid", "add a --auth cert",
			"clients.local.auth): clients want a certificate of the gateway: write auth = "
			"pubkey" },
		{ "remote {\n\t\t\tauth = pubkey", "remote {\n\t\t\tauth = psk", "add a --auth cert",
			"clients.remote.auth): clients with certificates want auth = pubkey here" },
		{ "remote {", "remote {\n id = bob", "add a --auth cert",
			"clients.remote.id): a is not who it lets in: write %any, or give --id" },
		{ "remote {", "remote {\n id = a", "add a --auth cert --profile windows",
			"calls itself by CN=a, not by a name: write id = %any" },
		{ "rekey_time = 0s", "proposals = aes256gcm16-prfsha384-x25519\n", "add a --profile windows",
			"clients.proposals): Windows 10 and later has none of these algorithms" },
		{ "esp_proposals = ", "esp_proposals = aes256-sha512 #", "add a --profile windows",
			"all.esp_proposals): Windows 10 and later has none of these algorithms" },
		{ "local_ts = 0.0.0.0/0", "", "add a", "all.local_ts): clients would reach nothing" },
		{ "pools = clients", "pools = clients\nremote_addrs = 192.0.2.7", "add a",
			"clients.remote_addrs): clients come from anywhere" },
		{ "eap-mschapv2", "eap-gtc", "add a --auth eap --profile ios",
			"passwords.remote.auth): this client has not that method: write auth = "
			"eap-mschapv2" },
		{ "eap_id = %any", "eap_id = b", "add a --auth eap",
			"passwords.remote.eap_id): a is not who it lets in" },
		{ "remote {", "remote {\n id = a", "add a --auth eap --profile windows",
			"calls itself by its address, not by a name: write id = %any" },
		{ "users_file = users", "", "add a --auth eap",
			"write users_file = users into its section daemon" },
		{ "rekey_time", "rekey_time", "add a --server other.example.org",
			"its certificate is not about other.example.org, which clients are to dial" },
		{ "rekey_time", "rekey_time", "add a --connection other", "has no connection other" },
	};
	char words[100];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		set_up();
		change(rows[i].old, rows[i].new);
		snprintf(words, sizeof words, "%s --out ~/p", rows[i].words);
		refused(words, 1, rows[i].says);
		assert_false(home_is_there("p"));
		assert_int_equal(issued(), 1);
		snprintf(words, sizeof words, "old%zu", i);
		assert_int_equal(rename(home_in("a"), home_in(words)), 0);
	}
	refused("add alice", 1, "there is no configuration in ");
	assert_int_equal(mkdir(home_in("a"), 0700), 0);
	home_put("a/ikev2d.conf", "");
	refused("add alice", 1, "has no connection for clients");
	home_put("a/ikev2d.conf", "connections {");
	refused("add alice", 1, "ikev2d.conf:1");
}

/* Where the gateway takes both, later keys have a key exchange of their own. */
static void new_keys_are_independent(void **state)
{
	char *text;

	(void)state;
	set_up();
	user("add alice --out ~/p");
	text = home_contents("p/ikev2d.conf");
	assert_non_null(strstr(text,
		"esp_proposals = aes256gcm16-aes128gcm16-chacha20poly1305-x25519-ecp384-ecp256-modp2048\n"));
	free(text);
	change("esp_proposals = ", "esp_proposals = aes256gcm16 #");
	user("add bob --out ~/q");
	text = home_contents("q/ikev2d.conf");
	assert_non_null(strstr(text, "esp_proposals = aes256gcm16\n"));
	free(text);
}

static void identities_fit_the_pattern(void **state)
{
	(void)state;
	set_up();
	change("remote {", "remote {\n id = *@example.org\n");
	user("--json add alice --out ~/p");
	assert_true(home_says("\"identity\":\"alice@example.org\""));
	assert_true(ipsec_bench_json(home_out));
	user("--json add bob --id robert@example.org --out ~/q");
	assert_true(home_says("\"identity\":\"robert@example.org\""));
}

/* ------------------------------------------------- all or nothing */

/* Runs WORDS where no file may be longer than LIMIT octets, as on a disk that is full. */
static int run_on_a_full_disk(const char *group, const char *words, rlim_t limit)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		struct rlimit r = { limit, limit };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &r);
		_exit(home_run(group, "a", words));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void a_full_disk_leaves_nothing(void **state)
{
	(void)state;
	assert_int_equal(run_on_a_full_disk("setup", gateway, 800), 1);
	assert_false(home_is_there("a/ikev2d.conf") || home_is_there("a/pki/index") ||
		     home_is_there("a/x509/vpn.example.org.pem") || home_is_there("a/pki/new.0"));
	set_up();
	assert_int_equal(run_on_a_full_disk("user", "add alice --profile ios --out ~/p", 3000), 1);
	assert_false(home_is_there("p") || home_is_there(".p.new") || home_is_there("a/pki/new.0"));
	assert_int_equal(run_on_a_full_disk("user", "add alice --profile ikev2d --out ~/p", 600), 1);
	assert_false(home_is_there("p") || home_is_there(".p.new"));
	assert_int_equal(issued(), 1);
	user("list");
	assert_false(home_says("alice"));
	user("add alice --profile ios --out ~/p");
}

/* Either there is no user, or there is one, and a profile, at its place or ready beside it. */
static void check_user(void)
{
	bool there = home_is_there("p"), ready = home_is_there(".p.new");

	if (!home_run("user", "a", "revoke alice"))
		assert_true(there || ready);
	else
		assert_false(there);
	if (there)
		assert_int_equal(unlink(home_in("p")), 0);
}

static void an_end_anywhere_leaves_all_or_nothing(void **state)
{
	unsigned n = 0;

	(void)state;
	set_up();
	user("add before --profile ios --out ~/before --type ed25519");
	while (home_killed("user", "a", "add alice --profile ios --out ~/p --type ed25519", n += 10))
		check_user();
	check_user();
	assert_true(n > 100);
}

static void an_end_of_setup_leaves_all_or_nothing(void **state)
{
	unsigned n = 0;

	(void)state;
	while (home_killed("setup", "a", gateway, n += 10)) {
		/* The next command of any kind moves what was ready. */
		if (home_is_there("a"))
			(void)home_run("pki", "a", "show");
		assert_int_equal(home_is_there("a/ikev2d.conf"), home_is_there("a/pki/index"));
		assert_int_equal(home_is_there("a/ikev2d.conf"), home_is_there("a/x509/vpn.example.org.pem"));
		if (!home_is_there("a/ikev2d.conf"))
			continue;
		user("add alice --out ~/p");
		return;
	}
	fail_msg("nothing was ever ready before its end");
}

static void words_complete(void **state)
{
	static const struct {
		const char *words, *says;
	} rows[] = {
		{ "user r", "renew\nrevoke\n" },
		{ "user add alice --pro", "--profile\n" },
		{ "user add alice --profile i", "ios\nikev2d\n" },
		{ "user add alice --auth ", "cert\neap\n" },
		{ "pki issue alice --profile ", "gateway\nuser\n" },
		{ "setup g", "gateway\n" },
	};
	struct ipsec_bench b;
	char words[100];

	(void)state;
	ipsec_bench_idle(&b);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(words, sizeof words, "complete %s", rows[i].words);
		assert_int_equal(ipsec_bench_run(&b, words), 0);
		assert_string_equal(b.out, rows[i].says);
	}
	ipsec_bench_end(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, home_start, home_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(setup_makes_all_at_once),
		TEST(setup_is_undone),
		TEST(setup_without_a_daemon),
		TEST(setup_touches_nothing_that_is_there),
		TEST(setup_says_what_it_wants),
		TEST(setup_of_an_ipv6_gateway),
		TEST(a_user_and_the_key_that_nobody_else_has),
		TEST(a_user_with_a_password),
		TEST(passwords_are_kept_as_the_method_needs_them),
		TEST(the_users_file_lies_where_the_configuration_says),
		TEST(passwords_are_revoked_without_a_ca),
		TEST(names_fit_the_users_file),
		TEST(a_profile_has_the_common_name_of_the_ca),
		TEST(a_profile_as_a_qr_code),
		TEST(a_qr_code_fits_the_terminal),
		TEST(duplicates_are_refused),
		TEST(odd_names),
		TEST(a_gateway_that_cannot_serve),
		TEST(new_keys_are_independent),
		TEST(identities_fit_the_pattern),
		TEST(a_full_disk_leaves_nothing),
		TEST(an_end_anywhere_leaves_all_or_nothing),
		TEST(an_end_of_setup_leaves_all_or_nothing),
		TEST(words_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
