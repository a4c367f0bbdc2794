/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ipsec command: its other verbs, help, and how it ends, for people and as JSON, against a fake daemon.
 */
#include "unit.h"

#include "ipsec_bench.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void with_leases(struct vici_fake *f)
{
	static const struct vici_lease leases[] = {
		{ { 4, { 10, 3, 1, 10 } }, "alice", true },
		{ { 4, { 10, 3, 1, 11 } }, "C=DE, CN=bob", false },
	};

	f->leases = leases;
	f->n_leases = 2;
	f->sas[0].local_vips = (struct vips){ 1, { { 4, { 10, 93, 0, 1 } } } };
}

static void pools_are_listed_with_their_leases(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("list pools --leases", &code, with_leases);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(has(b.out, "range 10.3.1.10 size 11, online 2, offline 0\n"
			       "  10.3.1.10 online alice\n  10.3.1.11 offline C=DE, CN=bob\n"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json list pools --leases", &code, with_leases);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, "\"leases\":[{\"address\":\"10.3.1.10\",\"identity\":\"alice\","
			       "\"status\":\"online\"},"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("list pools", &code, with_leases);
	assert_false(has(b.out, "alice"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("list conns --leases", &code, with_leases);
	assert_int_equal(code, 2);
	ipsec_bench_end(&b);
	b = ipsec_bench_call("status", &code, with_leases);
	assert_true(has(b.out, "\n    virtual addresses 10.93.0.1\n"));
	ipsec_bench_end(&b);
}

static void list_lists(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "list conns"), 0);
	assert_string_equal(b.out, "gw/net\ngw/dmz\nhome/lan\n");
	assert_int_equal(ipsec_bench_run(&b, "list sas"), 0);
	assert_string_equal(b.out, "gw #1 ESTABLISHED\ngw/net #2 INSTALLED\n");
	assert_int_equal(ipsec_bench_run(&b, "list policies"), 0);
	assert_string_equal(b.out, "gw/local PASS 10.1.0.0/16 === 10.2.0.0/16\n"
				   "gw/rest DROP 10.1.0.0/16 === 10.2.0.0/16\n"
				   "gw/dmz TUNNEL 10.1.0.0/16 === 10.2.0.0/16\n"
				   "home/lan TUNNEL 10.1.0.0/16 === 10.2.0.0/16\n");
	assert_int_equal(ipsec_bench_run(&b, "list pools"), 0);
	assert_true(has(b.out, "file 10.9.0.1 size 9, online 0, offline 0\nnet 10.3.0.0 size 254,"));
	assert_int_equal(ipsec_bench_run(&b, "list authorities"), 0);
	assert_string_equal(b.out, "root root.pem\nsub\n");
	assert_int_equal(ipsec_bench_run(&b, "list certs"), 0);
	assert_string_equal(b.out, "PUBKEY NONE\nX509 NONE, with its private key\nX509 CA\nX509_CRL NONE\n");
	assert_int_equal(ipsec_bench_run(&b, "list algs"), 0);
	assert_true(has(b.out, "aead AES_GCM_16\naead CHACHA20_POLY1305\n"));
	assert_int_equal(ipsec_bench_run(&b, "list apples"), 2);
	assert_true(has(b.err, "there are only conns, sas, policies, pools, certs, authorities and algs"));
	ipsec_bench_end(&b);
}

static void list_as_json(void **state)
{
	static const struct {
		const char *words, *part;
	} others[] = {
		{ "--json list policies",
			"\"policies\":[{\"name\":\"gw/local\",\"ike\":\"gw\",\"child\":\"local\"," },
		{ "--json list pools", "\"pools\":[{\"name\":\"file\",\"base\":\"10.9.0.1\",\"size\":9," },
		{ "--json list certs", "\"success\":true,\"certificates\":[{\"type\":\"PUBKEY\"," },
		{ "--json list authorities",
			"{\"name\":\"sub\",\"cacert\":null,\"crl_uris\":[\"http://a.example/a.crl\"," },
		{ "--json list algs", "\"algorithms\":[{\"kind\":\"encryption\",\"names\":[\"AES_CBC\"]}," },
	};
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "--json list conns"), 0);
	assert_true(ipsec_bench_json(b.out) && has(b.out, "\"connections\":[{\"name\":\"gw\","));
	assert_int_equal(ipsec_bench_run(&b, "--json list sas"), 0);
	assert_true(ipsec_bench_json(b.out) && has(b.out, "\"sas\":[{\"name\":\"gw\","));
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_int_equal(ipsec_bench_run(&b, others[i].words), 0);
		assert_true(ipsec_bench_json(b.out) && has(b.out, others[i].part));
	}
	ipsec_bench_end(&b);
}

/* What the daemon is asked, it does or refuses; wrong words do not reach it. */
static void small_verbs(void **state)
{
	static const struct {
		const char *words;
		int code;
		const char *out, *err;
	} rows[] = {
		{ "route gw/net", 0, "gw/net: its packets bring it up\n", "" },
		{ "unroute gw", 0, "gw: its packets bring it up no more\n", "" },
		{ "route nothing", 1, "", "there is no connection or child nothing" },
		{ "purge crls", 0, "forgotten\n", "" },
		{ "purge socks", 2, "", "there are only certs, crls, ocsp and all" },
		{ "counters --reset", 0, "counters are zero\n", "" },
		{ "--json status --watch", 2,
			"{\"schema\":1,\"success\":false,\"error\":\"--watch is for people: ipsec --json "
			"monitor is for programs\"}\n",
			"ipsec --json monitor is for programs" },
		{ "status --watch", 2, "", "--watch needs a terminal" },
		{ "status gw home", 2, "", "usage: ipsec status [NAME] [--watch]" },
		{ "monitor gw", 2, "", "usage: ipsec monitor [--log]" },
		{ "capture", 2, "", "usage: ipsec capture NAME" },
		{ "counters a b", 2, "", "usage: ipsec counters [NAME|--all] [--reset]" },
		{ "counters --some", 2, "", "usage: ipsec counters" },
		{ "--json purge all", 0, "{\"schema\":1,\"success\":true}\n", "" },
	};
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ipsec_bench_run(&b, rows[i].words), rows[i].code);
		assert_string_equal(b.out, rows[i].out);
		assert_true(has(b.err, rows[i].err));
	}
	ipsec_bench_end(&b);
}

/* Each pair of calls says the same. */
static void others_words_do_what_is_meant(void **state)
{
	static const struct {
		const char *theirs, *ours;
	} rows[] = {
		{ "listcerts", "list certs" },
		{ "trafficstatus", "status" },
		{ "whack --trafficstatus", "status" },
		{ "auto --status", "status" },
		{ "rereadsecrets", "reload" },
		{ "auto --rereadsecrets", "reload" },
		{ "auto --add gw", "reload" },
		{ "purgecrls", "purge crls" },
		{ "listcounters", "counters --all" },
		{ "auto --asynchronous --route gw/net", "route gw/net" },
		{ "whack --name gw/net --unroute", "unroute gw/net" },
		{ "auto --up nothing", "up nothing" },
		{ "auto --start nothing", "up nothing" },
		{ "setup version", "version" },
		{ "auto --delete gw", "delete gw" },
		{ "auto", "auto" },
	};
	struct ipsec_bench b, other;

	(void)state;
	ipsec_bench_start(&b, NULL);
	ipsec_bench_start(&other, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ipsec_bench_run(&b, rows[i].theirs), ipsec_bench_run(&other, rows[i].ours));
		assert_string_equal(b.out, other.out);
		assert_string_equal(b.err, other.err);
	}
	ipsec_bench_end(&b);
	ipsec_bench_end(&other);
}

static void words_are_completed(void **state)
{
	static const struct {
		const char *words, *out;
	} rows[] = {
		{ "complete st", "status\nstatusall\nstart\nstop\n" },
		{ "complete listce", "listcerts\n" },
		{ "complete up g", "gw\ngw/net\ngw/dmz\n" },
		{ "complete up home/", "home/lan\n" },
		{ "complete auto --up home/", "home/lan\n" },
		{ "complete up gw --", "--timeout\n--password-file\n" },
		{ "complete up --timeout g", "" },
		{ "complete check --p", "--peer\n--profile\n" },
		{ "complete check --profile c", "cnsa\n" },
		{ "complete check --peer ho", "home\nhome/lan\n" },
		{ "complete check ho", "" },
		{ "complete list po", "policies\npools\n" },
		{ "complete purge c", "certs\ncrls\n" },
		{ "complete import --from l", "libreswan\n" },
		{ "complete import /etc/", "" },
		{ "complete pki ver", "verify\n" },
		{ "complete pki issue moon --ty", "--type\n" },
		{ "complete pki export moon --for w", "" },
		{ "complete pki issue moon --type r", "rsa\n" },
		{ "complete frobnicate x", "" },
	};
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ipsec_bench_run(&b, rows[i].words), 0);
		assert_string_equal(b.out, rows[i].out);
		assert_string_equal(b.err, "");
	}
	ipsec_bench_end(&b);
	ipsec_bench_idle(&b);
	assert_int_equal(ipsec_bench_run(&b, "complete up g"), 0);
	assert_string_equal(b.out, "");
	assert_string_equal(b.err, "");
	ipsec_bench_end(&b);
}

static void strangers_fail(struct vici_fake *f)
{
	f->failed = "";
}

static void failures_are_shown(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("failures", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_true(has(b.out, "home\n  failure: the peer refused our proposal\n    stage: IKE_SA_INIT\n"));
	assert_false(has(b.out, "no connection is for"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("failures gw", &code, NULL);
	assert_int_equal(code, 0);
	assert_string_equal(b.out, "");
	ipsec_bench_end(&b);
	b = ipsec_bench_call("failures nobody", &code, NULL);
	assert_int_equal(code, 1);
	ipsec_bench_end(&b);
	b = ipsec_bench_call("failures", &code, strangers_fail);
	assert_true(
		has(b.out, "peers that no connection is for\n  failure: the peer refused our proposal\n"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("--json failures home", &code, NULL);
	assert_true(ipsec_bench_json(b.out));
	assert_true(
		has(b.out, "{\"name\":\"home\",\"down\":180,\"next_attempt\":24,\"failures\":[{\"what\":"));
	assert_false(has(b.out, "strangers"));
	ipsec_bench_end(&b);
}

static void counters_are_shown_where_they_count(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "counters gw"), 0);
	assert_true(has(b.out, "gw\n  ") && !has(b.out, " 0\n"));
	assert_int_equal(ipsec_bench_run(&b, "--json counters"), 0);
	assert_true(ipsec_bench_json(b.out) &&
		    has(b.out, "\"counters\":[{\"name\":null,\"counters\":{\"ike_rekey_init\":"));
	ipsec_bench_end(&b);
}

static void reload_reloads(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "reload"), 0);
	assert_string_equal(b.out, "reloaded\n");
	assert_int_equal(ipsec_bench_run(&b, "--json reload"), 0);
	assert_string_equal(b.out, "{\"schema\":1,\"success\":true}\n");
	ipsec_bench_end(&b);
}

static bool impatient; /* every time is over at once */
int __real_poll(struct pollfd *p, nfds_t n, int ms);
int __wrap_poll(struct pollfd *p, nfds_t n, int ms);

int __wrap_poll(struct pollfd *p, nfds_t n, int ms)
{
	return impatient && ms >= 0 ? 0 : __real_poll(p, n, ms);
}

/* A token may take longer than what is answered at once. */
static void reload_waits_for_its_answer_as_long_as_it_takes(void **state)
{
	struct ipsec_bench b;
	int code;

	(void)state;
	for (unsigned waits = 0; waits < 2; waits++) {
		ipsec_bench_start(&b, NULL);
		impatient = true;
		code = ipsec_bench_run(&b, waits ? "reload" : "version");
		impatient = false;
		assert_string_equal(b.err, waits ? "" : "ipsec: ikev2d does not answer in time\n");
		assert_int_equal(code, !waits);
		ipsec_bench_end(&b);
	}
}

static void a_refused_reload_says_why(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, ipsec_bench_refuse);
	assert_int_equal(ipsec_bench_run(&b, "--json reload"), 1);
	assert_true(has(b.err, "ipsec: refused by the test\n") && has(b.err, "f.conf:1"));
	assert_true(ipsec_bench_json(b.out) && has(b.out, "\"what\":\"refused by the test\""));
	ipsec_bench_end(&b);
}

static void stop_waits_for_the_end(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "stop"), 0);
	assert_string_equal(b.out, "stopped\n");
	ipsec_bench_end(&b);
}

static void start_leaves_a_running_daemon_alone(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("start", &code, NULL);

	(void)state;
	assert_int_equal(code, 0);
	assert_string_equal(b.out, "ikev2d is already running\n");
	ipsec_bench_end(&b);
}

static void be_chatty(struct vici_fake *f)
{
	f->chatty = true;
}

static void log_follows_until_the_daemon_goes(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, be_chatty);
	assert_int_equal(ipsec_bench_run(&b, "log"), 0);
	assert_string_equal(b.out, "[IKE] rekeyed\n");
	assert_int_equal(ipsec_bench_run(&b, "--json log"), 0);
	assert_string_equal(b.out, "{\"schema\":1,\"group\":\"IKE\",\"level\":1,\"ikesa_name\":\"gw\","
				   "\"ikesa_uniqueid\":1,\"msg\":\"rekeyed\"}\n");
	ipsec_bench_end(&b);
}

/* A daemon that goes in the middle of an answer. */
static void a_lost_daemon_is_told(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, be_chatty);
	assert_int_equal(ipsec_bench_run(&b, "--json status"), 1);
	assert_string_equal(b.err, "ipsec: ikev2d has closed the connection\n");
	assert_true(ipsec_bench_json(b.out));
	ipsec_bench_end(&b);
}

static void version_tells_both(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_start(&b, NULL);
	assert_int_equal(ipsec_bench_run(&b, "version"), 0);
	assert_string_equal(b.out, "ipsec " IKEV2D_VERSION ", ikev2d " IKEV2D_VERSION "\n");
	ipsec_bench_end(&b);
	ipsec_bench_idle(&b);
	assert_int_equal(ipsec_bench_run(&b, "--version"), 0);
	assert_true(has(b.out, "ikev2d is not running"));
	ipsec_bench_end(&b);
}

static void without_a_daemon_it_is_3(void **state)
{
	static const char *const verbs[] = { "up a", "down a", "rekey a", "status", "statusall", "list conns",
		"list sas", "log", "reload", "stop" };
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_idle(&b);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		assert_int_equal(ipsec_bench_run(&b, verbs[i]), 3);
		assert_true(has(b.err, "ipsec: ikev2d is not running (no socket at ") &&
			    has(b.err, "/vici): start it with "));
		assert_string_equal(b.out, "");
	}
	ipsec_bench_end(&b);
}

static void without_a_daemon_json_is_json(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_idle(&b);
	assert_int_equal(ipsec_bench_run(&b, "--json status"), 3);
	assert_true(
		ipsec_bench_json(b.out) && has(b.out, "\"success\":false,\"error\":\"ikev2d is not running"));
	ipsec_bench_end(&b);
}

static void wrong_use_is_2(void **state)
{
	static const char *const words[] = { "up", "down", "down a b", "rekey", "rekey --reauth", "rekey a b",
		"rekey a --soon", "rekey a b --reauth", "list", "reload now", "--colour status",
		"--run-dir" };
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_idle(&b);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		assert_int_equal(ipsec_bench_run(&b, words[i]), 2);
	ipsec_bench_end(&b);
}

static void a_wrong_verb_gets_a_hint(void **state)
{
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_idle(&b);
	assert_int_equal(ipsec_bench_run(&b, "statsu"), 2);
	assert_string_equal(b.err, "ipsec: there is no verb statsu: did you mean status?\n");
	assert_int_equal(ipsec_bench_run(&b, "brew"), 2);
	ipsec_bench_end(&b);
}

static void help_names_every_verb(void **state)
{
	static const char *const verbs[] = { "up", "down", "rekey", "status", "statusall", "list", "log",
		"check", "reload", "start", "stop", "cleanup", "version", "help" };
	struct ipsec_bench b;

	(void)state;
	ipsec_bench_idle(&b);
	assert_int_equal(ipsec_bench_run(&b, "help"), 0);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		char line[32];

		snprintf(line, sizeof line, "\n  %-9s ", verbs[i]);
		assert_true(has(b.out, line));
	}
	ipsec_bench_end(&b);
}

static void check_has_a_row_for_each_finding(void **state)
{
	static const char *const names[] = { "configuration", "certificates", "daemon", "data-path",
		"leftovers", "port", "port-nat-t", "tun", "rights", "forwarding", "rp-filter", "nat-rules" };
	struct ipsec_bench b;
	int code;

	(void)state;
	ipsec_bench_idle(&b);
	code = ipsec_bench_run(&b, "--json check");
	assert_true(code == 0 || code == 1);
	assert_true(ipsec_bench_json(b.out));
	assert_true(has(b.out, code ? "\"success\":false}" : "\"success\":true}"));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char part[64];

		snprintf(part, sizeof part, "{\"name\":\"%s\",\"verdict\":\"", names[i]);
		assert_true(has(b.out, part));
	}
	assert_int_equal(ipsec_bench_run(&b, "check /dev/null /dev/null"), 2);
	assert_int_equal(ipsec_bench_run(&b, "check --mend"), 2);
	assert_true(has(b.err, "usage: ipsec check [FILE] [--fix"));
	ipsec_bench_end(&b);
}

static void with_a_difference(struct vici_fake *f)
{
	f->differences = "the SA 00001234 is gone";
}

static void check_asks_what_is_installed(void **state)
{
	int code;
	struct ipsec_bench b = ipsec_bench_call("check", &code, NULL);

	(void)state;
	assert_true(has(b.out, "ok    data-path      kernel: this kernel has no ESP; userspace: in use\n"));
	ipsec_bench_end(&b);
	b = ipsec_bench_call("check", &code, with_a_difference);
	assert_int_equal(code, 1);
	assert_true(has(b.out, "bad   data-path      kernel: this kernel has no ESP; userspace: in use\n"
			       "      the SA 00001234 is gone\n"));
	ipsec_bench_end(&b);
}

static void check_reads_the_configuration(void **state)
{
	char path[] = "/tmp/ipsec-conf-XXXXXX", words[64];
	struct ipsec_bench b;
	FILE *file = fdopen(mkstemp(path), "w");

	(void)state;
	fputs("connections {\n  a {\n    remote_adrs = 192.0.2.1\n  }\n}\n", file);
	fclose(file);
	ipsec_bench_idle(&b);
	snprintf(words, sizeof words, "check %s", path);
	assert_int_equal(ipsec_bench_run(&b, words), 2);
	assert_true(has(b.out, "bad   configuration") && has(b.out, ":3:") && has(b.out, "remote_addrs"));
	ipsec_bench_end(&b);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_verbs),
		cmocka_unit_test(others_words_do_what_is_meant),
		cmocka_unit_test(words_are_completed),
		cmocka_unit_test(counters_are_shown_where_they_count),
		cmocka_unit_test(failures_are_shown),
		cmocka_unit_test(pools_are_listed_with_their_leases),
		cmocka_unit_test(list_lists),
		cmocka_unit_test(list_as_json),
		cmocka_unit_test(reload_reloads),
		cmocka_unit_test(reload_waits_for_its_answer_as_long_as_it_takes),
		cmocka_unit_test(a_refused_reload_says_why),
		cmocka_unit_test(stop_waits_for_the_end),
		cmocka_unit_test(start_leaves_a_running_daemon_alone),
		cmocka_unit_test(log_follows_until_the_daemon_goes),
		cmocka_unit_test(a_lost_daemon_is_told),
		cmocka_unit_test(version_tells_both),
		cmocka_unit_test(without_a_daemon_it_is_3),
		cmocka_unit_test(without_a_daemon_json_is_json),
		cmocka_unit_test(wrong_use_is_2),
		cmocka_unit_test(a_wrong_verb_gets_a_hint),
		cmocka_unit_test(help_names_every_verb),
		cmocka_unit_test(check_has_a_row_for_each_finding),
		cmocka_unit_test(check_asks_what_is_installed),
		cmocka_unit_test(check_reads_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
