/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole configurations: defaults, what ends up where, where it was written, all or nothing, VICI's objects.
 */
#include "tests/unit/unit.h"

#include "tests/unit/conf_help.h"

#define AUTHS "local { auth = psk }\nremote { auth = psk }\n"

static struct loaded good(const char *text)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, "");
	assert_int_equal(l.err, ERR_OK);
	return l;
}

static void refused(const char *text, const char *why)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, why);
	assert_int_equal(l.err, ERR_SYNTAX);
	loaded_free(&l);
}

static void an_empty_file_is_a_configuration(void **state)
{
	struct loaded l = good("");
	struct settings defaults = settings_default();

	(void)state;
	assert_int_equal(l.conf.n_peers, 0);
	assert_int_equal(l.conf.n_secrets, 0);
	assert_memory_equal(&l.conf.settings, &defaults, sizeof defaults);
	loaded_free(&l);
}

/* The table's defaults and the model's are the same. */
static void an_empty_daemon_section_changes_nothing(void **state)
{
	struct loaded l = good("daemon { }");
	struct settings d = settings_default(), *s = &l.conf.settings;

	(void)state;
	assert_string_equal(s->tun_name, d.tun_name);
	assert_string_equal(s->charon_socket, d.charon_socket);
	s->tun_name = d.tun_name;
	s->charon_socket = d.charon_socket;
	assert_memory_equal(s, &d, sizeof d);
	loaded_free(&l);
}

static void daemon_settings_are_read(void **state)
{
	struct loaded l =
		good("daemon { port = 5500\nport_nat_t = 5501\nudp_encap = no\ntun_name = vpn\n"
		     "retransmit_timeout = 1.5\nretransmit_base = 1.25\nretransmit_tries = 3\n"
		     "retransmit_jitter = 20\nretransmit_limit = 1m\nfragment_size = 1400\nhalf_open_timeout "
		     "= 10\n"
		     "keep_alive = 0\ncookie_threshold = 5\ncookie_threshold_ip = 4\npuzzle_threshold = "
		     "9\npuzzle_choice = yes\npuzzle_auth_threshold = 11\nblock_threshold = 6\n"
		     "init_limit_half_open = 7\ninit_limit_job_load = 8\nmake_before_break = no\n"
		     "updown_timeout = 5\ncharon_socket = no\ndns = file\nlan_bypass = yes\nsocket_group = "
		     "vpn\nsocket_readers = 100\n"
		     "routing_table = 100\nrouting_table_prio = 101\naudit_interval = 90s\n"
		     "iptfs_drop_time = 2000\niptfs_reorder_window = 9\niptfs_init_delay = 300\n"
		     "iptfs_max_queue_size = 4096\niptfs_packet_size = 1300\niptfs_accept_fragments = no\n"
		     "iptfs_dont_fragment = yes }");
	const struct settings *s = &l.conf.settings;

	(void)state;
	assert_int_equal(s->port, 5500);
	assert_int_equal(s->port_nat_t, 5501);
	assert_false(s->udp_encap);
	assert_string_equal(s->tun_name, "vpn");
	assert_int_equal(s->retransmit_timeout, 1500);
	assert_int_equal(s->retransmit_base, 1250);
	assert_int_equal(s->retransmit_tries, 3);
	assert_int_equal(s->retransmit_jitter, 20);
	assert_int_equal(s->retransmit_limit, 60000);
	assert_int_equal(s->fragment_size, 1400);
	assert_int_equal(s->half_open_timeout, 10000);
	assert_int_equal(s->keep_alive, 0);
	assert_int_equal(s->cookie_threshold, 5);
	assert_int_equal(s->cookie_threshold_ip, 4);
	assert_int_equal(s->puzzle_threshold, 9);
	assert_true(s->puzzle_choice);
	assert_int_equal(s->puzzle_auth_threshold, 11);
	assert_int_equal(s->block_threshold, 6);
	assert_int_equal(s->init_limit_half_open, 7);
	assert_int_equal(s->init_limit_job_load, 8);
	assert_false(s->make_before_break);
	assert_int_equal(s->updown_timeout, 5000);
	assert_string_equal(s->charon_socket, "no");
	assert_int_equal(s->dns, DNS_FILE);
	assert_int_equal(s->lan_bypass, LAN_PRIVATE);
	assert_string_equal(s->socket_group, "vpn");
	assert_string_equal(s->socket_readers, "100");
	assert_int_equal(s->routing_table, 100);
	assert_int_equal(s->routing_table_prio, 101);
	assert_int_equal(s->audit_interval, 90000);
	assert_int_equal(s->iptfs.drop_time, 2000);
	assert_int_equal(s->iptfs.reorder_window, 9);
	assert_int_equal(s->iptfs.init_delay, 300);
	assert_int_equal(s->iptfs.max_queue_size, 4096);
	assert_int_equal(s->iptfs.packet_size, 1300);
	assert_false(s->iptfs.accept_fragments);
	assert_true(s->iptfs.dont_fragment);
	loaded_free(&l);
}

static void a_connection_has_strongswans_defaults(void **state)
{
	struct loaded l = good("connections { a { " AUTHS " } }");
	const struct peer *p = l.conf.peers[0];

	(void)state;
	assert_int_equal(l.conf.n_peers, 1);
	assert_string_equal(p->name, "a");
	assert_int_equal(p->refs, 1);
	assert_int_equal(p->origin, ORIGIN_FILE);
	assert_int_equal(p->n_local_addrs, 1);
	assert_int_equal(p->local_addrs[0].lo.v, 0);
	assert_int_equal(p->n_remote_addrs, 1);
	assert_int_equal(p->local_port, 500);
	assert_int_equal(p->remote_port, 500);
	assert_true(p->ike.n > 0);
	assert_int_equal(p->encap, ENCAP_AUTO);
	assert_int_equal(p->keyingtries, 1);
	assert_int_equal(p->dpd_delay, 30 * 1000); /* ours: strongSwan asks nobody by default */
	assert_int_equal(p->rekey_time, 4 * 3600 * 1000);
	assert_int_equal(p->over_time, 24 * 60 * 1000);
	assert_int_equal(p->rand_time, p->over_time);
	assert_int_equal(p->reauth_time, 0);
	assert_int_equal(p->local.way.method, AUTH_PSK);
	assert_int_equal(p->local.id.type, ID_ANY);
	assert_int_equal(p->remote.id.type, ID_ANY);
	assert_string_equal(l.notes, "m.conf:1: connections.a: has no children, so it carries no traffic");
	loaded_free(&l);
}

static void a_child_has_its_defaults(void **state)
{
	struct loaded l = good("connections { a { " AUTHS "children { n { } } } }");
	const struct child_conf *c = l.conf.peers[0]->children;

	(void)state;
	assert_int_equal(l.conf.peers[0]->n_children, 1);
	assert_string_equal(c->name, "n");
	assert_ptr_equal(c->peer, l.conf.peers[0]);
	assert_int_equal(c->local.n, 1);
	assert_true(c->local.v[0].dynamic);
	assert_true(c->remote.v[0].dynamic);
	assert_true(c->esp.n > 0);
	assert_int_equal(c->start_action, ACTION_NONE);
	assert_int_equal(c->close_action, ACTION_NONE);
	assert_int_equal(c->dpd_action, ACTION_NONE);
	assert_int_equal(c->rekey_time, 3600 * 1000);
	assert_int_equal(c->life_time, 3960 * 1000);
	assert_int_equal(c->rand_time, 360 * 1000);
	assert_int_equal(c->rekey_bytes, 0);
	assert_int_equal(c->life_bytes, 0);
	assert_int_equal(c->life_packets, 0);
	assert_int_equal(c->replay_window, 1024);
	assert_int_equal(c->reqid, 0);
	assert_null(c->interface);
	assert_true(c->copy_df);
	assert_true(c->copy_ecn);
	assert_int_equal(c->copy_dscp, DSCP_OUT);
	loaded_free(&l);
}

static void connection_values_end_up_in_their_fields(void **state)
{
	struct loaded l = good(
		"connections { a { local_addrs = 192.0.2.1\nremote_addrs = gw.example.org, 192.0.2.0/24\n"
		"local_port = 1500\nremote_port = 1501\nproposals = aes256gcm16-prfsha384-ecp384\nencap = "
		"never\n"
		"dpd_delay = 30\nkeyingtries = 0\nreauth_time = 1d\nover_time = 1m\nrand_time = 2m\n"
		"local { auth = psk\nid = moon.example.org }\nremote { auth = psk\nid = *.example.org } } }");
	const struct peer *p = l.conf.peers[0];

	(void)state;
	assert_int_equal(p->local_addrs[0].lo.a[3], 1);
	assert_int_equal(p->n_remote_addrs, 2);
	assert_string_equal(p->remote_addrs[0].name, "gw.example.org");
	assert_int_equal(p->remote_addrs[1].hi.a[3], 255);
	assert_int_equal(p->local_port, 1500);
	assert_int_equal(p->remote_port, 1501);
	assert_int_equal(p->ike.n, 1);
	assert_int_equal(p->encap, ENCAP_NO);
	assert_int_equal(p->dpd_delay, 30000);
	assert_int_equal(p->keyingtries, 0);
	assert_int_equal(p->reauth_time, 86400 * 1000);
	assert_int_equal(p->rekey_time, 0);
	assert_int_equal(p->over_time, 60000);
	assert_int_equal(p->rand_time, 120000);
	assert_int_equal(p->local.id.type, ID_FQDN);
	assert_int_equal(p->remote.id.data.n, strlen("*.example.org"));
	loaded_free(&l);
}

static void child_values_end_up_in_their_fields(void **state)
{
	struct loaded l =
		good("connections { a { " AUTHS "children { m { } n {\nlocal_ts = 10.1.0.0/16, 10.3.0.0/16\n"
		     "remote_ts = 10.2.0.0/16[tcp/443]\nesp_proposals = aes128gcm16, aes256gcm16\n"
		     "start_action = trap|start\nclose_action = route\ndpd_action = restart\n"
		     "life_time = 11h\nrekey_bytes = 10k\nlife_packets = 1100\nreplay_window = 64\n"
		     "reqid = 9\ninterface = tun7\ncopy_df = no\ncopy_ecn = 0\ncopy_dscp = in\n} } } }");
	const struct child_conf *c = peer_child(l.conf.peers[0], "n");

	(void)state;
	assert_int_equal(l.conf.peers[0]->n_children, 2);
	assert_int_equal(c->local.n, 2);
	assert_int_equal(c->remote.v[0].port_lo, 443);
	assert_int_equal(c->esp.n, 2);
	assert_int_equal(c->start_action, ACTION_TRAP_START);
	assert_int_equal(c->close_action, ACTION_TRAP);
	assert_int_equal(c->dpd_action, ACTION_START);
	assert_int_equal(c->life_time, 11 * 3600 * 1000);
	assert_int_equal(c->rekey_time, 10 * 3600 * 1000);
	assert_int_equal(c->rand_time, 3600 * 1000);
	assert_int_equal(c->rekey_bytes, 10240);
	assert_int_equal(c->life_bytes, 11264);
	assert_int_equal(c->life_packets, 1100);
	assert_int_equal(c->rekey_packets, 1000);
	assert_int_equal(c->replay_window, 64);
	assert_int_equal(c->reqid, 9);
	assert_string_equal(c->interface, "tun7");
	assert_false(c->copy_df);
	assert_false(c->copy_ecn);
	assert_int_equal(c->copy_dscp, DSCP_IN);
	loaded_free(&l);
}

static void every_key_knows_its_line(void **state)
{
	struct loaded l = good("connections {\n a {\n  proposals = default\n  " AUTHS
			       "  children {\n   n {\n    local_ts = 10.0.0.0/8\n   }\n  }\n }\n}\n");
	const struct peer *p = l.conf.peers[0];

	(void)state;
	assert_string_equal(
		source_print(&p->at, "proposals", &l.arena), "m.conf:3 (connections.a.proposals)");
	assert_string_equal(source_print(&p->at, "encap", &l.arena), "m.conf:2 (connections.a.encap)");
	assert_string_equal(
		source_print(&p->remote.at, "auth", &l.arena), "m.conf:5 (connections.a.remote.auth)");
	assert_string_equal(source_print(&p->children[0].at, "local_ts", &l.arena),
		"m.conf:8 (connections.a.children.n.local_ts)");
	assert_int_equal(p->children[0].at.line, 7);
	loaded_free(&l);
}

static void faults_in_included_files_name_them(void **state)
{
	struct loaded l = load_list((struct fake_file[]){ { "/etc/m.conf", "include conf.d/*.conf" },
		{ "/etc/conf.d/a.conf", "connections {\n a {\n " AUTHS "  encap = perhaps\n }\n}" }, { 0 } });

	(void)state;
	assert_int_equal(l.err, ERR_SYNTAX);
	assert_string_equal(l.why, "/etc/conf.d/a.conf:5: connections.a.encap: \"perhaps\" is not known "
				   "here; write one of yes, no, "
				   "never");
	loaded_free(&l);
}

static void inherited_connections_are_read(void **state)
{
	struct loaded l = good(
		"base {\n proposals = aes256-sha256-modp2048\n " AUTHS
		" children { n { local_ts = 10.1.0.0/16\n } } }\n"
		"connections {\n a : base { encap = yes\n }\n b : connections.a { children { n { local_ts "
		"=\n } o { } } }\n}");

	(void)state;
	assert_int_equal(l.conf.n_peers, 2);
	assert_int_equal(l.conf.peers[0]->n_children, 1);
	assert_int_equal(l.conf.peers[0]->ike.n, 1);
	assert_int_equal(l.conf.peers[1]->encap, ENCAP_YES);
	assert_int_equal(l.conf.peers[1]->n_children, 2);
	assert_true(l.conf.peers[1]->children[0].local.v[0].dynamic);
	assert_string_equal(source_print(&l.conf.peers[0]->at, "proposals", &l.arena),
		"m.conf:2 (connections.a.proposals)");
	loaded_free(&l);
}

static void faults_in_what_is_inherited_name_its_line(void **state)
{
	(void)state;
	refused("base {\n encap = perhaps\n " AUTHS "}\nconnections { a : base { children { n { } } } }",
		"m.conf:2: connections.a.encap: \"perhaps\" is not known here; write one of yes, no, never");
}

static void all_faults_are_reported(void **state)
{
	(void)state;
	refused("connections { a { " AUTHS
		"encap = perhaps\nlocal_adrs = 192.0.2.1\nchildren { n {\nmode = x } } } }",
		"m.conf:3: connections.a.encap: \"perhaps\" is not known here; write one of yes, no, never\n"
		"m.conf:4: connections.a.local_adrs: unknown key; did you mean \"local_addrs\"?\n"
		"m.conf:6: connections.a.children.n.mode: \"x\" is not known here; write one of tunnel, "
		"transport, "
		"transport_proxy, iptfs, beet, pass, drop");
}

static void a_pair_has_a_name_of_its_own(void **state)
{
	static const char text[] =
		"connections { a { " AUTHS "children {\n n { single_pair = yes\nremote_ts = 10.1.0.0/16, "
		"10.2.0.0/16 }\n n-%u { } } } }";
	struct arena arena = { 0 };
	struct loaded l = good(arena_printf(&arena, text, 3));

	(void)state;
	assert_int_equal(l.conf.peers[0]->n_children, 3);
	loaded_free(&l);
	refused(arena_printf(&arena, text, 2), "m.conf:6: connections.a.children.n-2: a pair of child n, "
					       "which has single_pair, has this name "
					       "too; give one of the two children another one");
	arena_free(&arena);
}

static void twenty_faults_are_enough(void **state)
{
	struct arena arena = { 0 };
	struct text text = text_in(&arena);
	struct loaded l;
	unsigned lines = 1;

	(void)state;
	text_add(&text, "daemon {\n");
	for (int i = 0; i < 50; i++)
		text_add(&text, "x%d = 1\n", i);
	text_add(&text, "}");
	l = load_text(text_str(&text));
	for (const char *s = l.why; *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, 21);
	assert_non_null(strstr(l.why, "\n(more errors are not shown)"));
	loaded_free(&l);
	arena_free(&arena);
}

static void one_fault_spoils_the_whole(void **state)
{
	struct loaded l = load_text(
		"connections { a { " AUTHS "} }\nsecrets { ike-1 { secret = x } }\ndaemon { port = no }");
	struct conf untouched = { 0 };

	(void)state;
	assert_int_equal(l.err, ERR_SYNTAX);
	assert_memory_equal(&l.conf, &untouched, sizeof untouched);
	loaded_free(&l);
}

static void not_used(const char *text, const char *unready)
{
	struct loaded l = good(text);

	assert_string_equal(l.conf.peers[0]->unready, unready);
	loaded_free(&l);
}

static void a_side_without_auth_proves_itself_by_certificates(void **state)
{
	static const char *const texts[] = {
		"connections { a { local { }\n remote { auth = psk\n }\n children { n { } } } }",
		"connections { a { remote { auth = psk\n }\n children { n { } } } }",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct loaded l = good(texts[i]);

		assert_null(l.conf.peers[0]->unready);
		assert_int_equal(l.conf.peers[0]->local.way.method, AUTH_ANY);
		assert_int_equal(l.conf.peers[0]->remote.way.method, AUTH_PSK);
		loaded_free(&l);
	}
}

static void of_eap_something_is_not_built_in(void **state)
{
	(void)state;
	not_used("connections { a { children { n { } }\nppk_id = x\nlocal { auth = eap\n }\nremote { auth = "
		 "psk\n } } }",
		"m.conf:2: connections.a.ppk_id: a post-quantum preshared key with EAP is not built in yet "
		"but with ppk_exchange = intermediate");
	not_used("connections { a { children { n { } }\nppk_id = x\nlocal { auth = psk\n }\nlocal-2 { auth = "
		 "psk\n }\nremote { auth = psk\n } } }",
		"m.conf:2: connections.a.ppk_id: a post-quantum preshared key with several rounds of "
		"authentication is not built in yet but with ppk_exchange = intermediate");
}

static void constraints_are_on_what_eap_shows(void **state)
{
	static const char none[] = "the peer shows none by this method: write them behind eap-tls";
	static const char *const bad[][2] = { { "remote { auth = eap-ttls:rsa-2048", none },
		{ "remote { auth = eap:rsa-2048", none }, { "local { auth = eap-mschapv2:rsa-2048", none },
		{ "remote { auth = eap-tls:rsa-sha9", "sha9" } };
	struct arena arena = { 0 };
	struct loaded l;

	(void)state;
	l = good(
		"connections { a { children { n { } }\nlocal { auth = eap-peap:rsa-2048\n }\nremote { auth = "
		"eap-tls:ecdsa-384-sha384\n } } }");
	assert_null(l.conf.peers[0]->unready);
	assert_string_equal(l.conf.peers[0]->local.way.constraints, "rsa-2048");
	assert_string_equal(l.conf.peers[0]->remote.way.constraints, "ecdsa-384-sha384");
	loaded_free(&l);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		l = load_text(
			arena_printf(&arena, "connections { a { children { n { } }\n%s\n } } }", bad[i][0]));
		assert_int_equal(l.err, ERR_SYNTAX);
		assert_non_null(strstr(l.why, bad[i][1]));
		loaded_free(&l);
	}
	arena_free(&arena);
}

static void xauth_is_refused(void **state)
{
	(void)state;
	refused("connections { a { children { n { } }\nremote { auth = xauth } } }",
		"m.conf:2: connections.a.remote.auth: XAuth belongs to IKEv1, which is not spoken here; "
		"write "
		"auth = eap or psk");
}

static void ways_to_authenticate_have_their_parts(void **state)
{
	static const struct {
		const char *text;
		enum auth_method method;
		const char *eap, *constraints;
	} ways[] = {
		{ "psk", AUTH_PSK, "", "" },
		{ "pubkey", AUTH_PUBKEY, "", "" },
		{ "pubkey-sha256-rsa-3072", AUTH_PUBKEY, "", "pubkey-sha256-rsa-3072" },
		{ "mldsa65", AUTH_PUBKEY, "", "mldsa65" },
		{ "mldsa44-MLDSA87", AUTH_PUBKEY, "", "mldsa44-MLDSA87" },
		{ "rsa-2048-sha256", AUTH_PUBKEY, "", "rsa-2048-sha256" },
		{ "ike:ecdsa-sha384", AUTH_PUBKEY, "", "ike:ecdsa-sha384" },
		{ "eap", AUTH_EAP, "", "" },
		{ "EAP-TLS:rsa-2048", AUTH_EAP, "TLS", "rsa-2048" },
		{ "eap-7-12345", AUTH_EAP, "7-12345", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct arena arena = { 0 };
		struct loaded l = good(arena_printf(&arena,
			"connections { a { local { auth = %s\n }\n remote { auth = psk\n } } }",
			ways[i].text));
		const struct auth_way *way = &l.conf.peers[0]->local.way;

		assert_int_equal(way->method, ways[i].method);
		assert_string_equal(way->eap ? way->eap : "", ways[i].eap);
		assert_string_equal(way->constraints ? way->constraints : "", ways[i].constraints);
		loaded_free(&l);
		arena_free(&arena);
	}
}

static void wrong_words_of_a_way_are_refused(void **state)
{
	(void)state;
	refused("connections { a { local { auth = psk\n }\n remote {\n auth = pubkey-sha257\n } } }",
		"m.conf:4: connections.a.remote.auth: \"sha257\" in \"pubkey-sha257\" is no key type, size "
		"or hash "
		"that fits there; did you mean sha256");
}

static void rounds_are_ordered(void **state)
{
	struct loaded l =
		good("connections { a { remote { auth = psk\n }\n"
		     "local-b { round = 2\n id = b.example\n }\n local-c { round = 1\n id = c.example\n }\n"
		     "local-d { round = 2\n id = d.example\n } } }");
	const struct auth_conf *a = &l.conf.peers[0]->local;
	static const char *const order[] = { "c.example", "b.example", "d.example" };

	(void)state;
	for (int i = 0; i < 3; i++, a = a->next)
		assert_string_equal(id_print(&a->id, &l.arena), order[i]);
	assert_null(a);
	assert_null(l.conf.peers[0]->remote.next);
	loaded_free(&l);
}

static void a_bad_proposal_is_explained(void **state)
{
	struct loaded l = load_text("connections { a { " AUTHS "proposals = aes256gcm16-ecp384\n} }");

	(void)state;
	assert_int_equal(l.err, ERR_SYNTAX);
	assert_ptr_equal(strstr(l.why, "m.conf:3: connections.a.proposals: aes256gcm16-ecp384 "), l.why);
	assert_non_null(strstr(l.why, "PRF"));
	loaded_free(&l);
}

static void an_algorithm_written_wrong_is_named(void **state)
{
	struct loaded l = load_text("connections { a { " AUTHS
				    "children { n { esp_proposals = aes256gcm16, aes265-sha256\n} } } }");

	(void)state;
	assert_int_equal(l.err, ERR_SYNTAX);
	assert_ptr_equal(strstr(l.why, "m.conf:3: connections.a.children.n.esp_proposals: "), l.why);
	assert_non_null(strstr(l.why, "\"aes265\""));
	loaded_free(&l);
}

static void values_cannot_forge_lines(void **state)
{
	struct loaded l = load_text("daemon { port = \"1\\nm.conf:9: all is well\"\n"
				    "tun_name = \"a\\tb\" }");

	(void)state;
	assert_string_equal(l.why, "m.conf:1: daemon.port: \"1\\x0am.conf:9: all is well\" is not a port; "
				   "write a number from 1 to 65535\n"
				   "m.conf:2: daemon.tun_name: \"a\\x09b\" is not the beginning of device "
				   "names: at most 11 characters, no "
				   "blank, / or :");
	loaded_free(&l);
}

static void the_main_file_must_be_there(void **state)
{
	struct conf_files files = fake_files((struct fake_file[]){ { 0 } });
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf conf;

	(void)state;
	assert_int_equal(conf_load("/etc/m.conf", &files, &conf, &why, &notes), ERR_MISSING);
	assert_string_equal(text_str(&why), "/etc/m.conf: there is no such file");
	arena_free(&arena);
}

static void a_thousand_connections_are_read(void **state)
{
	struct arena arena = { 0 };
	struct text text = text_in(&arena);
	struct loaded l;

	(void)state;
	text_add(&text, "base { " AUTHS "children { n { } } }\nconnections {\n");
	for (int i = 0; i < 1000; i++)
		text_add(&text, "c%d : base { }\n", i);
	text_add(&text, "}");
	l = good(text_str(&text));
	assert_int_equal(l.conf.n_peers, 1000);
	assert_string_equal(l.conf.peers[999]->children[0].name, "n");
	loaded_free(&l);
	arena_free(&arena);
}

static void example_is_good(const char *path, const char *local_ts)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf conf;
	const struct child_conf *c;

	assert_int_equal(conf_load(path, &conf_files_system, &conf, &why, &notes), ERR_OK);
	assert_string_equal(text_str(&notes), "");
	assert_string_equal(conf.peers[0]->name, "site");
	c = peer_child(conf.peers[0], "net-net");
	assert_string_equal(tss_print(c->local, &arena), local_ts);
	assert_int_equal(c->start_action, ACTION_TRAP);
	assert_int_equal(conf.n_secrets, 1);
	conf_free(&conf);
	arena_free(&arena);
}

/* The road warrior's: whoever has pools gives addresses, whoever has vips asks for them. */
static void example_has(const char *path, unsigned pools, unsigned vips)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf conf;

	assert_int_equal(conf_load(path, &conf_files_system, &conf, &why, &notes), ERR_OK);
	assert_string_equal(text_str(&notes), "");
	assert_null(conf.peers[0]->unready);
	assert_int_equal(conf.n_pools, pools);
	assert_int_equal(conf.peers[0]->pools.n, pools);
	assert_int_equal(conf.peers[0]->n_vips, vips);
	conf_free(&conf);
	arena_free(&arena);
}

static void the_examples_are_good(void **state)
{
	(void)state;
	example_is_good("conf/examples/site-to-site/moon.conf", "10.1.0.0/16");
	example_is_good("conf/examples/site-to-site/sun.conf", "10.2.0.0/16");
	example_has("conf/examples/road-warrior/gateway.conf", 2, 0);
	example_has("conf/examples/road-warrior/laptop.conf", 0, 2);
}

static enum err system_read(const char *path)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);
	struct conf conf;
	enum err e = conf_load(path, &conf_files_system, &conf, &why, &notes);

	if (!e)
		conf_free(&conf);
	arena_free(&arena);
	return e;
}

static void the_system_reads_devices_and_names_faults(void **state)
{
	(void)state;
	assert_int_equal(system_read("/dev/null"), ERR_OK);
	assert_int_equal(system_read("/dev/null/x"), ERR_MISSING);
	assert_int_equal(system_read("/"), ERR_UNSUPPORTED);
	assert_int_equal(system_read("/dev/zero"), ERR_RANGE);
}

static void the_system_finds_files(void **state)
{
	struct arena arena = { 0 };
	const char *const *paths;
	unsigned n;

	(void)state;
	assert_int_equal(
		conf_files_system.glob(NULL, "conf/examples/site-to-site/*.conf", &arena, &paths, &n),
		ERR_OK);
	assert_int_equal(n, 2);
	assert_string_equal(paths[0], "conf/examples/site-to-site/moon.conf");
	assert_int_equal(conf_files_system.glob(NULL, "conf/examples/no*.conf", &arena, &paths, &n), ERR_OK);
	assert_int_equal(n, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_file_is_a_configuration),
		cmocka_unit_test(an_empty_daemon_section_changes_nothing),
		cmocka_unit_test(daemon_settings_are_read),
		cmocka_unit_test(a_connection_has_strongswans_defaults),
		cmocka_unit_test(a_child_has_its_defaults),
		cmocka_unit_test(connection_values_end_up_in_their_fields),
		cmocka_unit_test(child_values_end_up_in_their_fields),
		cmocka_unit_test(every_key_knows_its_line),
		cmocka_unit_test(faults_in_included_files_name_them),
		cmocka_unit_test(inherited_connections_are_read),
		cmocka_unit_test(faults_in_what_is_inherited_name_its_line),
		cmocka_unit_test(all_faults_are_reported),
		cmocka_unit_test(a_pair_has_a_name_of_its_own),
		cmocka_unit_test(twenty_faults_are_enough),
		cmocka_unit_test(one_fault_spoils_the_whole),
		cmocka_unit_test(a_side_without_auth_proves_itself_by_certificates),
		cmocka_unit_test(of_eap_something_is_not_built_in),
		cmocka_unit_test(constraints_are_on_what_eap_shows),
		cmocka_unit_test(xauth_is_refused),
		cmocka_unit_test(ways_to_authenticate_have_their_parts),
		cmocka_unit_test(wrong_words_of_a_way_are_refused),
		cmocka_unit_test(rounds_are_ordered),
		cmocka_unit_test(a_bad_proposal_is_explained),
		cmocka_unit_test(an_algorithm_written_wrong_is_named),
		cmocka_unit_test(values_cannot_forge_lines),
		cmocka_unit_test(the_main_file_must_be_there),
		cmocka_unit_test(a_thousand_connections_are_read),
		cmocka_unit_test(the_examples_are_good),
		cmocka_unit_test(the_system_reads_devices_and_names_faults),
		cmocka_unit_test(the_system_finds_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
