/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands of VICI: which there are, who may give them, and the answers of those that concern policies,
 * counters, algorithms and what is yet to be built. Against a fake daemon. */
#include "unit.h"

#include "vici_client.h"

#include <stdio.h>
#include <stdlib.h>

static void subscribe(struct vici_bench *b, const char *event)
{
	assert_true(vici_client_input(b->s, vici_packet_of(VICI_EVENT_REGISTER, event, NULL, &b->arena)));
	assert_string_equal(vici_read_all(b->s, &b->arena), "confirm\n");
}

static bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void every_command_of_strongswan_is_known(void **state)
{
	static const char *const all[] = { "version", "stats", "reload-settings", "initiate", "terminate",
		"rekey", "redirect", "install", "uninstall", "list-sas", "list-policies", "list-conns",
		"get-conns", "list-certs", "list-authorities", "get-authorities", "load-conn", "unload-conn",
		"load-cert", "load-key", "unload-key", "get-keys", "load-token", "load-shared",
		"unload-shared", "get-shared", "flush-certs", "clear-creds", "load-authority",
		"unload-authority", "load-pool", "unload-pool", "get-pools", "get-algorithms", "get-counters",
		"reset-counters" };
	struct vici_bench *b = *state;

	b->fake->at_once = true;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_true(!strncmp(vici_bench_ask(b, all[i], NULL), "response", strlen("response")));
}

static void every_event_of_strongswan_is_known(void **state)
{
	static const char *const all[] = { "log", "control-log", "list-sa", "list-policy", "list-conn",
		"list-cert", "list-authority", "ike-updown", "ike-rekey", "ike-update", "child-updown",
		"child-rekey", "alert" };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		subscribe(*state, all[i]);
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* Whom, and where to. */
static void redirections(void **state)
{
	static const struct {
		const char *ask, *errmsg;
	} wrong[] = {
		{ "ike=gw", "missing target gateway" },
		{ "gateway=192.0.2.9", "missing redirect selector" },
		{ "ike=gw;gateway=user@example.net", "unsupported gateway identity" },
		{ "gateway=192.0.2.9;peer-ip=somewhere", "invalid peer IP selector" },
	};
	struct vici_bench *b = *state;
	struct ip lo, hi;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_true(has(vici_bench_ask(b, "redirect", wrong[i].ask), wrong[i].errmsg));
	b->fake->at_once = true;
	b->fake->outcome = (struct vici_outcome){ .success = true, .matches = 3 };
	assert_true(
		has(vici_bench_ask(b, "redirect",
			    "ike=gw;peer-ip=198.51.100.0/24;peer-id=*.example.net;gateway=gw.example.org"),
			"response success=yes matches=3"));
	assert_string_equal(b->fake->target.ike, "gw");
	assert_string_equal(b->fake->redirect.gateway, "gw.example.org");
	assert_string_equal(b->fake->redirect.identity, "*.example.net");
	assert_int_equal(ip_range_parse("198.51.100.0/24", &lo, &hi), ERR_OK);
	assert_true(ip_eq(&lo, &b->fake->redirect.lo) && ip_eq(&hi, &b->fake->redirect.hi));
}

/* Who may only ask is told so, and nothing happens. */
static void readers_change_nothing(void **state)
{
	static const char *const allowed[] = { "version", "stats", "list-sas", "list-policies", "list-conns",
		"get-conns", "list-certs", "list-authorities", "get-authorities", "get-keys", "get-shared",
		"get-pools", "get-algorithms", "get-counters", "failures", "audit" };
	struct vici_bench *b = *state;
	struct vici_client *reader = vici_client_open(b->fake, VICI_ASKS);
	const char *name;

	for (unsigned i = 0; (name = vici_command_name(i)); i++) {
		bool may = false;

		for (size_t k = 0; k < sizeof allowed / sizeof *allowed; k++)
			may |= !strcmp(name, allowed[k]);
		assert_int_equal(has(vici_ask(reader, name, "child=net;ike=gw;name=home;id=ike-2", &b->arena),
					 "changes something, and you may only ask"),
			!may);
	}
	assert_int_equal(b->fake->ticket, 0);
	assert_int_equal(b->fake->cleared + b->fake->reloads + b->fake->stops, 0);
	assert_null(b->fake->unloaded);
	assert_null(b->fake->reset);
}

static void who_has_no_rights_hears_nothing(void **state)
{
	struct vici_bench *b = *state;
	struct vici_client *stranger = vici_client_open(b->fake, VICI_NOTHING);
	const char *name;

	for (unsigned i = 0; (name = vici_command_name(i)); i++)
		assert_true(has(vici_ask(stranger, name, "child=net", &b->arena),
			"response success=no errmsg=you have no rights here: run it as root"));
	assert_true(vici_client_input(stranger, vici_packet_of(VICI_EVENT_REGISTER, "log", NULL, &b->arena)));
	assert_string_equal(vici_read_all(stranger, &b->arena), "confirm\n");
	vici_log(b->fake->vici, 0, "IKE", 1, "gw", 1, "news");
	assert_string_equal(vici_read_all(stranger, &b->arena), "");
	assert_int_equal(b->fake->ticket, 0);
}

static void install_and_uninstall_name_a_child(void **state)
{
	struct vici_bench *b = *state;

	b->fake->at_once = true;
	assert_string_equal(vici_bench_ask(b, "install", "child=dmz;ike=gw"), "response success=yes\n");
	assert_string_equal(b->fake->policy, "in");
	assert_string_equal(b->fake->target.child, "dmz");
	assert_string_equal(b->fake->target.ike, "gw");
	assert_string_equal(vici_bench_ask(b, "uninstall", "child=dmz"), "response success=yes\n");
	assert_string_equal(b->fake->policy, "away");
	b->fake->outcome = (struct vici_outcome){ .why = { .what = "policy 'x' not found" } };
	assert_true(has(vici_bench_ask(b, "uninstall", "child=x"),
		"response success=no errmsg=policy 'x' not found why {"));
	b->fake->ticket = 0;
	assert_true(
		has(vici_bench_ask(b, "install", "ike=gw"), "success=no errmsg=missing configuration name"));
	assert_int_equal(b->fake->ticket, 0);
}

static const char trap_of_gw[] =
	"event list-policy gw/dmz {child=dmz ike=gw mode=TUNNEL local-ts=[10.1.0.0/16] "
	"remote-ts=[10.2.0.0/16]}\n";
static const char trap_of_home[] =
	"event list-policy home/lan {child=lan ike=home mode=TUNNEL local-ts=[10.1.0.0/16] "
	"remote-ts=[10.2.0.0/16]}\n";

static const char pass_of_gw[] =
	"event list-policy gw/local {child=local ike=gw mode=PASS local-ts=[10.1.0.0/16] "
	"remote-ts=[10.2.0.0/16]}\n";
static const char drop_of_gw[] =
	"event list-policy gw/rest {child=rest ike=gw mode=DROP local-ts=[10.1.0.0/16] "
	"remote-ts=[10.2.0.0/16]}\n";

static void list_policies_lists_what_is_wanted(void **state)
{
	struct vici_bench *b = *state;
	struct arena *a = &b->arena;

	subscribe(b, "list-policy");
	assert_string_equal(vici_bench_ask(b, "list-policies", "trap=yes;drop=yes;pass=yes"),
		arena_printf(a, "%s%s%s%sresponse\n", pass_of_gw, drop_of_gw, trap_of_gw, trap_of_home));
	assert_string_equal(vici_bench_ask(b, "list-policies", "trap=yes;ike=home"),
		arena_printf(a, "%sresponse\n", trap_of_home));
	assert_string_equal(vici_bench_ask(b, "list-policies", "trap=yes;child=dmz"),
		arena_printf(a, "%sresponse\n", trap_of_gw));
	assert_string_equal(
		vici_bench_ask(b, "list-policies", "drop=yes"), arena_printf(a, "%sresponse\n", drop_of_gw));
	assert_string_equal(vici_bench_ask(b, "list-policies", "pass=yes;ike=gw"),
		arena_printf(a, "%sresponse\n", pass_of_gw));
	assert_string_equal(vici_bench_ask(b, "list-policies", "pass=yes;ike=home"), "response\n");
	assert_string_equal(vici_bench_ask(b, "list-policies", NULL), "response\n");
}

static void counters_are_in_strongswans_order(void **state)
{
	static const char of_gw[] =
		"ike-rekey-init=0 ike-rekey-resp=1 child-rekey=2 invalid=3 invalid-spi=4 ike-init-in-req=5 "
		"ike-init-in-resp=6 ike-init-out-req=7 ike-init-out-resp=8 ike-auth-in-req=9 "
		"ike-auth-in-resp=10 ike-auth-out-req=11 ike-auth-out-resp=12 create-child-in-req=13 "
		"create-child-in-resp=14 create-child-out-req=15 create-child-out-resp=16 info-in-req=17 "
		"info-in-resp=18 info-out-req=19 info-out-resp=20 ike-crash-detected=21 "
		"ike-redirects-sent=22 "
		"ike-redirects-followed=23 ike-resumed=24 eap-passwords-wrong=25 "
		"eap-passwords-delayed=26";
	struct vici_bench *b = *state;
	const char *got;

	assert_string_equal(vici_bench_ask(b, "get-counters", NULL),
		arena_printf(&b->arena, "response counters { {%s}} success=yes\n", of_gw));
	assert_string_equal(vici_bench_ask(b, "get-counters", "name=gw"),
		arena_printf(&b->arena, "response counters {gw {%s}} success=yes\n", of_gw));
	got = vici_bench_ask(b, "get-counters", "all=yes");
	assert_true(has(got, "counters {gw {ike-rekey-init=0") && has(got, "} home {ike-rekey-init=0"));
	assert_true(has(vici_bench_ask(b, "get-counters", "name=nobody"),
		"response counters {} success=no errmsg=no counters found for this connection"));
}

static void counters_are_reset(void **state)
{
	struct vici_bench *b = *state;

	assert_string_equal(vici_bench_ask(b, "reset-counters", NULL), "response success=yes\n");
	assert_string_equal(b->fake->reset, "together");
	assert_string_equal(vici_bench_ask(b, "reset-counters", "name=gw"), "response success=yes\n");
	assert_string_equal(b->fake->reset, "gw");
	assert_string_equal(vici_bench_ask(b, "reset-counters", "all=yes"), "response success=yes\n");
	assert_string_equal(b->fake->reset, "all");
}

static void algorithms_are_those_of_the_table(void **state)
{
	assert_string_equal(vici_bench_ask(*state, "get-algorithms", NULL),
		"response encryption {AES_CBC=openssl}"
		" integrity {HMAC_SHA1_96=openssl HMAC_SHA2_256_128=openssl HMAC_SHA2_384_192=openssl"
		" HMAC_SHA2_512_256=openssl}"
		" aead {AES_GCM_16=openssl CHACHA20_POLY1305=openssl}"
		" hasher {HASH_SHA1=openssl HASH_SHA2_256=openssl HASH_SHA2_384=openssl "
		"HASH_SHA2_512=openssl}"
		" prf {PRF_HMAC_SHA1=openssl PRF_HMAC_SHA2_256=openssl PRF_HMAC_SHA2_384=openssl"
		" PRF_HMAC_SHA2_512=openssl}"
		" xof {} kdf {KDF_PRF=openssl KDF_PRF_PLUS=openssl} drbg {}"
		" ke {CURVE_25519=openssl CURVE_448=openssl ECP_256=openssl ECP_384=openssl ECP_521=openssl"
		" MODP_1024=openssl MODP_1536=openssl MODP_2048=openssl MODP_3072=openssl MODP_4096=openssl}"
		" rng {RNG_WEAK=openssl RNG_STRONG=openssl RNG_TRUE=openssl} nonce-gen "
		"{NONCE_GEN=openssl}\n");
}

/* Those of the file are not for a client to unload, so it hears of them only where it says that it wants all.
 */
static void pools_are_told_as_strongswan_does(void **state)
{
	static const char net[] = "net {base=10.3.0.0 size=254 online=0 offline=0}";
	struct vici_bench *b = *state;
	const char *all = vici_bench_ask(b, "get-pools", "all=yes");

	assert_string_equal(vici_bench_ask(b, "get-pools", NULL),
		arena_printf(&b->arena,
			"response %s half {base=10.3.2.7 size=248 online=0 offline=0} range "
			"{base=10.3.1.10 size=11 online=0 offline=0} six {base=2001:db8:: "
			"size=2147483646 online=0 offline=0}\n",
			net));
	assert_string_equal(
		vici_bench_ask(b, "get-pools", "name=net"), arena_printf(&b->arena, "response %s\n", net));
	assert_string_equal(vici_bench_ask(b, "get-pools", "name=range;leases=yes"),
		"response range {base=10.3.1.10 size=11 online=0 offline=0 leases {}}\n");
	assert_string_equal(vici_bench_ask(b, "get-pools", "name=file"), "response\n");
	assert_true(has(all, "response file {base=10.9.0.1 size=9 online=0 offline=0 origin=file} net {"));
}

static void leases_are_told_as_strongswan_does(void **state)
{
	static const struct vici_lease leases[] = {
		{ { 4, { 10, 3, 1, 10 } }, "alice", true },
		{ { 4, { 10, 3, 1, 11 } }, "C=DE, CN=bob", false },
	};
	struct vici_bench *b = *state;

	b->fake->leases = leases;
	b->fake->n_leases = 2;
	assert_string_equal(vici_bench_ask(b, "get-pools", "name=range;leases=yes"),
		"response range {base=10.3.1.10 size=11 online=2 offline=0 leases "
		"{0 {address=10.3.1.10 identity=alice status=online} "
		"1 {address=10.3.1.11 identity=C=DE, CN=bob status=offline}}}\n");
}

/* An answer has its largest size; what it has no room for is counted. */
static void more_leases_than_fit_are_counted(void **state)
{
	enum { MANY = 65536 };
	struct vici_bench *b = *state;
	struct vici_lease *v = ARENA_ARRAY(&b->arena, MANY, struct vici_lease);
	const char *answer, *left;

	for (unsigned i = 0; i < MANY; i++)
		v[i] = (struct vici_lease){ { 4, { 10, 3, (uint8_t)(i >> 8), (uint8_t)i } }, "carol", true };
	b->fake->leases = v;
	b->fake->n_leases = MANY;
	answer = vici_bench_ask(b, "get-pools", "name=range;leases=yes");
	assert_true(has(answer, "online=65536 "));
	left = strstr(answer, " left=");
	assert_non_null(left);
	assert_true(strtoul(left + strlen(" left="), NULL, 10) < MANY);
	assert_true(has(answer, "0 {address=10.3.0.0 identity=carol status=online} 1 {"));
}

static void authorities_are_listed(void **state)
{
	static const char root[] = "event list-authority root {cacert=root.pem crl_uris=[] ocsp_uris=[] "
				   "origin=file}\n";
	static const char sub[] = "event list-authority sub {crl_uris=[http://a.example/a.crl "
				  "http://b.example/b.crl] ocsp_uris=[] cert_uri_base=http://c.example/ "
				  "origin=vici}\n";
	struct vici_bench *b = *state;

	subscribe(b, "list-authority");
	assert_string_equal(vici_bench_ask(b, "list-authorities", NULL),
		arena_printf(&b->arena, "%s%sresponse\n", root, sub));
	assert_string_equal(vici_bench_ask(b, "list-authorities", "name=sub"),
		arena_printf(&b->arena, "%sresponse\n", sub));
	assert_string_equal(vici_bench_ask(b, "get-authorities", NULL), "response authorities=[sub]\n");
}

static void have_sas(struct vici_bench *b, unsigned n)
{
	struct sa_record *sas = ARENA_ARRAY(&b->arena, n, struct sa_record);

	for (unsigned i = 0; i < n; i++)
		sas[i] = *b->fake->sas;
	b->fake->sas = sas;
	b->fake->n_sas = n;
}

/* A list of any length is made as it is read. */
static void a_long_list_waits_for_the_reader(void **state)
{
	enum { MANY = 10000, AHEAD = 200 };
	struct vici_bench *b = *state;
	size_t most = 0;

	have_sas(b, MANY);
	subscribe(b, "list-sa");
	assert_true(vici_client_input(b->s, vici_packet_of(VICI_CMD_REQUEST, "list-sas", NULL, &b->arena)));
	assert_in_range(b->fake->described, 1, AHEAD);
	for (size_t n; vici_client_go(b->s) && (n = vici_client_output(b->s).n);
		vici_client_sent(b->s, n < 5000 ? n : 5000))
		most = n > most ? n : most;
	assert_int_equal(b->fake->described, MANY);
	assert_in_range(most, 1, 128 * 1024);
}

/* What has gone meanwhile is left out, and a client may go in the middle. */
static void a_list_may_end_early(void **state)
{
	enum { MANY = 1000 };
	struct vici_bench *b = *state;
	struct bytes request = vici_packet_of(VICI_CMD_REQUEST, "list-sas", NULL, &b->arena);
	unsigned before;

	have_sas(b, MANY);
	subscribe(b, "list-sa");
	assert_true(vici_client_input(b->s, request));
	before = b->fake->described;
	b->fake->n_sas = 0;
	assert_int_equal(lines(vici_read_all(b->s, &b->arena)), before + 1);
	b->fake->n_sas = MANY;
	assert_true(vici_client_input(b->s, request));
	vici_client_close(b->s);
	b->s = vici_client_open(b->fake, VICI_CHANGES);
}

static void a_command_during_a_list_waits(void **state)
{
	enum { MANY = 1000 };
	struct vici_bench *b = *state;
	const char *got;

	have_sas(b, MANY);
	subscribe(b, "list-sa");
	assert_true(vici_client_input(b->s, vici_packet_of(VICI_CMD_REQUEST, "list-sas", NULL, &b->arena)));
	got = vici_bench_ask(b, "get-conns", NULL);
	assert_int_equal(lines(got), MANY + 2);
	assert_true(has(got, "\nresponse\nresponse conns=[home]\n"));
}

/* Also where nothing of it is wanted, and so nothing is sent. */
static void a_long_list_is_searched_in_turns(void **state)
{
	enum { MANY = 10000, AT_ONCE = 200 };
	struct vici_bench *b = *state;
	unsigned before = 0;

	have_sas(b, MANY);
	subscribe(b, "list-sa");
	assert_true(vici_client_input(
		b->s, vici_packet_of(VICI_CMD_REQUEST, "list-sas", "ike=nobody", &b->arena)));
	while (!vici_client_output(b->s).n) {
		assert_in_range(b->fake->described - before, 1, AT_ONCE);
		before = b->fake->described;
		b->fake->wakes = 0;
		assert_true(vici_client_go(b->s));
		assert_true(b->fake->wakes > 0);
	}
	assert_int_equal(b->fake->described, MANY);
	assert_string_equal(vici_read_all(b->s, &b->arena), "response\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(redirections, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			every_command_of_strongswan_is_known, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			every_event_of_strongswan_is_known, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(readers_change_nothing, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			who_has_no_rights_hears_nothing, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			install_and_uninstall_name_a_child, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			list_policies_lists_what_is_wanted, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			counters_are_in_strongswans_order, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(counters_are_reset, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			pools_are_told_as_strongswan_does, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			leases_are_told_as_strongswan_does, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			more_leases_than_fit_are_counted, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(authorities_are_listed, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			algorithms_are_those_of_the_table, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_long_list_waits_for_the_reader, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(a_list_may_end_early, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_command_during_a_list_waits, vici_bench_open, vici_bench_close),
		cmocka_unit_test_setup_teardown(
			a_long_list_is_searched_in_turns, vici_bench_open, vici_bench_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
