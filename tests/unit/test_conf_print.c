/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What conf_print writes, conf_load reads back as the same. */
#include "tests/unit/unit.h"

#include "conf/print.h"
#include "tests/unit/conf_help.h"

#define AUTHS "local { auth = psk }\nremote { auth = psk }\n"

static void same_text(const char *a, const char *b)
{
	assert_int_equal(!a, !b);
	if (a)
		assert_string_equal(a, b);
}

static void same_addresses(
	const struct addr_pattern *a, unsigned n_a, const struct addr_pattern *b, unsigned n_b)
{
	assert_int_equal(n_a, n_b);
	for (unsigned i = 0; i < n_a; i++) {
		assert_true(ip_eq(&a[i].lo, &b[i].lo) && ip_eq(&a[i].hi, &b[i].hi));
		same_text(a[i].name, b[i].name);
	}
}

static void same_proposals(struct proposals a, struct proposals b)
{
	assert_int_equal(a.n, b.n);
	for (unsigned i = 0; i < a.n; i++) {
		assert_int_equal(a.v[i].n, b.v[i].n);
		for (unsigned k = 0; k < a.v[i].n; k++) {
			assert_int_equal(a.v[i].v[k].type, b.v[i].v[k].type);
			assert_int_equal(a.v[i].v[k].id, b.v[i].v[k].id);
			assert_int_equal(a.v[i].v[k].bits, b.v[i].v[k].bits);
		}
	}
}

static void same_selectors(struct tss a, struct tss b)
{
	assert_int_equal(a.n, b.n);
	for (unsigned i = 0; i < a.n; i++)
		assert_true(ts_eq(&a.v[i], &b.v[i]) && a.v[i].dynamic == b.v[i].dynamic);
}

static void same_auth(const struct auth_conf *a, const struct auth_conf *b)
{
	assert_int_equal(a->way.method, b->way.method);
	assert_string_equal(a->way.eap ? a->way.eap : "", b->way.eap ? b->way.eap : "");
	assert_string_equal(
		a->way.constraints ? a->way.constraints : "", b->way.constraints ? b->way.constraints : "");
	assert_int_equal(!a->next, !b->next);
	if (a->next)
		same_auth(a->next, b->next);
	assert_int_equal(a->id.type, b->id.type);
	assert_true(bytes_eq(a->id.data, b->id.data));
	assert_int_equal(a->groups.n, b->groups.n);
	for (unsigned i = 0; i < a->groups.n; i++)
		assert_string_equal(a->groups.v[i], b->groups.v[i]);
}

static void same_mark(const struct mark *a, const struct mark *b)
{
	assert_int_equal(a->drawn, b->drawn);
	assert_int_equal(a->value, b->value);
	assert_int_equal(a->mask, b->mask);
}

static void same_if_id(const struct if_id *a, const struct if_id *b)
{
	assert_int_equal(a->drawn, b->drawn);
	assert_int_equal(a->value, b->value);
}

static void same_marks(const struct child_conf *a, const struct child_conf *b)
{
	same_mark(&a->mark_in, &b->mark_in);
	same_mark(&a->mark_out, &b->mark_out);
	same_mark(&a->set_mark_in, &b->set_mark_in);
	same_mark(&a->set_mark_out, &b->set_mark_out);
	assert_int_equal(a->mark_in_sa, b->mark_in_sa);
	same_if_id(&a->if_id_in, &b->if_id_in);
	same_if_id(&a->if_id_out, &b->if_id_out);
}

static void same_device(const struct child_conf *a, const struct child_conf *b)
{
	same_text(a->interface, b->interface);
	assert_int_equal(a->n_interface_addrs, b->n_interface_addrs);
	for (unsigned i = 0; i < a->n_interface_addrs; i++) {
		assert_true(ip_eq(&a->interface_addrs[i].ip, &b->interface_addrs[i].ip));
		assert_int_equal(a->interface_addrs[i].bits, b->interface_addrs[i].bits);
	}
	assert_int_equal(a->interface_routes.remote, b->interface_routes.remote);
	assert_int_equal(a->other_family, b->other_family);
	same_selectors(a->interface_routes.nets, b->interface_routes.nets);
}

static void same_child(const struct child_conf *a, const struct child_conf *b)
{
	assert_string_equal(a->name, b->name);
	assert_int_equal(a->mode, b->mode);
	assert_int_equal(a->priority, b->priority);
	same_selectors(a->local, b->local);
	same_selectors(a->remote, b->remote);
	same_proposals(a->esp, b->esp);
	assert_int_equal(a->start_action, b->start_action);
	assert_int_equal(a->close_action, b->close_action);
	assert_int_equal(a->dpd_action, b->dpd_action);
	assert_int_equal(a->rekey_time, b->rekey_time);
	assert_int_equal(a->life_time, b->life_time);
	assert_int_equal(a->rand_time, b->rand_time);
	assert_int_equal(a->rekey_bytes, b->rekey_bytes);
	assert_int_equal(a->life_bytes, b->life_bytes);
	assert_int_equal(a->rekey_packets, b->rekey_packets);
	assert_int_equal(a->life_packets, b->life_packets);
	assert_int_equal(a->replay_window, b->replay_window);
	assert_int_equal(a->tfc_padding, b->tfc_padding);
	assert_int_equal(a->mss, b->mss);
	same_proposals(a->ah, b->ah);
	assert_int_equal(a->reqid, b->reqid);
	same_marks(a, b);
	same_device(a, b);
	assert_int_equal(a->copy_df, b->copy_df);
	assert_int_equal(a->copy_ecn, b->copy_ecn);
	assert_int_equal(a->copy_dscp, b->copy_dscp);
	same_text(a->updown, b->updown);
	assert_int_equal(a->hostaccess, b->hostaccess);
	assert_int_equal(a->forward, b->forward);
	assert_int_equal(a->kill_switch, b->kill_switch);
	assert_int_equal(a->connmark, b->connmark);
	assert_int_equal(a->client_to_client, b->client_to_client);
}

static void same_peer(const struct peer *a, const struct peer *b)
{
	assert_string_equal(a->name, b->name);
	same_addresses(a->local_addrs, a->n_local_addrs, b->local_addrs, b->n_local_addrs);
	same_addresses(a->remote_addrs, a->n_remote_addrs, b->remote_addrs, b->n_remote_addrs);
	assert_int_equal(a->n_vips, b->n_vips);
	for (unsigned i = 0; i < a->n_vips; i++)
		assert_true(ip_eq(&a->vips[i], &b->vips[i]));
	assert_int_equal(a->pools.n, b->pools.n);
	for (unsigned i = 0; i < a->pools.n; i++)
		assert_string_equal(a->pools.v[i], b->pools.v[i]);
	assert_int_equal(a->local_port, b->local_port);
	assert_int_equal(a->remote_port, b->remote_port);
	same_proposals(a->ike, b->ike);
	same_auth(&a->local, &b->local);
	same_auth(&a->remote, &b->remote);
	assert_int_equal(a->encap, b->encap);
	assert_int_equal(a->rekey_time, b->rekey_time);
	assert_int_equal(a->over_time, b->over_time);
	assert_int_equal(a->rand_time, b->rand_time);
	assert_int_equal(a->reauth_time, b->reauth_time);
	assert_int_equal(a->dpd_delay, b->dpd_delay);
	same_if_id(&a->if_id_in, &b->if_id_in);
	same_if_id(&a->if_id_out, &b->if_id_out);
	assert_int_equal(a->keyingtries, b->keyingtries);
	assert_int_equal(a->n_children, b->n_children);
	assert_int_equal(a->n_shunts, b->n_shunts);
	for (unsigned i = 0; i < a->n_children + a->n_shunts; i++)
		same_child(&a->children[i], &b->children[i]);
}

static void same_settings(const struct settings *a, const struct settings *b)
{
	struct settings x = *a, y = *b;

	same_text(x.tun_name, y.tun_name);
	same_text(x.charon_socket, y.charon_socket);
	same_text(x.vici_socket, y.vici_socket);
	same_text(x.users_file, y.users_file);
	same_text(x.portal_url, y.portal_url);
	same_text(x.portal_answer, y.portal_answer);
	same_text(x.socket_group, y.socket_group);
	same_text(x.socket_readers, y.socket_readers);
	x.tun_name = y.tun_name = x.charon_socket = y.charon_socket = x.vici_socket = y.vici_socket = NULL;
	x.users_file = y.users_file = NULL;
	x.portal_url = y.portal_url = x.portal_answer = y.portal_answer = NULL;
	x.socket_group = y.socket_group = x.socket_readers = y.socket_readers = NULL;
	assert_memory_equal(&x, &y, sizeof x);
}

static const char *printed(const struct loaded *l, struct arena *arena)
{
	struct text t = text_in(arena);

	assert_string_equal(l->why, "");
	conf_print(l->conf.peers, l->conf.n_peers, &l->conf.settings, &t);
	return text_str(&t);
}

static void again(const char *text)
{
	struct arena arena = { 0 };
	struct loaded before = load_text(text), after = load_text(printed(&before, &arena));

	assert_string_equal(after.why, "");
	assert_int_equal(after.conf.n_peers, before.conf.n_peers);
	for (unsigned i = 0; i < before.conf.n_peers; i++)
		same_peer(before.conf.peers[i], after.conf.peers[i]);
	same_settings(&before.conf.settings, &after.conf.settings);
	assert_int_equal(after.conf.n_secrets, 0);
	loaded_free(&before);
	loaded_free(&after);
	arena_free(&arena);
}

static void nothing(void **state)
{
	(void)state;
	again("");
}

static void defaults(void **state)
{
	(void)state;
	again("connections { a { " AUTHS " children { n { } } } }");
	again("connections { a { " AUTHS " } }");
}

static void every_key(void **state)
{
	(void)state;
	again("connections { a {\n local_addrs = 192.0.2.1, 2001:db8::1\n remote_addrs = gw.example, "
	      "10.0.0.0/8, "
	      "10.1.1.1-10.1.1.9, %any\n"
	      " local_port = 1500\n remote_port = 4500\n encap = never\n dpd_delay = 30s\n keyingtries = 0\n"
	      " reauth_time = 2h\n rekey_time = 0\n over_time = 1.5s\n rand_time = 0.125\n"
	      " proposals = aes256-sha512-x25519, chacha20poly1305-prfsha384-ecp256\n"
	      " local { auth = psk\n id = moon.example }\n remote { auth = psk\n id = *.example }\n"
	      " children { n {\n local_ts = 10.1.0.0/16[tcp/443], 2001:db8:1::/64, dynamic[icmp/8]\n"
	      " remote_ts = 10.2.0.1-10.2.0.9[udp/1000-2000], dynamic, 2001:db8:2::/64[/53]\n"
	      " esp_proposals = aes128gcm16-esn-noesn, aes256-sha256-x25519-esn\n"
	      " rekey_time = 7m\n life_time = 0\n rand_time = 1\n rekey_bytes = 500m\n rekey_packets = "
	      "1000000\n"
	      " dpd_action = restart\n close_action = trap\n start_action = trap|start\n reqid = 77\n "
	      "priority = 9\n interface = vpn7\n interface_addrs = 10.0.0.1/24, 2001:db8::1, 10.0.1.1\n"
	      " interface_routes = 10.2.0.0/16, 2001:db8:2::/64, 10.3.0.1-10.3.0.9\n"
	      " mark_in = %unique/0xff\n mark_in_sa = yes\n mark_out = 0x17/0xffff\n"
	      " set_mark_in = %same\n set_mark_out = 9/0x0f\n if_id_in = 5\n if_id_out = 5\n"
	      " forward = nat\n client_to_client = no\n kill_switch = all\n"
	      " replay_window = 0\n tfc_padding = 700\n mss = 1300\n copy_df = no\n copy_ecn = no\n "
	      "copy_dscp = yes\n"
	      " updown = \"/opt/up \\\"$PLUTO_VERB\\\"\"\n hostaccess = yes }\n"
	      " lan { mode = pass }\n no { mode = drop } } }\n"
	      " b { " AUTHS " local_addrs = %any4\n remote_addrs = %any6\n encap = yes\n"
	      " if_id_in = 7\n if_id_out = %unique-dir\n"
	      " children { v { interface = vpn8\n if_id_out = 7\n other_family = drop\n interface_routes = "
	      "yes } } } }\n"
	      "daemon { port = 5500\n port_nat_t = 5501\n udp_encap = no\n tun_name = vpn\n "
	      "retransmit_timeout = 1.5\n"
	      " retransmit_base = 1.25\n retransmit_tries = 3\n retransmit_jitter = 20\n retransmit_limit = "
	      "1m\n"
	      " fragment_size = 576\n half_open_timeout = 10\n keep_alive = 0\n cookie_threshold = 5\n "
	      "make_before_break = no\n"
	      " cookie_threshold_ip = 4\n puzzle_threshold = 9\n puzzle_choice = yes\n "
	      "puzzle_auth_threshold = 11\n block_threshold = 6\n init_limit_half_open = 7\n"
	      " init_limit_job_load = 8\n"
	      " updown_timeout = 5\n charon_socket = no\n vici_socket = unix:///run/x\n users_file = users\n "
	      "portal_url = \"http://portal.example/204\"\n portal_answer = success\n "
	      "dns = resolved\n lan_bypass = yes\n "
	      "install_routes = no\n"
	      " socket_group = vpn\n socket_readers = \"the guests\"\n"
	      " routing_table = 99\n routing_table_prio = 98\n"
	      " iptfs_drop_time = 2000\n iptfs_reorder_window = 9\n iptfs_init_delay = 300\n"
	      " iptfs_max_queue_size = 4096\n iptfs_packet_size = 1300\n iptfs_accept_fragments = no\n"
	      " iptfs_dont_fragment = yes }");
}

/* The volume at which an SA ends is made from the other one; what is written for it is exact. */
static void limits_that_follow_from_others(void **state)
{
	(void)state;
	again("connections { a { " AUTHS
	      " children { n { life_time = 1001 } m { rekey_bytes = 12345 } } } }");
	again("connections { a { " AUTHS " reauth_time = 77s } }");
	again("connections { a { " AUTHS " children { n { life_bytes = 9000g\n life_packets = 11 } } } }");
}

static void ways_to_authenticate(void **state)
{
	(void)state;
	again("connections { a { local { auth = eap\n eap_id = carol }\n remote { auth = pubkey-sha256 } }\n"
	      " b { " AUTHS " remote-2 { round = 2\n auth = eap-mschapv2\n eap_id = %any }\n"
	      " remote-3 { round = 3\n auth = eap-7-12345\n groups = sales, \"it team\" } }\n"
	      " c { local { auth = pubkey }\n remote { auth = eap-tls:rsa-2048 } } }");
}

static void virtual_addresses(void **state)
{
	(void)state;
	again("connections { a { " AUTHS " vips = 0.0.0.0, ::, 10.3.0.1\n pools = rw, \"rw six\" } }");
}

static void identities(void **state)
{
	static const char *const ids[] = { "%any", "192.0.2.1", "2001:db8::1", "192.0.2.0/24",
		"2001:db8::1-2001:db8::9", "^a.*$", "\"email:^[a-z]{2}$\"", "\"{12}:#0a\"",
		"\"asn1gn:#8201\"", "a:b", "moon", "@moon", "fqdn:10", "\"fqdn:a b\\\"c\\\\\"",
		"user@example.org", "\"email:a b\"", "\"@#0123ff\"", "keyid:secret", "\"keyid:a\\nb\"",
		"\"C=DE, O=Example, CN=gw\"", "\"/CN=a/CN=b, c\"", "\"dn:#3003310130\"" };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		again(arena_printf(&arena,
			"connections { a { remote { auth = psk\n id = %s\n }\n local { auth = psk } } }",
			ids[i]));
	arena_free(&arena);
}

static void names_of_any_kind(void **state)
{
	(void)state;
	again("connections { \"a.b {c}\" { " AUTHS " children { \"x \\\" \\\\ y\" { } \"\u00e4\" { } } }\n"
	      " \"include\" { " AUTHS " } include2 { " AUTHS " } }");
}

static void secrets_are_left_out(void **state)
{
	struct loaded l =
		load_text("connections { a { " AUTHS " } }\nsecrets { ike-1 { secret = moonlight\n id = "
			  "owner.example } }");
	struct arena arena = { 0 };
	const char *text = printed(&l, &arena);

	(void)state;
	assert_null(strstr(text, "moonlight"));
	assert_null(strstr(text, "owner"));
	assert_null(strstr(text, "secret"));
	loaded_free(&l);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_key),
		cmocka_unit_test(limits_that_follow_from_others),
		cmocka_unit_test(ways_to_authenticate),
		cmocka_unit_test(virtual_addresses),
		cmocka_unit_test(identities),
		cmocka_unit_test(names_of_any_kind),
		cmocka_unit_test(secrets_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
