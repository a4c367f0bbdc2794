/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rows: name, status, type, where the value goes, default, what it is. The order is that of strongSwan's
 * manual. */
#include "conf/schema.h"

#include "conf/preset.h"
#include "conf/schema_rows.h"

#include "model/conf.h"

#define PEER(field)      offsetof(struct peer, field)
#define AUTH(field)      offsetof(struct auth_conf, field)
#define CHILD(field)     offsetof(struct child_conf, field)
#define CERT(field)      offsetof(struct cert_conf, field)
#define SECRET(field)    offsetof(struct secret, field)
#define KEY(field)       offsetof(struct key_conf, field)
#define AUTHORITY(field) offsetof(struct authority, field)
#define SETTINGS(field)  offsetof(struct settings, field)
#define NOWHERE          CONF_NOWHERE

#define ONLY_IKEV1  "it belongs to IKEv1, which is not spoken here"
#define ONLY_VOLUME "rekeying by volume comes at exactly that volume"
#define NO_FORWARD  "attributes are not passed on between IKE and RADIUS"
#define NO_MEDIATOR "mediation is not built in yet"
#define NO_LABELS   "security labels are not built in yet"
#define NO_MARK     "0/0x00000000"
#define OURS        "strongSwan has no such key"

static const struct name version_words[] = { { 0, "0" }, { 1, "1" }, { 2, "2" }, { 0 } };
static const struct name encap_words[] = {
	{ ENCAP_YES, "yes" },
	{ ENCAP_AUTO, "no" },
	{ ENCAP_NO, "never" },
	{ ENCAP_YES, "true" },
	{ ENCAP_YES, "enabled" },
	{ ENCAP_YES, "1" },
	{ ENCAP_AUTO, "false" },
	{ ENCAP_AUTO, "disabled" },
	{ ENCAP_AUTO, "0" },
	{ 0 },
};
static const struct name forward_words[] = { { FORWARD_NO, "no" }, { FORWARD_YES, "yes" },
	{ FORWARD_NAT, "nat" }, { FORWARD_YES, "true" }, { FORWARD_YES, "enabled" }, { FORWARD_YES, "1" },
	{ FORWARD_NO, "false" }, { FORWARD_NO, "disabled" }, { FORWARD_NO, "0" }, { 0 } };
static const struct name kill_words[] = { { KILL_NO, "no" }, { KILL_YES, "yes" }, { KILL_ALL, "all" },
	{ KILL_YES, "true" }, { KILL_YES, "enabled" }, { KILL_YES, "1" }, { KILL_NO, "false" },
	{ KILL_NO, "disabled" }, { KILL_NO, "0" }, { 0 } };
static const struct name transport_words[] = { { TRANSPORT_UDP, "udp" }, { TRANSPORT_TCP, "tcp" },
	{ TRANSPORT_AUTO, "auto" }, { 0 } };
static const struct name fragmentation_words[] = { { FRAGMENTATION_YES, "yes" },
	{ FRAGMENTATION_ACCEPT, "accept" }, { FRAGMENTATION_FORCE, "force" }, { FRAGMENTATION_NO, "no" },
	{ FRAGMENTATION_YES, "true" }, { FRAGMENTATION_YES, "enabled" }, { FRAGMENTATION_YES, "1" },
	{ FRAGMENTATION_NO, "false" }, { FRAGMENTATION_NO, "disabled" }, { FRAGMENTATION_NO, "0" }, { 0 } };
static const struct name childless_words[] = { { CHILDLESS_ALLOW, "allow" }, { CHILDLESS_PREFER, "prefer" },
	{ CHILDLESS_FORCE, "force" }, { CHILDLESS_NEVER, "never" }, { 0 } };
static const struct name ppk_words[] = { { PPK_IN_ANY, "any" }, { PPK_IN_INTERMEDIATE, "intermediate" },
	{ PPK_IN_AUTH, "auth" }, { 0 } };
static const struct name send_cert_words[] = { { SEND_CERT_ALWAYS, "always" },
	{ SEND_CERT_IF_ASKED, "ifasked" }, { SEND_CERT_NEVER, "never" }, { 0 } };
static const struct name ocsp_words[] = { { OCSP_NEVER, "never" }, { OCSP_REPLY, "reply" },
	{ OCSP_REQUEST, "request" }, { OCSP_BOTH, "both" }, { 0 } };
static const struct name expiry_words[] = { { CERT_END_REAUTH, "reauth" }, { CERT_END_CLOSE, "close" },
	{ CERT_END_KEEP, "keep" }, { 0 } };
static const struct name revoked_words[] = { { CERT_END_KEEP, "keep" }, { CERT_END_CLOSE, "close" }, { 0 } };
static const struct name unique_words[] = { { UNIQUE_NEVER, "never" }, { UNIQUE_NO, "no" },
	{ UNIQUE_KEEP, "keep" }, { UNIQUE_REPLACE, "replace" }, { 0 } };
static const struct name revocation_words[] = { { REVOCATION_STRICT, "strict" },
	{ REVOCATION_IFURI, "ifuri" }, { REVOCATION_RELAXED, "relaxed" }, { 0 } };
static const struct name action_words[] = {
	{ ACTION_NONE, "none" },
	{ ACTION_TRAP, "trap" },
	{ ACTION_START, "start" },
	{ ACTION_TRAP_START, "trap|start" },
	{ ACTION_TRAP_START, "start|trap" },
	{ ACTION_TRAP_START, "trap | start" },
	{ ACTION_TRAP_START, "start | trap" },
	{ ACTION_NONE, "clear" },
	{ ACTION_TRAP, "route" },
	{ ACTION_START, "restart" },
	{ 0 },
};
static const struct name offload_words[] = { { OFFLOAD_NO, "no" }, { OFFLOAD_CRYPTO, "yes" },
	{ OFFLOAD_CRYPTO, "crypto" }, { OFFLOAD_PACKET, "packet" }, { OFFLOAD_AUTO, "auto" }, { 0 } };
static const struct name per_cpu_words[] = { { PER_CPU_NO, "no" }, { PER_CPU_YES, "yes" },
	{ PER_CPU_ENCAP, "encap" }, { 0 } };
static const struct name dscp_words[] = { { DSCP_OUT, "out" }, { DSCP_IN, "in" }, { DSCP_BOTH, "yes" },
	{ DSCP_NO, "no" }, { 0 } };
static const struct name datapath_words[] = { { DATAPATH_AUTO, "auto" }, { DATAPATH_KERNEL, "kernel" },
	{ DATAPATH_USER, "user" }, { 0 } };
static const struct name child_datapath_words[] = { { DATAPATH_DEFAULT, "default" },
	{ DATAPATH_AUTO, "auto" }, { DATAPATH_KERNEL, "kernel" }, { DATAPATH_USER, "user" }, { 0 } };
static const struct name label_words[] = { { LABEL_SYSTEM, "system" }, { LABEL_SIMPLE, "simple" },
	{ LABEL_SELINUX, "selinux" }, { 0 } };
static const struct name other_family_words[] = { { OTHER_PASS, "pass" }, { OTHER_DROP, "drop" }, { 0 } };
static const struct name dns_words[] = { { DNS_AUTO, "auto" }, { DNS_RESOLVED, "resolved" },
	{ DNS_RESOLVCONF, "resolvconf" }, { DNS_FILE, "file" }, { DNS_NO, "no" }, { 0 } };
static const struct name lan_words[] = { { LAN_NO, "no" }, { LAN_PRIVATE, "yes" }, { LAN_ALL, "all" },
	{ LAN_PRIVATE, "true" }, { LAN_PRIVATE, "enabled" }, { LAN_PRIVATE, "1" }, { LAN_NO, "false" },
	{ LAN_NO, "disabled" }, { LAN_NO, "0" }, { 0 } };
static const struct name socket_words[] = { { 0, "auto" }, { 1, "yes" }, { 2, "no" }, { 0 } };

static const struct conf_key connection_keys[] = {
	{ "peer", STATUS_READ, TYPE_CHOICE, PEER(preset),
		.doc = "what the peer is: keys that are not written get the values it needs (see Presets)",
		.differs = OURS, .words = preset_words },
	{ "version", STATUS_REFUSED, TYPE_WORD, PEER(version), .fallback = "0",
		.doc = "IKE version: 2, or 0 for any (which is 2)",
		.note = "IKEv1 is not spoken here (RFC 9395 retired it); write version = 2", .neutral = "2",
		.words = version_words,
		.differs = "version 0 is IKEv2 only, where strongSwan takes IKEv1 too" },
	{ "local_addrs", STATUS_READ, TYPE_ADDRESSES, PEER(local_addrs), "%any",
		.doc = "our addresses: addresses, prefixes, ranges, names", .count_at = PEER(n_local_addrs) },
	{ "remote_addrs", STATUS_READ, TYPE_ADDRESSES, PEER(remote_addrs), "%any",
		.doc = "the peer's addresses; the first single one is where we connect to",
		.count_at = PEER(n_remote_addrs) },
	{ "redirect_addrs", STATUS_READ, TYPE_ADDRESSES, PEER(redirect_addrs),
		.doc = "gateways that the peer may redirect us to, beside those of remote_addrs: addresses, "
		       "prefixes, ranges, names",
		.differs = OURS, .count_at = PEER(n_redirect_addrs) },
	{ "redirect_to", STATUS_READ, TYPE_GATEWAY, PEER(redirect_to),
		.doc = "gateway that peers are redirected to, an address or a name: in IKE_SA_INIT where all "
		       "connections for their addresses say the same, else in IKE_AUTH (RFC 5685)",
		.differs = OURS },
	{ "local_port", STATUS_READ, TYPE_PORT, PEER(local_port), "500", .doc = "UDP port of ours" },
	{ "remote_port", STATUS_READ, TYPE_PORT, PEER(remote_port), "500", .doc = "UDP port of the peer's" },
	{ "proposals", STATUS_READ, TYPE_IKE_PROPOSALS, PEER(ike), "default", .doc = "algorithms for IKE",
		.differs = "the list of default is ours: modern algorithms only" },
	{ "vips", STATUS_READ, TYPE_IPS, PEER(vips), .count_at = PEER(n_vips),
		.doc = "virtual addresses to ask the peer for; 0.0.0.0 and :: for any" },
	{ "aggressive", STATUS_IGNORED, TYPE_BOOL, NOWHERE, .fallback = "no",
		.doc = "aggressive mode of IKEv1", .note = ONLY_IKEV1 },
	{ "pull", STATUS_IGNORED, TYPE_BOOL, NOWHERE, .fallback = "yes", .doc = "pull mode of IKEv1",
		.note = ONLY_IKEV1 },
	{ "dscp", STATUS_LATER, TYPE_DSCP, PEER(dscp), "000000",
		.doc = "DSCP of our IKE packets, six binary digits",
		.note = "a DSCP of its own for IKE is not built in yet" },
	{ "encap", STATUS_READ, TYPE_WORD, PEER(encap), "no",
		.doc = "ESP in UDP: yes always, no as the daemon decides, never not even behind a NAT",
		.words = encap_words,
		.differs = "never is ours; no leaves to daemon.udp_encap whether ESP goes in UDP" },
	{ "transport", STATUS_READ, TYPE_WORD, PEER(transport), "udp",
		.doc = "what IKE and ESP go in: udp; tcp, all in one stream (RFC 9329); or auto, who "
		       "initiates in "
		       "TCP where UDP gets no answer. Who answers takes what daemon.tcp_port lets come, "
		       "unless "
		       "it is udp",
		.words = transport_words, .differs = OURS },
	{ "tcp_port", STATUS_READ, TYPE_PORT, PEER(tcp_port), "4500",
		.doc = "TCP port of the peer's, for transport", .differs = OURS },
	{ "nat", STATUS_READ, TYPE_BOOL, PEER(nat), "yes",
		.doc = "a NAT may stand between; no: who initiates has the peer refuse where one does, and "
		       "ESP goes "
		       "without UDP whatever encap says (NO_NATS_ALLOWED, RFC 4555)",
		.differs = OURS },
	{ "mobike", STATUS_READ, TYPE_BOOL, PEER(mobike), "yes",
		.doc = "move the tunnel when addresses change (MOBIKE, RFC 4555)" },
	{ "dpd_delay", STATUS_READ, TYPE_TIME, PEER(dpd_delay), "30s",
		.doc = "silence after which the peer is asked whether it lives; 0: never",
		.differs = "0s: a peer that is gone is never noticed" },
	{ "dpd_timeout", STATUS_IGNORED, TYPE_TIME, PEER(dpd_timeout), .fallback = "0s",
		.doc = "timeout of IKEv1's DPD", .note = ONLY_IKEV1 },
	{ "fragmentation", STATUS_READ, TYPE_WORD, PEER(fragmentation), "yes",
		.doc = "large IKE messages go in fragments, if the peer takes them (RFC 7383): yes, force "
		       "(the "
		       "same, in IKEv2), accept (only the peer's do), no (nor are they asked for)",
		.words = fragmentation_words,
		.differs = "force sends them to a peer that does not take them" },
	{ "childless", STATUS_READ, TYPE_WORD, PEER(childless), "allow",
		.doc = "IKE_SAs that are set up without a CHILD_SA: allow, prefer, force, never (RFC 6023)",
		.words = childless_words },
	{ "resumption", STATUS_READ, TYPE_BOOL, PEER(resumption), .fallback = "no",
		.doc = "set up IKE_SAs that were lost from tickets, without key agreement and certificates: "
		       "who "
		       "initiates asks for one, who answers gives it (RFC 5723)",
		.differs = OURS },
	{ "send_certreq", STATUS_READ, TYPE_BOOL, PEER(send_certreq), .fallback = "yes",
		.doc = "ask for certificates" },
	{ "send_cert", STATUS_READ, TYPE_WORD, PEER(send_cert), .fallback = "ifasked",
		.doc = "when to send our certificate", .words = send_cert_words },
	{ "ocsp", STATUS_READ, TYPE_WORD, PEER(ocsp), .fallback = "reply",
		.doc = "OCSP in IKE (RFC 4806): reply sends answers about our certificates to peers that "
		       "want "
		       "them, request wants them of peers; both, never",
		.words = ocsp_words },
	{ "cert_expiry", STATUS_READ, TYPE_WORD, PEER(cert_expiry), "reauth",
		.doc = "when a certificate of the peer's chain expires: reauth authenticates anew before, "
		       "and "
		       "ends the IKE_SA then; close ends it; keep leaves it to the next authentication",
		.words = expiry_words, .differs = OURS },
	{ "cert_revoked", STATUS_READ, TYPE_WORD, PEER(cert_revoked), "keep",
		.doc = "when one is revoked while the IKE_SA is up: keep leaves it to the next "
		       "authentication; close ends the IKE_SA when a CRL or an OCSP answer says so (servers "
		       "are "
		       "asked every hour where the last answer is out of date)",
		.words = revoked_words, .differs = OURS },
	{ "ppk_id", STATUS_READ, TYPE_IDENTITY, PEER(ppk_id),
		.doc = "name of the post-quantum preshared key (RFC 8784, RFC 9867); who answers may have a "
		       "pattern" },
	{ "ppk_exchange", STATUS_READ, TYPE_WORD, PEER(ppk_exchange), "any",
		.doc = "where that key is mixed in: intermediate, before IKE_AUTH, which it then protects, "
		       "too (RFC "
		       "9867); auth, in IKE_AUTH (RFC 8784); any, the former with a peer that can do it",
		.words = ppk_words, .differs = OURS },
	{ "ppk_required", STATUS_READ, TYPE_BOOL, PEER(ppk_required), "no",
		.doc = "refuse peers without that key" },
	{ "keyingtries", STATUS_READ, TYPE_COUNT, PEER(keyingtries), "1",
		.doc = "attempts to connect; 0: for ever" },
	{ "unique", STATUS_READ, TYPE_WORD, PEER(unique), "no",
		.doc = "several IKE_SAs of one identity: no ends those that the peer has lost, replace all "
		       "older "
		       "ones, keep refuses newer ones, never minds none",
		.words = unique_words },
	{ "reauth_time", STATUS_READ, TYPE_TIME, PEER(reauth_time), "0s",
		.doc = "when to authenticate anew" },
	{ "rekey_time", STATUS_READ, TYPE_TIME, PEER(rekey_time),
		.doc = "when to make new keys (4h, or never where reauth_time is set)" },
	{ "over_time", STATUS_READ, TYPE_TIME, PEER(over_time),
		.doc = "how long an IKE_SA may be overdue (10% of rekey_time or reauth_time)" },
	{ "rand_time", STATUS_READ, TYPE_TIME, PEER(rand_time),
		.doc = "taken off rekey_time and reauth_time at random (over_time)" },
	{ "pools", STATUS_READ, TYPE_STRINGS, PEER(pools),
		.doc = "pools to give virtual addresses from; radius: what the RADIUS server gives the "
		       "user" },
	{ "if_id_in", STATUS_READ, TYPE_IF_ID, PEER(if_id_in), "0",
		.doc = "number of the XFRM interface of all children, inbound" },
	{ "if_id_out", STATUS_READ, TYPE_IF_ID, PEER(if_id_out), "0",
		.doc = "number of the XFRM interface of all children, outbound" },
	{ "mediation", STATUS_LATER, TYPE_BOOL, PEER(mediation), "no", .doc = "be a mediator",
		.note = NO_MEDIATOR },
	{ "mediated_by", STATUS_LATER, TYPE_TEXT, PEER(mediated_by), .doc = "the mediator to use",
		.note = NO_MEDIATOR },
	{ "mediation_peer", STATUS_LATER, TYPE_IDENTITY, PEER(mediation_peer),
		.doc = "identity at the mediator", .note = NO_MEDIATOR },
	{ 0 },
};

static const struct conf_key local_keys[] = {
	{ "round", STATUS_READ, TYPE_COUNT, AUTH(round), "0",
		.doc = "order among several rounds; those of equal number as they stand" },
	{ "certs", STATUS_READ, TYPE_CERTS, AUTH(certs), .doc = "our certificates" },
	{ "pubkeys", STATUS_READ, TYPE_CERTS, AUTH(pubkeys), .doc = "our raw public keys" },
	{ "auth", STATUS_READ, TYPE_AUTHENTICATION, AUTH(way),
		.doc = "how we prove who we are: psk, pubkey or eap (pubkey); behind eap-tls:, eap-ttls: and "
		       "eap-peap: what the certificates that the server shows in it must be",
		.differs = "xauth is refused: it belongs to IKEv1" },
	{ "id", STATUS_READ, TYPE_IDENTITY, AUTH(id), "%any",
		.doc = "who we are; our address where not written",
		.differs = "with certificates, its default is their subject; what stands for many identities "
			   "is refused here" },
	{ "eap_id", STATUS_READ, TYPE_IDENTITY, AUTH(eap_id),
		.doc = "who we are to EAP; as id where not written" },
	{ "aaa_id", STATUS_READ, TYPE_IDENTITY, AUTH(aaa_id),
		.doc = "who must be the server of EAP on TLS, by its certificate; the peer where not "
		       "written" },
	{ "xauth_id", STATUS_IGNORED, TYPE_IDENTITY, AUTH(xauth_id), .doc = "XAuth identity",
		.note = ONLY_IKEV1 },
	{ 0 },
};

static const struct conf_key remote_keys[] = {
	{ "round", STATUS_READ, TYPE_COUNT, AUTH(round), "0",
		.doc = "order among several rounds; those of equal number as they stand" },
	{ "id", STATUS_READ, TYPE_IDENTITY, AUTH(id), "%any",
		.doc = "who the peer must be; may have wildcards",
		.differs = "before version 6 there are no expressions ^…$; here they match the whole "
			   "identity or nothing" },
	{ "eap_id", STATUS_READ, TYPE_IDENTITY, AUTH(eap_id),
		.doc = "who the peer must be to EAP, which it is asked then; may have wildcards" },
	{ "groups", STATUS_READ, TYPE_STRINGS, AUTH(groups),
		.doc = "groups of which the user must be in one, with auth = eap-radius (see class_group of "
		       "daemon.radius) or with those of daemon.users_file",
		.differs = "also those of certificates' attributes" },
	{ "cert_policy", STATUS_READ, TYPE_OIDS, AUTH(cert_policy),
		.doc = "policies its certificate must have" },
	{ "certs", STATUS_READ, TYPE_CERTS, AUTH(certs), .doc = "certificates it may have" },
	{ "cacerts", STATUS_READ, TYPE_CERTS, AUTH(cacerts),
		.doc = "authorities its certificate may come from" },
	{ "ca_id", STATUS_READ, TYPE_IDENTITY, AUTH(ca_id), .doc = "identity of such an authority" },
	{ "pubkeys", STATUS_READ, TYPE_CERTS, AUTH(pubkeys), .doc = "raw public keys it may have" },
	{ "revocation", STATUS_READ, TYPE_WORD, AUTH(revocation), "relaxed",
		.doc = "whether a certificate is taken of which nobody says that it is not revoked: strict "
		       "never, ifuri unless it says who would know, relaxed always",
		.words = revocation_words },
	{ "auth", STATUS_READ, TYPE_AUTHENTICATION, AUTH(way),
		.doc = "how the peer proves who it is: psk, pubkey or eap (pubkey); behind eap-tls: as "
		       "behind "
		       "pubkey, what its certificates must be",
		.differs = "xauth is refused: it belongs to IKEv1" },
	{ "xauth_id", STATUS_IGNORED, TYPE_IDENTITY, AUTH(xauth_id), .doc = "XAuth identity",
		.note = ONLY_IKEV1 },
	{ 0 },
};

static const struct conf_key cert_keys[] = {
	{ "file", STATUS_READ, TYPE_TEXT, CERT(file), .doc = "file of the certificate" },
	{ "uri", STATUS_READ, TYPE_TEXT, CERT(uri),
		.doc = "where an OpenSSL provider has it: pkcs11:…, file:…", .differs = OURS },
	{ "handle", STATUS_READ, TYPE_HANDLE, CERT(handle), .doc = "handle of the certificate on a token" },
	{ "slot", STATUS_READ, TYPE_COUNT, CERT(slot), .doc = "slot of the token" },
	{ "module", STATUS_READ, TYPE_TEXT, CERT(module), .doc = "PKCS#11 module of the token" },
	{ 0 },
};

static const struct conf_key child_keys[] = {
	{ "ah_proposals", STATUS_READ, TYPE_AH_PROPOSALS, CHILD(ah),
		.doc = "algorithms for AH (RFC 4302), which signs packets and hides nothing; it takes the "
		       "place "
		       "of ESP, unless esp_proposals is written too: then the peer chooses. On the kernel "
		       "path only, and not across a NAT" },
	{ "single_pair", STATUS_READ, TYPE_BOOL, CHILD(single_pair), "no",
		.doc = "a CHILD_SA for each pair of selectors, for peers that take only one (Cisco, "
		       "Fortinet)",
		.differs = OURS },
	{ "esp_proposals", STATUS_READ, TYPE_ESP_PROPOSALS, CHILD(esp), "default",
		.doc = "algorithms for ESP",
		.differs = "the list of default is ours: modern algorithms only" },
	{ "sha256_96", STATUS_READ, TYPE_BOOL, CHILD(sha256_96), "no",
		.doc = "HMAC-SHA-256 cut to 96 bits (kernel path)" },
	{ "local_ts", STATUS_READ, TYPE_SELECTORS, CHILD(local), "dynamic", .doc = "our networks",
		.differs = "for ICMP a type alone means all of its codes; 5.9.8 means code 0" },
	{ "remote_ts", STATUS_READ, TYPE_SELECTORS, CHILD(remote), "dynamic", .doc = "the peer's networks" },
	{ "rekey_time", STATUS_READ, TYPE_TIME, CHILD(rekey_time),
		.doc = "when to make new keys (1h, or 10% less than life_time)",
		.differs = "5.9.8 has 1h even where life_time is shorter" },
	{ "life_time", STATUS_READ, TYPE_TIME, CHILD(life_time),
		.doc = "when the SA ends in any case (10% more than rekey_time)" },
	{ "rand_time", STATUS_READ, TYPE_TIME, CHILD(rand_time),
		.doc = "taken off rekey_time at random (life_time - rekey_time)" },
	{ "rekey_bytes", STATUS_READ, TYPE_SIZE, CHILD(rekey_bytes),
		.doc = "volume after which new keys are made (none, or 10% less than life_bytes)",
		.differs = "5.9.8 has none where only life_bytes is written" },
	{ "life_bytes", STATUS_READ, TYPE_SIZE, CHILD(life_bytes),
		.doc = "volume after which the SA ends (10% more than rekey_bytes)" },
	{ "rand_bytes", STATUS_IGNORED, TYPE_SIZE, CHILD(rand_bytes), .doc = "variation of rekey_bytes",
		.note = ONLY_VOLUME, .neutral = "0", .differs = "taken off rekey_bytes at random" },
	{ "rekey_packets", STATUS_READ, TYPE_BIG_COUNT, CHILD(rekey_packets),
		.doc = "packets after which new keys are made (none, or 10% less than life_packets)",
		.differs = "5.9.8 has none where only life_packets is written" },
	{ "life_packets", STATUS_READ, TYPE_BIG_COUNT, CHILD(life_packets),
		.doc = "packets after which the SA ends (10% more than rekey_packets)" },
	{ "rand_packets", STATUS_IGNORED, TYPE_BIG_COUNT, CHILD(rand_packets),
		.doc = "variation of rekey_packets", .note = ONLY_VOLUME, .neutral = "0",
		.differs = "taken off rekey_packets at random" },
	{ "updown", STATUS_READ, TYPE_TEXT, CHILD(updown),
		.doc = "command run when the tunnel comes and goes, with strongSwan's PLUTO_* variables" },
	{ "hostaccess", STATUS_READ, TYPE_BOOL, CHILD(hostaccess), "no",
		.doc = "let updown open the way to the gateway" },
	{ "mode", STATUS_READ, TYPE_WORD, CHILD(mode), "tunnel",
		.doc = "tunnel, transport, beet, or iptfs (RFC 9347: packets share and fill the packets "
		       "outside; a kernel that has it, Linux from 6.14 on with CONFIG_XFRM_IPTFS); the peer "
		       "must want the same, else it is a tunnel; or no SA: pass, to let such traffic go in "
		       "the clear, or drop (transport_proxy: later)",
		.words = child_modes },
	{ "forward", STATUS_READ, TYPE_WORD, CHILD(forward), "no",
		.doc = "make this machine forward packets out of the tunnel and into it: yes, or nat: those "
		       "out of it that leave by another way than a tunnel get this machine's address; no: as "
		       "the machine is set",
		.words = forward_words, .differs = OURS },
	{ "client_to_client", STATUS_READ, TYPE_BOOL, CHILD(client_to_client), "yes",
		.doc = "let packets go from one tunnel of this child into another; no: they are dropped, "
		       "also "
		       "those between two children that say no",
		.differs = OURS },
	{ "mss", STATUS_READ, TYPE_MSS, CHILD(mss), "auto",
		.doc = "largest TCP segment through the tunnel: octets; auto, what fits (on the kernel path "
		       "only "
		       "with forward); no: TCP is left alone",
		.differs = OURS },
	{ "kill_switch", STATUS_READ, TYPE_WORD, CHILD(kill_switch), "no",
		.doc = "drop what would leave for remote_ts in the clear (yes), or anything, also of the "
		       "other IP "
		       "version (all): from when start_action, keep or a command wants the tunnel, until a "
		       "command or an orderly stop ends it; what shunts with mode = pass name goes on",
		.words = kill_words, .differs = OURS },
	{ "policies", STATUS_READ, TYPE_BOOL, CHILD(policies), "yes",
		.doc = "install policies; no: they are yours to make (kernel path)" },
	{ "policies_fwd_out", STATUS_READ, TYPE_BOOL, CHILD(policies_fwd_out), "no",
		.doc = "install outbound forward policies (kernel path)" },
	{ "dpd_action", STATUS_READ, TYPE_WORD, CHILD(dpd_action), "clear",
		.doc = "what to do when the peer is dead", .words = action_words },
	{ "ipcomp", STATUS_LATER, TYPE_BOOL, CHILD(ipcomp), "no", .doc = "compression",
		.note = "IPComp is not built in yet" },
	{ "inactivity", STATUS_READ, TYPE_TIME, CHILD(inactivity), "0s",
		.doc = "close after that long without traffic; 0: never" },
	{ "reqid", STATUS_READ, TYPE_COUNT, CHILD(reqid), "0",
		.doc = "number of the policies; 0: chosen by us" },
	{ "priority", STATUS_READ, TYPE_COUNT, CHILD(priority), "0",
		.doc = "priority of the policies, the smaller goes first; 0: by their selectors" },
	{ "interface", STATUS_READ, TYPE_DEVICE, CHILD(interface),
		.doc = "device of this tunnel alone, to which no routes are made unless interface_routes "
		       "says "
		       "so: a tun device, or where the kernel carries the packets an XFRM interface",
		.differs = "the interface that policies are bound to" },
	{ "interface_addrs", STATUS_READ, TYPE_IF_ADDRS, CHILD(interface_addrs),
		.doc = "addresses to put on that device, as 10.0.0.1/24", .differs = OURS,
		.count_at = CHILD(n_interface_addrs) },
	{ "interface_routes", STATUS_READ, TYPE_ROUTES, CHILD(interface_routes), "no",
		.doc = "what to route to that device: yes, all of remote_ts; no, nothing; or these networks",
		.differs = OURS },
	{ "mark_in", STATUS_READ, TYPE_MARK, CHILD(mark_in), NO_MARK, .doc = "mark of inbound policies" },
	{ "mark_in_sa", STATUS_READ, TYPE_BOOL, CHILD(mark_in_sa), "no", .doc = "mark_in on the SA too" },
	{ "mark_out", STATUS_READ, TYPE_MARK, CHILD(mark_out), NO_MARK, .doc = "mark of outbound policies" },
	{ "connmark", STATUS_READ, TYPE_BOOL, CHILD(connmark), "no",
		.doc = "tell peers with the same addresses inside (clients behind one NAT) apart: what comes "
		       "in gets "
		       "mark_in by its SPI, and answers in the connections inside get mark_out (kernel path)",
		.differs = "the plugin connmark, for transport mode and IPv4" },
	{ "set_mark_in", STATUS_READ, TYPE_SET_MARK, CHILD(set_mark_in), NO_MARK,
		.doc = "mark set on inbound packets" },
	{ "set_mark_out", STATUS_READ, TYPE_SET_MARK, CHILD(set_mark_out), NO_MARK,
		.doc = "mark set on outbound packets" },
	{ "if_id_in", STATUS_READ, TYPE_IF_ID, CHILD(if_id_in), "0",
		.doc = "number of the XFRM interface, inbound; 0: none, or that of the connection" },
	{ "if_id_out", STATUS_READ, TYPE_IF_ID, CHILD(if_id_out), "0",
		.doc = "number of the XFRM interface, outbound; 0: none, or that of the connection" },
	{ "label", STATUS_LATER, TYPE_TEXT, CHILD(label), .doc = "security label", .note = NO_LABELS },
	{ "label_mode", STATUS_LATER, TYPE_WORD, CHILD(label_mode), "system", .doc = "kind of label",
		.note = NO_LABELS, .words = label_words },
	{ "tfc_padding", STATUS_READ, TYPE_PADDING, CHILD(tfc_padding), "0",
		.doc = "pad packets to this size (on the kernel path, where ESP does not go in UDP, Linux "
		       "leaves the padding out while its module esp4_offload or esp6_offload is loaded, "
		       "which the log says then); mtu: to that of the path" },
	{ "replay_window", STATUS_READ, TYPE_COUNT, CHILD(replay_window), "1024",
		.doc = "packets that may overtake each other, at most 65536, and on the kernel path 4096; 0: "
		       "no replay protection",
		.differs = "32, or charon.replay_window: too few for fast links" },
	{ "hw_offload", STATUS_READ, TYPE_WORD, CHILD(hw_offload), "no",
		.doc = "hardware offload (kernel path): yes (crypto), packet, or auto: crypto where the "
		       "device can",
		.words = offload_words,
		.differs = "auto never means packet: only that may take policies too" },
	{ "per_cpu_sas", STATUS_READ, TYPE_WORD, CHILD(per_cpu_sas), "no",
		.doc = "an SA for each CPU that sends, where the peer has that too (RFC 9611): asked for as "
		       "packets come, on the kernel path with Linux 6.13 or newer, and on the userspace path "
		       "for each of several packet threads (daemon.workers); elsewhere those that the peer "
		       "asks for are made, and packets leave by the general one; encap: and from ports of "
		       "their own, on the userspace path those of its threads, where ESP goes in UDP",
		.words = per_cpu_words, .differs = "encap leaves the general SA at its port" },
	{ "datapath", STATUS_READ, TYPE_WORD, CHILD(datapath), "default",
		.doc = "who carries its packets: kernel, user (we), auto (the kernel where it can), default "
		       "(as "
		       "daemon.datapath says)",
		.words = child_datapath_words, .differs = OURS },
	{ "copy_df", STATUS_READ, TYPE_BOOL, CHILD(copy_df), "yes",
		.doc = "copy the DF bit to the outer header" },
	{ "copy_ecn", STATUS_READ, TYPE_BOOL, CHILD(copy_ecn), "yes", .doc = "carry ECN across the tunnel" },
	{ "copy_dscp", STATUS_READ, TYPE_WORD, CHILD(copy_dscp), "out",
		.doc = "copy the DSCP: out to the outer header, in from it, yes both, no neither",
		.words = dscp_words },
	{ "icmp", STATUS_READ, TYPE_BOOL, CHILD(icmp), "no",
		.doc = "take ICMP errors about its packets with it, both ways, also of senders outside the "
		       "selectors (kernel path; those passed on to hosts behind: from Linux 6.9)" },
	{ "other_family", STATUS_READ, TYPE_WORD, CHILD(other_family), "pass",
		.doc = "where it takes all of IPv4, or of IPv6, and nothing of the other: what becomes of "
		       "the other's "
		       "packets while it is up. drop keeps them from going in the clear",
		.words = other_family_words, .differs = OURS },
	{ "start_action", STATUS_READ, TYPE_WORD, CHILD(start_action), "none",
		.doc = "when loaded: start at once, or trap: with the first packet", .words = action_words },
	{ "keep", STATUS_READ, TYPE_BOOL, CHILD(keep), "no",
		.doc = "keep it up for ever: try again and again, with growing pauses, whenever it is not",
		.differs = OURS },
	{ "close_action", STATUS_READ, TYPE_WORD, CHILD(close_action), "none",
		.doc = "what to do when the peer closes it", .words = action_words },
	{ 0 },
};

static const struct conf_key shared_secret_keys[] = {
	{ "secret", STATUS_READ, TYPE_SECRET, SECRET(data),
		.doc = "the shared secret: text, 0x and hexadecimal, or 0s and base64" },
	{ "id*", STATUS_READ, TYPE_OWNER, SECRET(owners),
		.doc = "whose secret it is, several with different suffixes; anybody's where none is written",
		.count_at = SECRET(n_owners) },
	{ 0 },
};

static const struct conf_key key_file_keys[] = {
	{ "file", STATUS_READ, TYPE_TEXT, KEY(file), .doc = "file of the private key" },
	{ "secret", STATUS_READ, TYPE_SECRET, KEY(secret), .doc = "its passphrase" },
	{ 0 },
};

static const struct conf_key token_keys[] = {
	{ "uri", STATUS_READ, TYPE_TEXT, KEY(uri),
		.doc = "where an OpenSSL provider has the key: pkcs11:…, handle:0x81000001 (TPM 2.0), file:…",
		.differs = OURS },
	{ "handle", STATUS_READ, TYPE_HANDLE, KEY(handle),
		.doc = "handle of the key on the token, which the provider pkcs11 finds" },
	{ "slot", STATUS_READ, TYPE_COUNT, KEY(slot), .doc = "slot of the token" },
	{ "module", STATUS_READ, TYPE_TEXT, KEY(module), .doc = "PKCS#11 module of the token",
		.differs = "a name in strongswan.conf; here one that the provider knows" },
	{ "pin", STATUS_READ, TYPE_SECRET, KEY(secret), .doc = "its PIN" },
	{ 0 },
};

/* What these say is read in pool.c. */
static const struct conf_key pool_keys[] = {
	{ "addrs", STATUS_READ, TYPE_TEXT, NOWHERE,
		.doc = "addresses of the pool: a prefix, from its host part on if it has one, or a range" },
	{ "dns", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "name servers" },
	{ "nbns", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "NetBIOS name servers" },
	{ "dhcp", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "DHCP servers" },
	{ "netmask", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "netmask" },
	{ "server", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "servers" },
	{ "subnet", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "networks behind us" },
	{ "split_include", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "networks to tunnel (Cisco)" },
	{ "split_exclude", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "networks not to tunnel (Cisco)" },
	{ "p_cscf", STATUS_READ, TYPE_TEXT, NOWHERE, .doc = "SIP proxies" },
	{ "*", STATUS_READ, TYPE_TEXT, NOWHERE,
		.doc = "an attribute by its number: addresses, 0x and hexadecimal, or texts" },
	{ 0 },
};

static const struct conf_key authority_keys[] = {
	{ "cacert", STATUS_READ, TYPE_CERT, AUTHORITY(cacert),
		.doc = "certificate of the authority: its file, or 0x or 0s and itself" },
	{ "file", STATUS_READ, TYPE_TEXT, AUTHORITY(cacert.file), .doc = "file of that certificate" },
	{ "handle", STATUS_READ, TYPE_HANDLE, AUTHORITY(cacert.handle), .doc = "handle of it on a token" },
	{ "slot", STATUS_READ, TYPE_COUNT, AUTHORITY(cacert.slot), .doc = "slot of the token" },
	{ "module", STATUS_READ, TYPE_TEXT, AUTHORITY(cacert.module), .doc = "PKCS#11 module of the token" },
	{ "crl_uris", STATUS_READ, TYPE_STRINGS, AUTHORITY(crl_uris), .doc = "where its CRLs are" },
	{ "ocsp_uris", STATUS_READ, TYPE_STRINGS, AUTHORITY(ocsp_uris),
		.doc = "where its OCSP responders are" },
	{ "cert_uri_base", STATUS_READ, TYPE_TEXT, AUTHORITY(cert_uri_base), .doc = "base for hash-and-URL" },
	{ 0 },
};

static const struct conf_key daemon_keys[] = {
	{ "port", STATUS_READ, TYPE_PORT, SETTINGS(port), "500", .doc = "UDP port for IKE" },
	{ "port_nat_t", STATUS_READ, TYPE_PORT, SETTINGS(port_nat_t), "4500",
		.doc = "UDP port for IKE behind a NAT and for ESP in UDP" },
	{ "tcp_port", STATUS_READ, TYPE_PORT, SETTINGS(tcp_port),
		.doc = "TCP port where peers may come that UDP does not reach (RFC 9329), 4500 by custom; "
		       "none where "
		       "it is not set. Read at start",
		.differs = OURS },
	{ "datapath", STATUS_READ, TYPE_WORD, SETTINGS(datapath), "auto",
		.doc = "who carries packets: kernel, user (we), or auto: the kernel where it can",
		.words = datapath_words, .differs = OURS },
	{ "udp_encap", STATUS_READ, TYPE_BOOL, SETTINGS(udp_encap), "yes",
		.doc = "ESP in UDP on the userspace path even without NAT",
		.differs = "no, but with kernel-libipsec always yes unless raw_esp is set" },
	{ "workers", STATUS_READ, TYPE_COUNT, SETTINGS(workers), "0",
		.doc = "packet threads in each direction on the userspace path, at most 16; 0: half as many "
		       "as there are processors",
		.differs = OURS },
	{ "cpus", STATUS_READ, TYPE_COUNT, SETTINGS(cpus), "0",
		.doc = "CPUs that SAs of their own are for (per_cpu_sas); 0: those that this machine has",
		.differs = OURS },
	{ "tun_name", STATUS_READ, TYPE_DEVICES, SETTINGS(tun_name), "ipsec",
		.doc = "what names of our tun devices begin with", .differs = OURS },
	{ "retransmit_timeout", STATUS_READ, TYPE_TIME, SETTINGS(retransmit_timeout), "4s",
		.doc = "wait before the first repetition of a message" },
	{ "retransmit_base", STATUS_READ, TYPE_FACTOR, SETTINGS(retransmit_base), "1.8",
		.doc = "how many times longer each further wait is" },
	{ "retransmit_tries", STATUS_READ, TYPE_COUNT, SETTINGS(retransmit_tries), "5",
		.doc = "repetitions before giving up" },
	{ "retransmit_jitter", STATUS_READ, TYPE_PERCENT, SETTINGS(retransmit_jitter), "10",
		.doc = "percent taken off a wait at random", .differs = "0" },
	{ "retransmit_limit", STATUS_READ, TYPE_TIME, SETTINGS(retransmit_limit), "0s",
		.doc = "longest wait; 0: no limit" },
	{ "fragment_size", STATUS_READ, TYPE_COUNT, SETTINGS(fragment_size), "1280",
		.doc = "octets of the largest IP datagram that carries a fragment of an IKE message, at "
		       "least "
		       "576; where they do not get through smaller ones are tried; 0: 576 for IPv4, 1280 for "
		       "IPv6" },
	{ "half_open_timeout", STATUS_READ, TYPE_TIME, SETTINGS(half_open_timeout), "30s",
		.doc = "how long a peer may take to authenticate, and for each additional key exchange "
		       "before" },
	{ "keep_alive", STATUS_READ, TYPE_TIME, SETTINGS(keep_alive), "20s",
		.doc = "how often to keep a NAT's mapping alive; 0: never" },
	{ "cookie_threshold", STATUS_READ, TYPE_COUNT, SETTINGS(cookie_threshold), "30",
		.doc = "half-open IKE_SAs from which on cookies are asked for, and half-open ones kept for a "
		       "shorter time",
		.differs = "0 asks always, where strongSwan never does" },
	{ "cookie_threshold_ip", STATUS_READ, TYPE_COUNT, SETTINGS(cookie_threshold_ip), "3",
		.doc = "half-open IKE_SAs of one address (IPv6: of one /64) from which on it is asked for "
		       "cookies",
		.differs = "0 asks always, where strongSwan never does" },
	{ "puzzle_threshold", STATUS_READ, TYPE_COUNT, SETTINGS(puzzle_threshold), "0",
		.doc = "half-open IKE_SAs from which on cookies, where they are asked for, come with a "
		       "puzzle (RFC 8019), the harder the more are half open, and harder for an address "
		       "(IPv6: a /64) that has more than cookie_threshold_ip of them or sends nonsense, "
		       "which gets one without an attack, too: who solves it comes in, and ten a second of "
		       "those who cannot; 0: never",
		.differs = OURS },
	{ "puzzle_choice", STATUS_READ, TYPE_BOOL, SETTINGS(puzzle_choice), "no",
		.doc = "whether the peer chooses how hard its puzzle is while fewer than twice "
		       "puzzle_threshold IKE_SAs are half open (RFC 8019, 7.1.1.1), for peers of which some "
		       "are far slower than others: each works for as long as it can afford; who finds ten "
		       "zero bits comes in at once, and ten a second of those who find fewer, the more bits "
		       "the sooner",
		.differs = OURS },
	{ "puzzle_auth_threshold", STATUS_READ, TYPE_COUNT, SETTINGS(puzzle_auth_threshold), "0",
		.doc = "half-open IKE_SAs in ten seconds whose first sealed request is nonsense from which "
		       "on who has "
		       "solved a puzzle (puzzle_threshold) is asked for another solution with its IKE_AUTH "
		       "(RFC 8019, "
		       "7.2), before keys are agreed on; not with a KEM, or where IKE_INTERMEDIATE comes "
		       "first; 0: never",
		.differs = OURS },
	{ "block_threshold", STATUS_READ, TYPE_COUNT, SETTINGS(block_threshold), "5",
		.doc = "half-open IKE_SAs of one address (IPv6: of one /64) from which on it begins no "
		       "other; 0: no limit" },
	{ "init_limit_half_open", STATUS_READ, TYPE_COUNT, SETTINGS(init_limit_half_open), "0",
		.doc = "IKE_SAs being set up from which on no peer begins another one, nor a client of VICI "
		       "that asks for limits; 0: no limit" },
	{ "init_limit_job_load", STATUS_READ, TYPE_COUNT, SETTINGS(init_limit_job_load), "0",
		.doc = "the same for questions (keys, certificates, routes) that wait for their answers; 0: "
		       "no limit" },
	{ "make_before_break", STATUS_READ, TYPE_BOOL, SETTINGS(make_before_break), "yes",
		.doc = "authenticate anew before the old IKE_SA is closed",
		.differs = "no before version 6" },
	{ "updown_timeout", STATUS_READ, TYPE_TIME, SETTINGS(updown_timeout), "30s",
		.doc = "how long an updown script may run; 0: as long as it likes", .differs = OURS },
	{ "charon_socket", STATUS_READ, TYPE_CHOICE, SETTINGS(charon_socket), "auto",
		.doc = "offer the control socket where strongSwan's is", .words = socket_words,
		.differs = OURS },
	{ "dns", STATUS_READ, TYPE_WORD, SETTINGS(dns), "auto",
		.doc = "how this machine is told of the DNS servers that gateways give with virtual "
		       "addresses: "
		       "by systemd-resolved, for each tunnel its own, and for the gateway's domains only "
		       "where "
		       "it names some; by resolvconf; in /etc/resolv.conf; not at all. auto: the first of "
		       "them "
		       "that is there",
		.words = dns_words, .differs = "as the plugin resolve: resolvconf, or the file" },
	{ "lan_bypass", STATUS_READ, TYPE_WORD, SETTINGS(lan_bypass), "no",
		.doc = "networks that this machine is directly connected to, by cable or Wi-Fi, stay outside "
		       "of all tunnels, whichever they are just now: with yes those of private addresses "
		       "(RFC 1918, RFC 6598, RFC 4193) that are no larger than a /16, of IPv6 a /64, since "
		       "who gives out addresses in a foreign network could name one that draws packets out "
		       "of the tunnel; with all, whatever they are",
		.words = lan_words, .differs = "by the plugin bypass-lan, which is all" },
	{ "hash_and_url", STATUS_READ, TYPE_BOOL, SETTINGS(hash_and_url), "no",
		.doc = "take certificates by hash and URL, and send them so where authorities have a "
		       "cert_uri_base: a stranger can make us fetch what he names" },
	{ "follow_redirects", STATUS_READ, TYPE_BOOL, SETTINGS(follow_redirects), "yes",
		.doc = "let peers redirect us to other gateways of a connection: those of remote_addrs and "
		       "redirect_addrs (RFC 5685)",
		.differs = "to any gateway" },
	{ "crash_detection", STATUS_READ, TYPE_BOOL, SETTINGS(crash_detection), "yes",
		.doc = "prove to peers that we were restarted, and believe theirs, so that tunnels are back "
		       "at "
		       "once (RFC 6290)",
		.differs = OURS },
	{ "fetch_local", STATUS_READ, TYPE_BOOL, SETTINGS(fetch_local), "no",
		.doc = "fetch CRLs and OCSP answers from loopback and link-local addresses too",
		.differs = OURS },
	{ "portal_url", STATUS_READ, TYPE_TEXT, SETTINGS(portal_url),
		.doc = "ask for this (http://HOST/…) when a connection is begun, to say where a captive "
		       "portal "
		       "answers in its place; nothing is asked for where this is not set",
		.differs = OURS },
	{ "portal_answer", STATUS_READ, TYPE_TEXT, SETTINGS(portal_answer),
		.doc = "what is there, without the end of its line; not set: nothing, as with an answer 204",
		.differs = OURS },
	{ "vici_socket", STATUS_READ, TYPE_SOCKET, SETTINGS(vici_socket),
		.doc = "another place where the control socket is offered, as unix:///run/my.vici" },
	{ "users_file", STATUS_READ, TYPE_TEXT, SETTINGS(users_file),
		.doc = "who may log in by EAP, beside those of the section secrets: a file beside this one, "
		       "or "
		       "elsewhere with its whole path, in which lines are NAME:password:WORD, NAME:nt:HASH "
		       "(32 "
		       "digits), NAME:crypt:$… (for eap-gtc), NAME:groups:A,B and NAME:address:IPV4,IPV6; "
		       "read "
		       "again when it changes",
		.differs = OURS },
	{ "install_routes", STATUS_READ, TYPE_BOOL, SETTINGS(install_routes), "yes",
		.doc = "make routes to what tunnels lead to; no: they are yours to make" },
	{ "socket_group", STATUS_READ, TYPE_TEXT, SETTINGS(socket_group),
		.doc = "group whose members may control the daemon as root may", .differs = OURS },
	{ "socket_readers", STATUS_READ, TYPE_TEXT, SETTINGS(socket_readers),
		.doc = "group whose members may ask the daemon, but change nothing", .differs = OURS },
	{ "routing_table", STATUS_READ, TYPE_TABLE, SETTINGS(routing_table), "220",
		.doc = "table of the routes to our devices: a number, or main, which has no rule that leads "
		       "to it" },
	{ "routing_table_prio", STATUS_READ, TYPE_COUNT, SETTINGS(routing_table_prio), "220",
		.doc = "priority of the rule that leads to it" },
	{ "audit_interval", STATUS_READ, TYPE_TIME, SETTINGS(audit_interval), "5m",
		.doc = "how often the SAs and policies in the kernel are compared with those that should be "
		       "there, and put right, as ipsec check does at once; 0: only then",
		.differs = OURS },
	{ "iptfs_drop_time", STATUS_READ, TYPE_COUNT, SETTINGS(iptfs.drop_time), "1000000",
		.doc = "with mode = iptfs: microseconds that a packet which comes early waits for those "
		       "before it" },
	{ "iptfs_reorder_window", STATUS_READ, TYPE_COUNT, SETTINGS(iptfs.reorder_window), "3",
		.doc = "how many packets early one may be, at most 65535" },
	{ "iptfs_init_delay", STATUS_READ, TYPE_COUNT, SETTINGS(iptfs.init_delay), "0",
		.doc = "microseconds that a first packet waits for others to go with it" },
	{ "iptfs_max_queue_size", STATUS_READ, TYPE_COUNT, SETTINGS(iptfs.max_queue_size), "1048576",
		.doc = "octets that may wait for that; more are dropped" },
	{ "iptfs_packet_size", STATUS_READ, TYPE_COUNT, SETTINGS(iptfs.packet_size), "0",
		.doc = "the largest packet outside, in octets; 0: as the path takes it" },
	{ "iptfs_accept_fragments", STATUS_READ, TYPE_BOOL, SETTINGS(iptfs.accept_fragments), "yes",
		.doc = "peers may cut packets inside in pieces" },
	{ "iptfs_dont_fragment", STATUS_READ, TYPE_BOOL, SETTINGS(iptfs.dont_fragment), "no",
		.doc = "cut none ourselves, also where a peer takes them" },
	{ 0 },
};

const struct conf_section schema_sections[CONF_SECTIONS_MAX] = {
	[CONF_ROOT] = { CONF_SECTIONS_MAX, "", "", .status = STATUS_READ },
	[CONF_CONNECTIONS] = { CONF_ROOT, "connections", "connections", .status = STATUS_READ },
	[CONF_CONNECTION] = { CONF_CONNECTIONS, "*", "connections.<conn>", .status = STATUS_READ,
		.keys = connection_keys },
	[CONF_LOCAL] = { CONF_CONNECTION, "local*", "connections.<conn>.local<suffix>", .status = STATUS_READ,
		.keys = local_keys },
	[CONF_REMOTE] = { CONF_CONNECTION, "remote*", "connections.<conn>.remote<suffix>",
		.status = STATUS_READ, .keys = remote_keys },
	[CONF_CERT] = { CONF_LOCAL, "cert*", "connections.<conn>.local<suffix>.cert<suffix>",
		.status = STATUS_READ, .keys = cert_keys },
	[CONF_REMOTE_CERT] = { CONF_REMOTE, "cert*", "connections.<conn>.remote<suffix>.cert<suffix>",
		.status = STATUS_READ, .keys = cert_keys },
	[CONF_CACERT] = { CONF_REMOTE, "cacert*", "connections.<conn>.remote<suffix>.cacert<suffix>",
		.status = STATUS_READ, .keys = cert_keys },
	[CONF_CHILDREN] = { CONF_CONNECTION, "children", "connections.<conn>.children",
		.status = STATUS_READ },
	[CONF_CHILD] = { CONF_CHILDREN, "*", "connections.<conn>.children.<child>", .status = STATUS_READ,
		.keys = child_keys },
	[CONF_SECRETS] = { CONF_ROOT, "secrets", "secrets", .status = STATUS_READ },
	[CONF_IKE_SECRET] = { CONF_SECRETS, "ike*", "secrets.ike<suffix>", .status = STATUS_READ,
		.keys = shared_secret_keys },
	[CONF_EAP_SECRET] = { CONF_SECRETS, "eap*", "secrets.eap<suffix>", .status = STATUS_READ,
		.keys = shared_secret_keys },
	[CONF_XAUTH_SECRET] = { CONF_SECRETS, "xauth*", "secrets.xauth<suffix>", .status = STATUS_READ,
		.keys = shared_secret_keys },
	[CONF_NTLM_SECRET] = { CONF_SECRETS, "ntlm*", "secrets.ntlm<suffix>", .status = STATUS_READ,
		.keys = shared_secret_keys },
	[CONF_PPK_SECRET] = { CONF_SECRETS, "ppk*", "secrets.ppk<suffix>", .status = STATUS_READ,
		.keys = shared_secret_keys },
	[CONF_PRIVATE_SECRET] = { CONF_SECRETS, "private*", "secrets.private<suffix>", .status = STATUS_READ,
		.keys = key_file_keys },
	[CONF_RSA_SECRET] = { CONF_SECRETS, "rsa*", "secrets.rsa<suffix>", .status = STATUS_READ,
		.keys = key_file_keys },
	[CONF_ECDSA_SECRET] = { CONF_SECRETS, "ecdsa*", "secrets.ecdsa<suffix>", .status = STATUS_READ,
		.keys = key_file_keys },
	[CONF_PKCS8_SECRET] = { CONF_SECRETS, "pkcs8*", "secrets.pkcs8<suffix>", .status = STATUS_READ,
		.keys = key_file_keys },
	[CONF_PKCS12_SECRET] = { CONF_SECRETS, "pkcs12*", "secrets.pkcs12<suffix>", .status = STATUS_READ,
		.keys = key_file_keys },
	[CONF_TOKEN_SECRET] = { CONF_SECRETS, "token*", "secrets.token<suffix>", .status = STATUS_READ,
		.keys = token_keys },
	[CONF_POOLS] = { CONF_ROOT, "pools", "pools", .status = STATUS_READ },
	[CONF_POOL] = { CONF_POOLS, "*", "pools.<name>", .status = STATUS_READ, .keys = pool_keys },
	[CONF_AUTHORITIES] = { CONF_ROOT, "authorities", "authorities", .status = STATUS_READ },
	[CONF_AUTHORITY] = { CONF_AUTHORITIES, "*", "authorities.<name>", .status = STATUS_READ,
		.keys = authority_keys },
	[CONF_DAEMON] = { CONF_ROOT, "daemon", "daemon", .status = STATUS_READ, .keys = daemon_keys },
	[CONF_RADIUS] = { CONF_DAEMON, "radius", "daemon.radius", .status = STATUS_READ,
		.keys = schema_radius_keys },
	[CONF_RADIUS_SERVERS] = { CONF_RADIUS, "servers", "daemon.radius.servers", .status = STATUS_READ },
	[CONF_RADIUS_SERVER] = { CONF_RADIUS_SERVERS, "*", "daemon.radius.servers.<name>",
		.status = STATUS_READ, .keys = schema_radius_server_keys },
	[CONF_RADIUS_DAE] = { CONF_RADIUS, "dae", "daemon.radius.dae", .status = STATUS_READ,
		.keys = schema_radius_dae_keys },
	[CONF_RADIUS_FORWARD] = { CONF_RADIUS, "forward", "daemon.radius.forward", .status = STATUS_IGNORED,
		.note = NO_FORWARD },
	[CONF_RADIUS_XAUTH] = { CONF_RADIUS, "xauth", "daemon.radius.xauth", .status = STATUS_IGNORED,
		.note = ONLY_IKEV1 },
};

const struct conf_section *schema_section(enum conf_section_kind kind)
{
	return &schema_sections[kind];
}

enum conf_section_kind schema_kind(const struct conf_section *row)
{
	return (enum conf_section_kind)(row - schema_sections);
}
