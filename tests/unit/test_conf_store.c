/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read and kept although its effect is not built in yet: keys, credentials, pools, authorities. */
#include "tests/unit/unit.h"

#include "conf/decode.h"
#include "tests/unit/conf_help.h"

#define AUTHS "local { auth = psk\n }\nremote { auth = psk\n }\n"

static struct loaded good(const char *text)
{
	struct loaded l = load_text(text);

	assert_string_equal(l.why, "");
	return l;
}

static void connections_keep_it(void **state)
{
	struct loaded l = good(
		"connections { a { " AUTHS "vips = 0.0.0.0, 2001:db8::7\npools = p4, p6\ndscp = 101110\n"
		"mobike = no\nfragmentation = accept\nsend_cert = always\nsend_certreq = no\nocsp = both\n"
		"ppk_id = ppk.example\nppk_required = yes\nif_id_in = %unique\nif_id_out = 42\n"
		"mediation = yes\nmediated_by = med\nmediation_peer = peer.example\nversion = 2\n} }");
	const struct peer *p = l.conf.peers[0];

	(void)state;
	assert_int_equal(p->version, 2);
	assert_int_equal(p->n_vips, 2);
	assert_true(ip_is_any(&p->vips[0]));
	assert_int_equal(p->vips[1].a[15], 7);
	assert_int_equal(p->pools.n, 2);
	assert_string_equal(p->pools.v[1], "p6");
	assert_int_equal(p->dscp, 46);
	assert_false(p->mobike);
	assert_int_equal(p->fragmentation, FRAGMENTATION_ACCEPT);
	assert_int_equal(p->send_cert, SEND_CERT_ALWAYS);
	assert_false(p->send_certreq);
	assert_int_equal(p->ocsp, OCSP_BOTH);
	assert_string_equal(id_print(&p->ppk_id, &l.arena), "ppk.example");
	assert_true(p->ppk_required);
	assert_int_equal(p->if_id_in.drawn, DRAWN_UNIQUE);
	assert_int_equal(p->if_id_out.drawn, DRAWN_NOT);
	assert_int_equal(p->if_id_out.value, 42);
	assert_true(p->mediation);
	assert_string_equal(p->mediated_by, "med");
	assert_string_equal(id_print(&p->mediation_peer, &l.arena), "peer.example");
	assert_non_null(strstr(p->unready, "connections.a.dscp: "));
	loaded_free(&l);
}

static void children_keep_it(void **state)
{
	struct loaded l = good(
		"connections { a { " AUTHS
		"children { n {\nmode = beet\nah_proposals = sha256-x25519, sha512-esn\n"
		"sha256_96 = yes\nrand_bytes = 1k\nrand_packets = 9\npriority = 77\n"
		"updown = /usr/lib/ipsec/_updown iptables\nhostaccess = yes\npolicies = no\n"
		"policies_fwd_out = yes\nmark_in = 0x17/0xf\nmark_out = %unique-dir/0xff\nmark_in_sa = yes\n"
		"set_mark_in = 7\nset_mark_out = %same\nif_id_in = %unique-dir\nif_id_out = 9\nlabel = a:b\n"
		"label_mode = selinux\nipcomp = yes\ntfc_padding = mtu\nhw_offload = packet\n"
		"per_cpu_sas = encap\nicmp = yes\n} } } }");
	const struct child_conf *c = l.conf.peers[0]->children;

	(void)state;
	assert_int_equal(c->mode, MODE_BEET);
	assert_int_equal(c->ah.n, 2);
	assert_string_equal(proposals_print(c->ah, &l.arena), "sha256-x25519, sha512-esn");
	assert_true(c->sha256_96);
	assert_int_equal(c->rand_bytes, 1024);
	assert_int_equal(c->rand_packets, 9);
	assert_int_equal(c->priority, 77);
	assert_string_equal(c->updown, "/usr/lib/ipsec/_updown iptables");
	assert_true(c->hostaccess);
	assert_false(c->policies);
	assert_true(c->policies_fwd_out);
	assert_int_equal(c->mark_in.value, 7);
	assert_int_equal(c->mark_in.mask, 15);
	assert_int_equal(c->mark_out.drawn, DRAWN_DIRECTION);
	assert_int_equal(c->mark_out.mask, 255);
	assert_true(c->mark_in_sa);
	assert_int_equal(c->set_mark_in.value, 7);
	assert_int_equal(c->set_mark_in.mask, UINT32_MAX);
	assert_int_equal(c->set_mark_out.drawn, DRAWN_SAME);
	assert_int_equal(c->if_id_in.drawn, DRAWN_DIRECTION);
	assert_int_equal(c->if_id_out.value, 9);
	assert_string_equal(c->label, "a:b");
	assert_int_equal(c->label_mode, LABEL_SELINUX);
	assert_true(c->ipcomp);
	assert_int_equal(c->tfc_padding, TFC_MTU);
	assert_int_equal(c->hw_offload, OFFLOAD_PACKET);
	assert_int_equal(c->per_cpu_sas, PER_CPU_ENCAP);
	assert_true(c->icmp);
	loaded_free(&l);
}

/* Nobody negotiates them, so they stand behind those that are negotiated. */
static void shunts_are_kept_apart(void **state)
{
	struct loaded l =
		good("connections { a { " AUTHS "children { lan {\nmode = pass\nstart_action = trap\n"
		     "single_pair = yes\nremote_ts = 10.1.0.0/16, 10.2.0.0/16\n} net { } "
		     "no {\nmode = drop\n} } } }");
	const struct peer *p = l.conf.peers[0];

	(void)state;
	assert_null(p->unready);
	assert_int_equal(p->n_children, 1);
	assert_string_equal(p->children[0].name, "net");
	assert_int_equal(p->n_shunts, 2);
	assert_string_equal(p->children[1].name, "lan");
	assert_int_equal(p->children[1].mode, MODE_PASS);
	assert_int_equal(p->children[1].remote.n, 2);
	assert_string_equal(p->children[2].name, "no");
	assert_int_equal(p->children[2].mode, MODE_DROP);
	assert_null(peer_child(p, "lan"));
	loaded_free(&l);
}

/* There is no peer who would have to prove anything. */
static void who_has_only_shunts_needs_no_authentication(void **state)
{
	struct loaded l = good("connections { a { children { lan {\nmode = pass\n} no {\nmode = drop\n} } } "
			       "b { children { lan {\nmode = pass\nipcomp = yes\n} } } }");

	(void)state;
	assert_null(l.conf.peers[0]->unready);
	assert_non_null(strstr(l.conf.peers[1]->unready, "connections.b.children.lan.ipcomp: "));
	assert_null(strstr(l.notes, "connections.a"));
	loaded_free(&l);
}

static void defaults_are_those_without_effect(void **state)
{
	struct loaded l = good("connections { a { " AUTHS "children { n { } } } }");
	const struct peer *p = l.conf.peers[0];
	const struct child_conf *c = p->children;

	(void)state;
	assert_null(p->unready);
	assert_true(p->mobike && p->send_certreq);
	assert_int_equal(p->fragmentation, FRAGMENTATION_YES);
	assert_int_equal(p->send_cert, SEND_CERT_IF_ASKED);
	assert_int_equal(p->ocsp, OCSP_REPLY);
	assert_int_equal(p->remote.revocation, REVOCATION_RELAXED);
	assert_int_equal(c->mode, MODE_TUNNEL);
	assert_true(c->policies);
	assert_int_equal(c->mark_in.mask, 0);
	assert_int_equal(c->set_mark_out.drawn, DRAWN_NOT);
	assert_int_equal(c->ah.n, 0);
	assert_null(c->updown);
	loaded_free(&l);
}

static void sides_keep_it(void **state)
{
	struct loaded l = good(
		"connections { a { local { auth = pubkey\ncerts = moon.pem, 0x3003\ncert1 { handle = 0a0b\n "
		"slot = 0\n"
		"module = soft\n }\ncert2 { file = /x.pem\n }\npubkeys = 0sMAM=\neap_id = a@b\naaa_id = "
		"aaa.example\n"
		"xauth_id = x\n }\nremote { groups = sales, \"it team\"\ncert_policy = 1.2.3, 1.3.6.1.4.1\n"
		"cacerts = ca.pem\ncacert-2 { file = ca2.pem\n }\nca_id = \"CN=ca\"\nrevocation = strict\n } "
		"} }");
	const struct auth_conf *a = &l.conf.peers[0]->local, *b = &l.conf.peers[0]->remote;

	(void)state;
	assert_int_equal(a->certs.n, 4);
	assert_string_equal(a->certs.v[0].file, "moon.pem");
	assert_int_equal(a->certs.v[1].data.n, 2);
	assert_string_equal(a->certs.v[2].handle, "0a0b");
	assert_true(a->certs.v[2].has_slot);
	assert_int_equal(a->certs.v[2].slot, 0);
	assert_string_equal(a->certs.v[2].module, "soft");
	assert_string_equal(a->certs.v[3].file, "/x.pem");
	assert_false(a->certs.v[3].has_slot);
	assert_int_equal(a->pubkeys.v[0].data.n, 2);
	assert_string_equal(id_print(&a->eap_id, &l.arena), "a@b");
	assert_string_equal(id_print(&a->aaa_id, &l.arena), "aaa.example");
	assert_string_equal(id_print(&a->xauth_id, &l.arena), "x");
	assert_int_equal(b->way.method, AUTH_ANY);
	assert_string_equal(b->groups.v[1], "it team");
	assert_string_equal(b->cert_policy.v[1], "1.3.6.1.4.1");
	assert_int_equal(b->cacerts.n, 2);
	assert_string_equal(b->cacerts.v[1].file, "ca2.pem");
	assert_string_equal(id_print(&b->ca_id, &l.arena), "CN=ca");
	assert_int_equal(b->revocation, REVOCATION_STRICT);
	loaded_free(&l);
}

static void secrets_of_all_kinds_are_kept(void **state)
{
	struct loaded l = good(
		"secrets { eap-1 { secret = x\nid = a\n } xauth { secret = x\n } ike { secret = y\n }\n"
		"ntlm { secret = 0x00\n } ppk-1 { secret = z\n } rsa-a { file = a.pem\nsecret = p\n }\n"
		"private { file = b.pem\n } ecdsa { file = c\n } pkcs8 { file = d\n } pkcs12 { file = e\n }\n"
		"token1 { handle = aa\nslot = 3\nmodule = m\npin = 1234\n } token2 { uri = file:k\n } }");
	static const enum secret_kind kinds[] = { SECRET_EAP, SECRET_XAUTH, SECRET_IKE, SECRET_NTLM,
		SECRET_PPK };
	static const enum key_kind keys[] = { FILED_RSA, FILED_PRIVATE, FILED_ECDSA, FILED_PKCS8,
		FILED_PKCS12, FILED_TOKEN, FILED_TOKEN };

	(void)state;
	assert_int_equal(l.conf.n_secrets, 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(l.conf.secrets[i].kind, kinds[i]);
	assert_int_equal(l.conf.n_keys, 7);
	for (int i = 0; i < 7; i++)
		assert_int_equal(l.conf.keys[i].kind, keys[i]);
	assert_string_equal(l.conf.keys[6].uri, "file:k");
	assert_string_equal(l.conf.keys[0].name, "rsa-a");
	assert_string_equal(l.conf.keys[0].file, "a.pem");
	assert_int_equal(l.conf.keys[0].secret.n, 1);
	assert_string_equal(l.conf.keys[5].handle, "aa");
	assert_true(l.conf.keys[5].has_slot);
	assert_int_equal(l.conf.keys[5].slot, 3);
	assert_int_equal(l.conf.keys[5].secret.n, 4);
	loaded_free(&l);
}

static void pool_has(const char *addrs, const char *lo, const char *hi)
{
	struct arena arena = { 0 };
	struct loaded l = good(arena_printf(&arena, "pools { p { addrs = %s\n } }", addrs));
	char text[IP_TEXT];

	assert_string_equal(ip_print(&l.conf.pools[0].lo, text), lo);
	assert_string_equal(ip_print(&l.conf.pools[0].hi, text), hi);
	loaded_free(&l);
	arena_free(&arena);
}

static void pools_are_prefixes_or_ranges(void **state)
{
	(void)state;
	pool_has("10.3.0.0/24", "10.3.0.1", "10.3.0.254");
	pool_has("10.3.0.100/24", "10.3.0.100", "10.3.0.254");
	pool_has("10.3.0.4/30", "10.3.0.5", "10.3.0.6");
	pool_has("10.3.0.4/31", "10.3.0.4", "10.3.0.5");
	pool_has("10.3.0.4", "10.3.0.4", "10.3.0.4");
	pool_has("10.3.0.4/32", "10.3.0.4", "10.3.0.4");
	pool_has("10.3.0.9-10.3.0.17", "10.3.0.9", "10.3.0.17");
	pool_has("2001:db8::/120", "2001:db8::1", "2001:db8::fe");
}

static void pools_have_attributes(void **state)
{
	struct loaded l =
		good("pools { p { addrs = 10.3.0.0/24\ndns = 192.0.2.53, 2001:db8::53\n"
		     "subnet = 10.1.0.0/16, 2001:db8:1::/48\nsplit_include = 10.1.0.0/20\n28672 = hello you\n"
		     "28673 = 0x01ff\n} }");
	static const struct {
		uint16_t type;
		const char *hex;
	} want[] = {
		{ 3, "c0000235" },
		{ 10, "20010db8000000000000000000000053" },
		{ 13, "0a010000ffff0000" },
		{ 15, "20010db800010000000000000000000030" },
		{ 28676, "0a010000fffff000" },
		{ 28672, "68656c6c6f20796f75" },
		{ 28673, "01ff" },
	};
	const struct vip_pool *p = l.conf.pools;
	struct bytes data;

	(void)state;
	assert_int_equal(p->n_attrs, sizeof want / sizeof *want);
	for (unsigned i = 0; i < p->n_attrs; i++) {
		assert_int_equal(p->attrs[i].type, want[i].type);
		assert_true(decode_hex(want[i].hex, &l.arena, &data));
		assert_true(bytes_eq(p->attrs[i].data, data));
	}
	loaded_free(&l);
}

static void authorities_are_kept(void **state)
{
	struct loaded l = good("authorities { a { cacert = ca.pem\ncrl_uris = http://a/x.crl, ldap://b\n"
			       "ocsp_uris = http://o\ncert_uri_base = http://c/\n } b { file = /ca.der\n }\n"
			       "c { handle = 01\nslot = 2\nmodule = m\n } }");
	const struct authority *a = l.conf.authorities;

	(void)state;
	assert_int_equal(l.conf.n_authorities, 3);
	assert_string_equal(a[0].cacert.file, "ca.pem");
	assert_int_equal(a[0].crl_uris.n, 2);
	assert_string_equal(a[0].ocsp_uris.v[0], "http://o");
	assert_string_equal(a[0].cert_uri_base, "http://c/");
	assert_string_equal(a[1].cacert.file, "/ca.der");
	assert_string_equal(a[2].cacert.handle, "01");
	assert_true(a[2].cacert.has_slot && a[2].cacert.slot == 2);
	loaded_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_keep_it),
		cmocka_unit_test(children_keep_it),
		cmocka_unit_test(shunts_are_kept_apart),
		cmocka_unit_test(who_has_only_shunts_needs_no_authentication),
		cmocka_unit_test(defaults_are_those_without_effect),
		cmocka_unit_test(sides_keep_it),
		cmocka_unit_test(secrets_of_all_kinds_are_kept),
		cmocka_unit_test(pools_are_prefixes_or_ranges),
		cmocka_unit_test(pools_have_attributes),
		cmocka_unit_test(authorities_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
