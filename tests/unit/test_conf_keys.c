/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every key: values it takes, values it refuses and in which words. The key stands on line 2 of "m.conf". */
#include "tests/unit/unit.h"

#include "tests/unit/conf_help.h"

#include <stdio.h>

/* WHY, NOTE and LATER begin where the place ends, "m.conf:2: connections.a.version: ", if they do not name
 * one. */
struct key_case {
	const char *where, *key;
	const char *why;   /* NULL: accepted */
	const char *note;  /* NULL: none */
	const char *later; /* why the connection is not used; NULL: it is */
};

#define ONE_NUMBER                                                                                           \
	"a device has one number: give if_id_in and if_id_out the same one, or neither, and one is chosen"

static const struct {
	const char *where, *path;
} paths[] = {
	{ "conn", "connections.a" },
	{ "local", "connections.a.local" },
	{ "remote", "connections.a.remote" },
	{ "child", "connections.a.children.n" },
	{ "secret", "secrets.ike-1" },
	{ "daemon", "daemon" },
};

#define NOT_TIME  " is not a time; write a number of seconds, or one with s, m, h or d behind it, as 30s"
#define NOT_SIZE  " is not a size; write a number of octets, or one with k, m or g behind it, as 500m"
#define NOT_COUNT " is not a number from 0 to 4294967295"
#define NOT_PORT  " is not a port; write a number from 1 to 65535"
#define NOT_TS                                                                                               \
	" is not a traffic selector; write a prefix as 10.1.0.0/16, a range as 10.1.0.1-10.1.0.9, or "       \
	"dynamic, with [tcp/443] behind it for one protocol and port"
#define NOT_ADDRESS                                                                                          \
	" is not an address; write one, or a prefix as 192.0.2.0/24, a range as 192.0.2.1-192.0.2.9, a "     \
	"DNS name, or %any"
#define UNUSED ", so this section, and others of its kind, have no effect"
#define IKEV1  "it belongs to IKEv1, which is not spoken here"

static const struct key_case cases[] = {
	{ "conn", .key = "version = 2" },
	{ "conn", .key = "version = 0" },
	{ "conn", "version = 1", .why = "IKEv1 is not spoken here (RFC 9395 retired it); write version = 2" },
	{ "conn", "version = 3",
		.why = "\"3\" is not known here; write one of 0, 1, 2; did you mean \"0\"?" },
	{ "conn", .key = "local_addrs = 192.0.2.1, 2001:db8::1" },
	{ "conn", .key = "local_addrs = %any" },
	{ "conn", "local_addrs = 192.0.2.1/33", .why = "\"192.0.2.1/33\"" NOT_ADDRESS },
	{ "conn", .key = "remote_addrs = gw.example.org, 192.0.2.0/24, 192.0.2.1-192.0.2.9" },
	{ "conn", "remote_addrs = 192.0.2.1, !", .why = "\"!\"" NOT_ADDRESS },
	{ "conn", "remote_addrs = ,", .why = "\",\" is not a list of addresses" },
	{ "conn", .key = "local_port = 4500" },
	{ "conn", "local_port = 0", .why = "\"0\"" NOT_PORT },
	{ "conn", "remote_port = 65536", .why = "\"65536\"" NOT_PORT },
	{ "conn", .key = "proposals = aes256gcm16-prfsha384-ecp384, default" },
	{ "conn", .key = "proposals =" },
	{ "conn", .key = "vips = 0.0.0.0, ::" },
	{ "conn", "vips = ::, ::, ::, ::, 10.3.0.1",
		.why = "\"10.3.0.1\" is not among the first four, which are the most" },
	{ "conn", "vips = any", .why = "\"any\" is not an address; write one, or 0.0.0.0 or :: for any" },
	{ "conn", .key = "aggressive = no" },
	{ "conn", "aggressive = yes", .note = IKEV1 },
	{ "conn", "pull = no", .note = IKEV1 },
	{ "conn", "pull = maybe", .why = "\"maybe\" is not yes or no" },
	{ "conn", .key = "dscp = 000000" },
	{ "conn", "dscp = 101110", .later = "a DSCP of its own for IKE is not built in yet" },
	{ "conn", .key = "encap = yes" },
	{ "conn", .key = "encap = never" },
	{ "conn", "encap = nver",
		.why = "\"nver\" is not known here; write one of yes, no, never; did you mean \"never\"?" },
	{ "conn", .key = "mobike = no" },
	{ "conn", .key = "mobike = yes" },
	{ "conn", .key = "dpd_delay = 30s" },
	{ "conn", .key = "dpd_delay = 1.5 m" },
	{ "conn", "dpd_delay = soon", .why = "\"soon\"" NOT_TIME },
	{ "conn", "dpd_delay = 30x", .why = "\"30x\"" NOT_TIME },
	{ "conn", "dpd_delay = -1", .why = "\"-1\"" NOT_TIME },
	{ "conn", "dpd_timeout = 150s", .note = IKEV1 },
	{ "conn", .key = "fragmentation = yes" },
	{ "conn", .key = "fragmentation = force" },
	{ "conn", .key = "fragmentation = accept" },
	{ "conn", .key = "childless = never" },
	{ "conn", .key = "childless = force" },
	{ "conn", .key = "send_certreq = no" },
	{ "conn", .key = "send_cert = always" },
	{ "conn", .key = "ocsp = both" },
	{ "conn", .key = "cert_expiry = close" },
	{ "conn", .key = "cert_revoked = close" },
	{ "conn", "cert_revoked = reauth", .why = "\"reauth\" is not known here; write one of keep, close" },
	{ "conn", .key = "ppk_id = x" },
	{ "conn", .key = "ppk_required = no" },
	{ "conn", .key = "ppk_required = yes" },
	{ "conn", .key = "keyingtries = 0" },
	{ "conn", "keyingtries = lots", .why = "\"lots\"" NOT_COUNT },
	{ "conn", .key = "unique = never" },
	{ "conn", .key = "unique = replace" },
	{ "conn", .key = "reauth_time = 1d" },
	{ "conn", .key = "rekey_time = 8h" },
	{ "conn", .key = "over_time = 10m" },
	{ "conn", "rand_time = 99999999999999999999", .why = "\"99999999999999999999\"" NOT_TIME },
	{ "conn", .key = "pools = p" },
	{ "conn", .key = "if_id_in = 0" },
	{ "conn", .key = "if_id_in = 7" },
	{ "conn", .key = "if_id_out = %unique" },
	{ "conn", .key = "mediation = disabled" },
	{ "conn", "mediated_by = m", .later = "mediation is not built in yet" },
	{ "conn", "mediation_peer = m", .later = "mediation is not built in yet" },
	{ "conn", "local_adrs = 192.0.2.1", .why = "unknown key; did you mean \"local_addrs\"?" },
	{ "conn", "colour = red", .why = "unknown key" },
	{ "conn", "remote_ts = 10.0.0.0/8",
		.why = "this key does not belong here, but in connections.<conn>.children.<child>" },

	{ "local", .key = "id = gw.example.org" },
	{ "local", .key = "id = \"C=DE, O=Example, CN=gw\"" },
	{ "local", .key = "round = 1" },
	{ "local", .key = "certs = moon.pem" },
	{ "local", .key = "pubkeys = moon.pem" },
	{ "local", .key = "eap_id = x" },
	{ "local", .key = "aaa_id = x" },
	{ "local", "xauth_id = x", .note = IKEV1 },
	{ "local", "groups = x",
		.why = "this key does not belong here, but in connections.<conn>.remote<suffix>" },
	{ "remote", .key = "id = *.example.org" },
	{ "remote", .key = "id = ^.*[.]example[.]org$" },
	{ "remote", .key = "id = 192.0.2.0/24" },
	{ "remote", "id = ^($",
		.why = "\"^($\" is no extended regular expression, or too large a one: it has at most 255 "
		       "octets, no back-references, and repeats nothing more than 256 times" },
	{ "local", "id = ^moon$", .why = "this stands for many identities; write the one that is ours" },
	{ "remote", .key = "groups = x" },
	{ "remote", .key = "cert_policy = 1.2.3" },
	{ "remote", .key = "certs = x" },
	{ "remote", .key = "cacerts = x" },
	{ "remote", .key = "ca_id = x" },
	{ "remote", .key = "pubkeys = x" },
	{ "remote", .key = "eap_id = %any" },
	{ "remote", .key = "revocation = strict" },

	{ "child", .key = "local_ts = 10.1.0.0/16, 10.3.0.0/16[tcp/443]" },
	{ "child", .key = "local_ts = dynamic[udp/1701]" },
	{ "child", "local_ts = 10.1.0.0/16, 10.3.0.0/40", .why = "\"10.3.0.0/40\"" NOT_TS },
	{ "child", "remote_ts = moon", .why = "\"moon\"" NOT_TS },
	{ "child", .key = "esp_proposals = aes256gcm16, chacha20poly1305-x25519-esn" },
	{ "child", .key = "ah_proposals = sha256-x25519, sha384" },
	{ "child", .key = "sha256_96 = yes" },
	{ "child", .key = "mode = tunnel" },
	{ "child", .key = "mode = transport" },
	{ "child", .key = "mode = beet" },
	{ "child", "mode = transport_proxy", .later = "this mode is not built in yet" },
	{ "child", .key = "mode = iptfs" },
	{ "child", "ah_proposals = sha256\nmode = iptfs",
		.why = "mode = iptfs is of ESP only (RFC 9347): leave ah_proposals out" },
	{ "child", .key = "mode = pass" },
	{ "child", .key = "mode = drop" },
	{ "child", "priority = 1\nmode = drop",
		.note = "has no effect with mode = pass or drop: what passes goes before every tunnel, what "
			"is "
			"dropped behind all of them" },
	{ "child", "interface = own\nmode = pass",
		.note = "has no effect with mode = pass or drop: it is for all devices" },
	{ "child", "mode = tunel",
		.why = "\"tunel\" is not known here; write one of tunnel, transport, transport_proxy, iptfs, "
		       "beet, pass, drop; did you mean \"tunnel\"?" },
	{ "child", .key = "start_action = trap|start" },
	{ "child", .key = "start_action = route" },
	{ "child", "start_action = up",
		.why = "\"up\" is not known here; write one of none, trap, start, trap|start" },
	{ "child", .key = "close_action = start" },
	{ "child", .key = "dpd_action = restart" },
	{ "child", .key = "dpd_action = clear" },
	{ "child", .key = "rekey_time = 90m" },
	{ "child", .key = "life_time = 2h" },
	{ "child", .key = "rand_time = 0" },
	{ "child", "rekey_time = 1h\nlife_time = 1h",
		.why = "m.conf:3: connections.a.children.n.life_time: the SA would end before it is renewed; "
		       "it must be longer than rekey_time" },
	{ "child", .key = "rekey_bytes = 500m" },
	{ "child", "rekey_bytes = 500x", .why = "\"500x\"" NOT_SIZE },
	{ "child", .key = "life_bytes = 1g" },
	{ "child", "rand_bytes = 10k", .note = "rekeying by volume comes at exactly that volume" },
	{ "child", .key = "rekey_packets = 1000000" },
	{ "child", "rekey_packets = 1m", .why = "\"1m\" is not a number" },
	{ "child", .key = "life_packets = 0x100" },
	{ "child", .key = "rand_packets = 0" },
	{ "child", .key = "updown = /usr/lib/ipsec/_updown iptables" },
	{ "child", .key = "updown = \"echo $PLUTO_VERB; true\"" },
	{ "child", .key = "hostaccess = yes" },
	{ "child", "hostaccess = often", .why = "\"often\" is not yes or no" },
	{ "child", .key = "policies = no" },
	{ "child", .key = "policies_fwd_out = yes" },
	{ "child", "ipcomp = yes", .later = "IPComp is not built in yet" },
	{ "child", .key = "inactivity = 0" },
	{ "child", .key = "inactivity = 5m" },
	{ "child", .key = "reqid = 7" },
	{ "child", "reqid = 4294967296", .why = "\"4294967296\"" NOT_COUNT },
	{ "child", .key = "priority = 0x0" },
	{ "child", .key = "priority = 100" },
	{ "child", .key = "interface = tun-berlin" },
	{ "child", "interface = a-name-too-long-",
		.why = "\"a-name-too-long-\" is not the name of a network device: at most 15 characters, no "
		       "blank, / or :" },
	{ "child", "interface = a/b",
		.why = "\"a/b\" is not the name of a network device: at most 15 characters, no blank, / or "
		       ":" },
	{ "child", .key = "mark_in = 0/0" },
	{ "child", .key = "mark_in = 42" },
	{ "child", .key = "mark_in_sa = yes" },
	{ "child", .key = "mark_out = %unique-dir/0xff" },
	{ "child", .key = "set_mark_in = %same" },
	{ "child", .key = "set_mark_out = 1/0xff" },
	{ "child", .key = "if_id_in = 7" },
	{ "child", .key = "if_id_out = %unique-dir" },
	{ "child", "if_id_out = %same",
		.why = "\"%same\" is not an interface ID; write a number, %unique or %unique-dir" },
	{ "child", .key = "interface = vpn\nif_id_in = 7\nif_id_out = 7" },
	{ "child", "interface = vpn\nif_id_in = 7", .why = ONE_NUMBER },
	{ "child", "interface = vpn\nif_id_in = %unique\nif_id_out = %unique", .why = ONE_NUMBER },
	{ "child", .key = "interface = vpn\ninterface_addrs = 10.0.0.1/24, 2001:db8::1/64, 10.0.1.1" },
	{ "child", "interface_addrs = 10.0.0.1/33\ninterface = vpn",
		.why = "\"10.0.0.1/33\" is not an address of a device; write one with the length of its "
		       "network's prefix, as 10.0.0.1/24" },
	{ "child", "interface_addrs = 10.0.0.1/24",
		.why = "it is for a device of this tunnel's own: name one with interface" },
	{ "child", .key = "interface_routes = no" },
	{ "child", "interface_routes = yes",
		.why = "it is for a device of this tunnel's own: name one with interface" },
	{ "child", .key = "interface = vpn\ninterface_routes = yes" },
	{ "child", .key = "interface = vpn\ninterface_routes = 10.2.0.0/16, 2001:db8:2::/64" },
	{ "child", "interface_routes = dynamic\ninterface = vpn",
		.why = "\"dynamic\" is not a network; write yes, no, or prefixes as 10.2.0.0/16" },
	{ "child", "interface_addrs = 10.0.0.1/24\nmode = pass",
		.note = "has no effect with mode = pass or drop: it has no device" },
	{ "child", .key = "label_mode = system" },
	{ "child", "label = x", .later = "security labels are not built in yet" },
	{ "child", .key = "tfc_padding = mtu" },
	{ "child", .key = "forward = yes" },
	{ "child", .key = "forward = nat" },
	{ "child", "forward = masquerade",
		.why = "\"masquerade\" is not known here; write one of no, yes, nat" },
	{ "child", .key = "client_to_client = no" },
	{ "child", .key = "connmark = yes\nmark_in = %unique\nmark_out = %unique" },
	{ "child", "connmark = yes\nmark_in = %unique",
		.why = "it needs marks to tell by: write mark_in = %unique and mark_out = %unique" },
	{ "child", "connmark = yes\nmark_in = %unique/0xff\nmark_out = %unique",
		.why = "it needs marks to tell by: write mark_in = %unique and mark_out = %unique" },
	{ "child", .key = "kill_switch = yes" },
	{ "child", .key = "kill_switch = all\nremote_ts = 0.0.0.0/0" },
	{ "child", .key = "kill_switch = yes\nremote_ts = 0.0.0.0/0, ::/0" },
	{ "child", "kill_switch = yes\nremote_ts = 0.0.0.0/0",
		.note = "all of IPv4 goes into the tunnel, and IPv6 in the clear: write all, unless that is "
			"meant" },
	{ "child", .key = "mss = auto" },
	{ "child", .key = "mss = no" },
	{ "child", .key = "mss = 1300" },
	{ "child", "mss = 535", .why = "\"535\" is not a number of octets from 536 to 65495, auto or no" },
	{ "child", .key = "replay_window = 0" },
	{ "child", "replay_window = wide", .why = "\"wide\"" NOT_COUNT },
	{ "child", .key = "hw_offload = auto" },
	{ "child", .key = "hw_offload = crypto" },
	{ "child", .key = "per_cpu_sas = yes" },
	{ "child", .key = "per_cpu_sas = encap" },
	{ "child", "per_cpu_sas = 4", .why = "\"4\" is not known here; write one of no, yes, encap" },
	{ "child", .key = "copy_df = no" },
	{ "child", .key = "copy_ecn = no" },
	{ "child", .key = "copy_dscp = yes" },
	{ "child", "copy_dscp = both", .why = "\"both\" is not known here; write one of out, in, yes, no" },
	{ "child", .key = "icmp = yes" },
	{ "child", "local_ts = 10.0.0.0/8\nremote_ts = 2001:db8::/32",
		.why = "m.conf:1: connections.a.children.n: local_ts is IPv4 and remote_ts is IPv6: no "
		       "packet can match both" },

	{ "secret", .key = "secret = abc\nid-1 = 192.0.2.1\nid-2 = gw.example.org" },
	{ "secret", "secret = \"\"",
		.why = "m.conf:1: secrets.ike-1: there is no secret in it; write secret = \"…\"" },
	{ "secret", "secret = 0xabcg",
		.why = "what follows 0x must be hexadecimal, what follows 0s base64, and not empty" },
	{ "secret", "secret = 0s????",
		.why = "what follows 0x must be hexadecimal, what follows 0s base64, and not empty" },
	{ "secret", "secret = 0x",
		.why = "what follows 0x must be hexadecimal, what follows 0s base64, and not empty" },
	{ "secret", "sekret = abc\nsecret = x", .why = "unknown key; did you mean \"secret\"?" },

	{ "daemon", .key = "port = 5500" },
	{ "daemon", "port = 4500",
		.why = "m.conf:1: daemon: port and port_nat_t must differ: they tell IKE from ESP in UDP" },
	{ "daemon", "port_nat_t = x", .why = "\"x\"" NOT_PORT },
	{ "daemon", "udp_encap = off", .why = "\"off\" is not yes or no" },
	{ "daemon", .key = "routing_table = main" },
	{ "daemon", .key = "routing_table = 254" },
	{ "daemon", "routing_table = 0",
		.why = "\"0\" is not a routing table; write a number above 0, or main" },
	{ "daemon", .key = "tun_name = vpn" },
	{ "daemon", "tun_name = twelve-chars",
		.why = "\"twelve-chars\" is not the beginning of device names: at most 11 characters, no "
		       "blank, / or :" },
	{ "daemon", .key = "retransmit_timeout = 4.0" },
	{ "daemon", .key = "retransmit_base = 1" },
	{ "daemon", "retransmit_base = 0.9", .why = "\"0.9\" is not a number from 1 to 100, as 1.8" },
	{ "daemon", .key = "retransmit_tries = 0" },
	{ "daemon", "retransmit_jitter = 101", .why = "\"101\" is not a number from 0 to 100" },
	{ "daemon", .key = "retransmit_limit = 60" },
	{ "daemon", .key = "half_open_timeout = 30" },
	{ "daemon", .key = "keep_alive = 0" },
	{ "daemon", .key = "cookie_threshold = 30" },
	{ "daemon", .key = "cookie_threshold_ip = 3" },
	{ "daemon", .key = "puzzle_threshold = 100" },
	{ "daemon", .key = "puzzle_choice = yes" },
	{ "daemon", .key = "puzzle_auth_threshold = 10" },
	{ "daemon", .key = "block_threshold = 0" },
	{ "daemon", .key = "init_limit_half_open = 1000" },
	{ "daemon", .key = "init_limit_job_load = 100" },
	{ "daemon", .key = "make_before_break = no" },
	{ "daemon", .key = "updown_timeout = 2m" },
	{ "daemon", .key = "updown_timeout = 0" },
	{ "daemon", .key = "audit_interval = 1m" },
	{ "daemon", "audit_interval = often", .why = "\"often\"" NOT_TIME },
	{ "daemon", "updown_timeout = long", .why = "\"long\"" NOT_TIME },
	{ "daemon", .key = "dns = no" },
	{ "daemon", .key = "lan_bypass = yes" },
	{ "daemon", .key = "lan_bypass = all" },
	{ "daemon", .key = "lan_bypass = true" },
	{ "child", .key = "other_family = drop" },
	{ "child", "other_family = block", .why = "\"block\" is not known here; write one of pass, drop" },
	{ "daemon", "dns = dnsmasq",
		.why = "\"dnsmasq\" is not known here; write one of auto, resolved, resolvconf, file, no" },
	{ "daemon", .key = "charon_socket = no" },
	{ "daemon", "charon_socket = never",
		.why = "\"never\" is not known here; write one of auto, yes, no" },
	{ "daemon", .key = "vici_socket = unix:///run/my.vici" },
	{ "daemon", "vici_socket = unix://my.vici",
		.why = "\"unix://my.vici\" is not the place of a socket; write unix:// and an absolute "
		       "path" },
	{ "daemon", .key = "install_routes = no" },
	{ "daemon", .key = "routing_table = 100" },
	{ "daemon", "routing_table_prio = x", .why = "\"x\"" NOT_COUNT },

	{ "top", "x = 1", .why = "m.conf:2: x: unknown key" },
	{ "top", "conections { }",
		.why = "m.conf:2: conections: unknown section, and none inherits from it; did you mean "
		       "\"connections\"?" },
	{ "top", "templates { x = 1 }",
		.why = "m.conf:2: templates: unknown section, and none inherits from it" },
	{ "top", .key = "pools { }\nauthorities { }" },
	{ "top", .key = "pools { p { addrs = 10.9.0.0/24\n } }" },
	{ "top", .key = "authorities { a { cacert = ca.pem\n } }" },
	{ "top", .key = "secrets { eap-1 { secret = x\n } eap-2 { secret = y\n } }" },
	{ "top", .key = "secrets { xauth-1 { secret = x\n } }" },
	{ "top", "secrets { private-1 { flie = x\n } }",
		.why = "m.conf:2: secrets.private-1.flie: unknown key; did you mean \"file\"?\n"
		       "m.conf:2: secrets.private-1: there is no file in it; write one" },
	{ "top", "secrets { psk-1 { secret = x } }", .why = "m.conf:2: secrets.psk-1: unknown section" },
	{ "conn", "proposals = aes256-md5-modp768, aes256-sha256-modp768-modp2048",
		.note = "m.conf:2: connections.a.proposals: \"md5\" is not built in: this proposal is not "
			"used\n"
			"m.conf:2: connections.a.proposals: \"modp768\" is not built in: this becomes "
			"aes256-sha256-modp2048" },
	{ "conn", "proposals = 3des-sha1-modp1024",
		.later = "\"3des\" is not built in, and no other proposal is left (write default, or what "
			 "ipsec list algs has)" },
	{ "conn", "proposals = aes256-sha1-modp1024",
		.note = "m.conf:2: connections.a.proposals: modp1024 is weak: who has means enough can read "
			"what was recorded; let the peer use modp2048 or better, and take it out" },
	{ "child", .key = "start_action = trap | start" },
	{ "child", "esp_proposals = aes256-sha256-modp768",
		.later = "\"modp768\" is not built in, and no other proposal is left (write default, or what "
			 "ipsec list algs has)" },
	{ "conn", "lokal { }",
		.why = "m.conf:2: connections.a.lokal: unknown section; did you mean \"local\"?" },
	{ "conn", .key = "local-2 { auth = psk\n }" },
	{ "local", .key = "cert1 { file = x\n }" },
	{ "local", .key = "cert1 { handle = 0a\n }" },
	{ "local", .key = "cert1 { uri = \"pkcs11:id=%0a\"\n }" },
	{ "local", "cert1 { slot = 1\n }",
		.why = "m.conf:2: connections.a.local.cert1: there is no file, handle or uri in it; write "
		       "one "
		       "of them" },
	{ "child", "x { }", .why = "m.conf:2: connections.a.children.n.x: unknown section" },
};

enum { CASES = sizeof cases / sizeof *cases };

static const char *placed(const struct key_case *c, const char *sentence, struct arena *arena)
{
	if (!sentence || !strncmp(sentence, "m.conf:", 7))
		return sentence ? sentence : "";
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (!strcmp(paths[i].where, c->where))
			return arena_printf(arena, "m.conf:2: %s.%.*s: %s", paths[i].path,
				(int)strcspn(c->key, " "), c->key, sentence);
	return sentence;
}

static void key_reads(void **state)
{
	const struct key_case *c = *state;
	struct arena arena = { 0 };
	struct loaded l = load_text(around(c->where, c->key, &arena));
	const char *later = placed(c, c->later, &arena);

	assert_string_equal(l.why, placed(c, c->why, &arena));
	assert_int_equal(l.err, c->why ? ERR_SYNTAX : ERR_OK);
	if (c->later)
		assert_string_equal(
			l.notes, arena_printf(&arena, "%s, so this connection is not used", later));
	else
		assert_string_equal(l.notes, placed(c, c->note, &arena));
	if (l.conf.n_peers)
		assert_string_equal(l.conf.peers[0]->unready ? l.conf.peers[0]->unready : "", later);
	loaded_free(&l);
	arena_free(&arena);
}

int main(void)
{
	static struct CMUnitTest tests[CASES];
	static char names[CASES][80];

	for (size_t i = 0; i < CASES; i++) {
		snprintf(names[i], sizeof names[i], "%s: %.60s", cases[i].where, cases[i].key);
		for (char *c = names[i]; *c; c++)
			*c = *c == '\n' ? ';' : *c;
		tests[i] = (struct CMUnitTest){ names[i], key_reads, NULL, NULL, (void *)&cases[i] };
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
