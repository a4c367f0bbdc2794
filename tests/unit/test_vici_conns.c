/* SPDX-License-Identifier: GPL-2.0-or-later */
/* list-conn as strongSwan 5.9.8 tells it: what it said of the same configurations. */
#include "tests/unit/conf_help.h"
#include "tests/unit/unit.h"
#include "tests/unit/vici_client.h"

#include <arpa/inet.h>
#include <netdb.h>

/* What list-conns says of the one connection in BODY, up to what is ours. */
static const char *told(const char *body, struct arena *arena)
{
	struct vici_fake *f = vici_fake_new();
	struct vici_client *s = vici_client_open(f, VICI_ASKS);
	struct loaded l = load_text(arena_printf(arena, "connections { a { %s } }", body));
	struct peer **peers = f->conf.peers;
	const char *got, *end;

	assert_string_equal(l.why, "");
	f->conf.peers = l.conf.peers;
	f->conf.n_peers = l.conf.n_peers;
	assert_true(vici_client_input(s, vici_packet_of(VICI_EVENT_REGISTER, "list-conn", NULL, arena)));
	(void)vici_read_all(s, arena);
	got = vici_ask(s, "list-conns", NULL, arena);
	f->conf.peers = peers;
	f->conf.n_peers = 2;
	vici_client_close(s);
	vici_fake_free(f);
	loaded_free(&l);
	end = strstr(got, " origin=file");
	assert_non_null(end);
	return arena_text(arena, bytes_of(got, (size_t)(end - got)));
}

#define HEAD                                                                                                 \
	"event list-conn a {local_addrs=[%any] remote_addrs=[%any] version=IKEv2 reauth_time=0 "             \
	"rekey_time=14400 unique=UNIQUE_NO dpd_delay=30 "
#define LISTS     " groups=[] cert_policy=[] certs=[] cacerts=[]}"
#define NO_REMOTE " remote-1 {groups=[] cert_policy=[] certs=[] cacerts=[]}"
#define NO_SIDES  "local-1 {groups=[] cert_policy=[] certs=[] cacerts=[]}" NO_REMOTE

static void rounds_are_told_as_they_were_written(void **state)
{
	static const struct {
		const char *body, *told;
	} rows[] = {
		{ "", NO_SIDES },
		{ "local { auth = psk\nid = moon }",
			"local-1 {id=moon class=pre-shared key" LISTS NO_REMOTE },
		{ "local { id = moon\nauth = pubkey-rsa-2048-sha256 }",
			"local-1 {class=public key id=moon" LISTS NO_REMOTE },
		{ "local { auth = eap-mschapv2\neap_id = carol\naaa_id = aaa.example }",
			"local-1 {aaa_id=aaa.example eap_id=carol eap-type=EAP_MSCHAPV2 class=EAP" LISTS
				NO_REMOTE },
		{ "local { auth = eap-7-12345\n }",
			"local-1 {eap-vendor=12345 eap-type=(7) class=EAP" LISTS NO_REMOTE },
		{ "local { auth = eap-mschapv2-5\n }",
			"local-1 {eap-vendor=5 eap-type=EAP_MSCHAPV2 class=EAP" LISTS NO_REMOTE },
		{ "local { auth = eap-mschapv2\neap_id = bob }",
			"local-1 {eap_id=bob eap-type=EAP_MSCHAPV2 class=EAP groups=[] cert_policy=[] "
			"certs=[] "
			"cacerts=[] password-missing=bob}" NO_REMOTE },
		{ "local { auth = eap-tls\neap_id = bob }",
			"local-1 {eap_id=bob eap-type=EAP_TLS class=EAP" LISTS NO_REMOTE },
		{ "remote { auth = eap-mschapv2\neap_id = bob }",
			"local-1 {groups=[] cert_policy=[] certs=[] cacerts=[]} remote-1 {eap_id=bob "
			"eap-type=EAP_MSCHAPV2 class=EAP" LISTS },
		{ "local { auth = eap-99\n }", "local-1 {eap-type=(99) class=EAP" LISTS NO_REMOTE },
		{ "local { auth = eap-26\n }", "local-1 {eap-type=EAP_MSCHAPV2 class=EAP" LISTS NO_REMOTE },
		{ "local { auth = eap-pt\n }", "local-1 {eap-type=EAP_PT_EAP class=EAP" LISTS NO_REMOTE },
		{ "local { auth = eap\n }", "local-1 {class=EAP" LISTS NO_REMOTE },
		{ "local-a { auth = psk }\nlocal-b { auth = pubkey }",
			"local-1 {class=pre-shared key" LISTS " local-2 {class=public key" LISTS NO_REMOTE },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(told(rows[i].body, &arena),
			arena_printf(&arena, "%s%s children {}", HEAD, rows[i].told));
	arena_free(&arena);
}

static void constraints_of_the_peer_come_last(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(told("remote { ca_id = \"C=CH, O=1\"\nauth = eap-radius\nrevocation = strict\n"
				 "groups = sales, dev\ncert_policy = 1.2.3, 1.2.4\nid = \"@#0102\"\n}",
				    &arena),
		HEAD "local-1 {groups=[] cert_policy=[] certs=[] cacerts=[]}"
		     " remote-1 {id=01:02 eap-type=EAP_RADIUS class=EAP ca_id=C=CH, O=1 revocation=GOOD"
		     " groups=[sales dev] cert_policy=[1.2.3 1.2.4] certs=[] cacerts=[]} children {}");
	assert_non_null(
		strstr(told("remote { revocation = ifuri }", &arena), "remote-1 {revocation=SKIPPED gr"));
	assert_non_null(strstr(told("remote { revocation = relaxed }", &arena), "remote-1 {groups"));
	arena_free(&arena);
}

/* Certificates by their subjects, raw keys by whom they are for. */
static void certificates_have_names(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_non_null(strstr(told("local { certs = 0x300102, moon.pem }\n"
				    "remote { id = sun\npubkeys = 0x3001\ncacerts = 0x30 }",
				       &arena),
		"local-1 {groups=[] cert_policy=[] certs=[CN=3 octets moon.pem] cacerts=[]}"
		" remote-1 {id=sun groups=[] cert_policy=[] certs=[sun] cacerts=[CN=1 octets]}"));
	arena_free(&arena);
}

/* What is inherited from a section of another file is told, too. */
static void what_is_inherited_is_told(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_non_null(
		strstr(told("local : connections.a.remote { auth = psk }\nremote { id = sun }", &arena),
			"local-1 {id=sun class=pre-shared key"));
	arena_free(&arena);
}

static void the_rest_of_a_connection(void **state)
{
	struct arena arena = { 0 };

	(void)state;
	assert_string_equal(
		told("local_addrs = 192.0.2.1\nremote_addrs = 192.0.2.2, 198.51.100.0/24, gw.example.org\n"
		     "unique = replace\ndpd_delay = 10\ndpd_timeout = 20\nppk_id = jack\nppk_required = yes\n"
		     "reauth_time = 1h",
			&arena),
		"event list-conn a {local_addrs=[192.0.2.1] remote_addrs=[192.0.2.2 198.51.100.0/24 "
		"gw.example.org] version=IKEv2 reauth_time=3600 rekey_time=0 unique=UNIQUE_REPLACE "
		"dpd_delay=10 "
		"dpd_timeout=20 ppk_id=jack ppk_required=yes " NO_SIDES " children {}");
	assert_null(strstr(told("dpd_delay = 0", &arena), "dpd_delay"));
	arena_free(&arena);
}

static void children(void **state)
{
	static const struct {
		const char *body, *told;
	} rows[] = {
		{ "", "mode=TUNNEL rekey_time=3600 rekey_bytes=0 rekey_packets=0 dpd_action=none "
		      "close_action=none local-ts=[dynamic] remote-ts=[dynamic] start_action=none" },
		{ "mode = transport\nlabel = foo\nrekey_time = 10m\nrekey_bytes = 1k\nrekey_packets = 7\n"
		  "dpd_action = restart\nclose_action = trap\ninterface = eth7\npriority = 77\n"
		  "start_action = trap|start",
			"mode=TRANSPORT label=666f6f00 rekey_time=600 rekey_bytes=1024 rekey_packets=7 "
			"dpd_action=start close_action=trap local-ts=[dynamic] remote-ts=[dynamic] "
			"interface=eth7 priority=77 start_action=trap|start" },
		{ "mode = pass\nlocal_ts = 10.0.0.1-10.0.0.9[icmp/8], 10.0.1.0/24[tcp/opaque]\n"
		  "remote_ts = 10.0.0.0/8[/50000], 10.1.0.0/16[17/1-9], 10.2.0.0/16[/50000]",
			"mode=PASS rekey_time=3600 rekey_bytes=0 rekey_packets=0 dpd_action=none "
			"close_action=none local-ts=[10.0.0.1..10.0.0.9[icmp/8] 10.0.1.0/24[tcp/OPAQUE]] "
			"remote-ts=[10.0.0.0/8[0/50000] 10.1.0.0/16[udp/1-9]] start_action=none" },
	};
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(
			told(arena_printf(&arena, "children { n { %s\n } }", rows[i].body), &arena),
			arena_printf(&arena, "%s children {n {%s}}", HEAD NO_SIDES, rows[i].told));
	arena_free(&arena);
}

static void ports_have_the_words_of_this_machine(void **state)
{
	const struct servent *service = getservbyport(htons(443), "tcp");
	const char *word = service ? service->s_name : "443";
	struct arena arena = { 0 };

	(void)state;
	word = arena_str(&arena, word);
	assert_non_null(strstr(told("children { n { local_ts = dynamic[tcp/443]\n } }", &arena),
		arena_printf(&arena, "local-ts=[dynamic[tcp/%s]]", word)));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_are_told_as_they_were_written),
		cmocka_unit_test(constraints_of_the_peer_come_last),
		cmocka_unit_test(certificates_have_names),
		cmocka_unit_test(what_is_inherited_is_told),
		cmocka_unit_test(the_rest_of_a_connection),
		cmocka_unit_test(children),
		cmocka_unit_test(ports_have_the_words_of_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
