/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as configured: immutable, counted. An SA holds the version it was made under. */
#pragma once

#include "base/names.h"
#include "model/addr.h"
#include "model/data_path.h"
#include "model/id.h"
#include "model/proposal.h"
#include "model/ts.h"

/* Where a section was written: file and line of each of its keys, for explanations. */
struct source_key {
	const char *key;
	unsigned line; /* 0: in another file */
};

struct source {
	const char *section; /* "connections.a.children.net" */
	const char *file;    /* "/etc/ikev2d/ikev2d.conf", or "vici" */
	unsigned line;       /* of the section; 0: none */
	const struct source_key *keys;
	unsigned n;
};

/* "FILE:LINE (SECTION.KEY)", with the line of the section where KEY was not written. From ARENA. */
const char *source_print(const struct source *s, const char *key, struct arena *arena);

/* Whether KEY was written there. */
bool source_has(const struct source *s, const char *key);

enum origin { ORIGIN_FILE, ORIGIN_VICI };

/* A list of texts. */
struct strings {
	const char *const *v;
	unsigned n;
};

/* A certificate or a raw public key, before anybody has looked into it: a file, its octets, or an object on a
 * token. */
struct cert_conf {
	const char *file;  /* NULL: not in a file */
	struct bytes data; /* PEM or DER; empty: none */
	struct bytes
		paper;   /* what it says, where another process has read it (pki/paper.h); empty: none has */
	const char *uri; /* of an OpenSSL provider; NULL: none */
	const char *handle; /* CKA_ID in hexadecimal; NULL: not on a token */
	const char *module; /* NULL: any */
	uint32_t slot;
	bool has_slot;
};

struct cert_confs {
	const struct cert_conf *v;
	unsigned n;
};

enum auth_method { AUTH_ANY, AUTH_PSK, AUTH_PUBKEY, AUTH_EAP };

/* The value of "auth": "psk", "pubkey-sha256", "eap-tls:rsa-2048". */
struct auth_way {
	enum auth_method method; /* AUTH_ANY: not said, which is pubkey where we prove ourselves */
	const char *eap;         /* "tls", or a number, "-" and a vendor's behind it or not; NULL: any */
	const char *constraints; /* on keys and signatures: "rsa-2048-sha256"; NULL: none */
};

/* The words for EAP methods, by their numbers; those above 255 are none on the wire. */
enum { EAP_METHOD_TLS = 13, EAP_METHOD_DYNAMIC = 256, EAP_METHOD_RADIUS = 257 };
extern const struct name eap_methods[];

/* The number of a method by its word, or by its number as a word; and how strongSwan names it: "EAP_TLS", or
 * the number in brackets. From ARENA. */
int eap_method_number(const char *word);
const char *eap_method_print(int number, struct arena *arena);

enum revocation_policy { REVOCATION_RELAXED, REVOCATION_IFURI, REVOCATION_STRICT };

/* One round of proving who one side is (RFC 4739). */
struct auth_conf {
	struct auth_way way;
	uint32_t round;
	struct id id; /* local: ID_ANY means our address; remote: may have wildcards */
	struct id eap_id, aaa_id, xauth_id, ca_id; /* ID_ANY: not said */
	struct strings groups, cert_policy;
	struct cert_confs certs, cacerts, pubkeys;
	enum revocation_policy revocation;
	struct source at;
	struct auth_conf *next; /* the round after it; NULL: none */
};

/* Whether both demand the same of certificates. And the pieces of that. */
bool auth_demands_same(const struct auth_conf *a, const struct auth_conf *b);
bool cert_conf_same(const struct cert_conf *a, const struct cert_conf *b);
bool strings_same(struct strings a, struct strings b);
bool text_same(const char *a, const char *b); /* NULL is only NULL */

enum child_mode {
	MODE_TUNNEL,
	MODE_TRANSPORT,
	MODE_TRANSPORT_PROXY,
	MODE_IPTFS,
	MODE_BEET,
	MODE_PASS, /* no SA: such traffic goes in the clear */
	MODE_DROP, /* no SA: such traffic does not go */
};
extern const struct name child_modes[]; /* their words in a configuration: "transport" */

enum child_action { ACTION_NONE, ACTION_TRAP, ACTION_START, ACTION_TRAP_START };
enum copy_dscp { DSCP_OUT, DSCP_IN, DSCP_BOTH, DSCP_NO };
enum hw_offload { OFFLOAD_NO, OFFLOAD_CRYPTO, OFFLOAD_PACKET, OFFLOAD_AUTO };
enum per_cpu { PER_CPU_NO, PER_CPU_YES, PER_CPU_ENCAP };
enum label_mode { LABEL_SYSTEM, LABEL_SIMPLE, LABEL_SELINUX };

/* Packets out of a tunnel and into it that are not this machine's. */
enum forward_policy {
	FORWARD_NO,  /* as the machine is set */
	FORWARD_YES, /* are forwarded */
	FORWARD_NAT, /* and those out of it that leave by other ways than a tunnel get an address of ours */
};

/* Packets that are to go into a tunnel, and would go in the clear where it is not there. */
enum kill_switch {
	KILL_NO,  /* policies and routes of ours hold them back as long as they are there */
	KILL_YES, /* do not go */
	KILL_ALL, /* nor do any others */
};

enum { MSS_AUTO = 0 /* as fits into the tunnel */, MSS_NO = UINT32_MAX };

/* Who chooses a mark or an interface ID. */
enum drawn {
	DRAWN_NOT,       /* it is written */
	DRAWN_UNIQUE,    /* "%unique": we, one for each CHILD_SA (IKE_SA) */
	DRAWN_DIRECTION, /* "%unique-dir": we, one for each of its directions */
	DRAWN_SAME,      /* "%same": that of the packet */
};

struct mark {
	enum drawn drawn;
	uint32_t value, mask;
};

/* Number of an XFRM interface; 0: none. */
struct if_id {
	enum drawn drawn;
	uint32_t value;
};

/* An address on a device, with the length of its network's prefix: "10.0.0.1/24". */
struct if_addr {
	struct ip ip;
	unsigned bits;
};

/* What is routed to a device of a tunnel's own. */
struct device_routes {
	bool remote;     /* the remote selectors */
	struct tss nets; /* these; none with REMOTE */
};

enum { TFC_MTU = UINT32_MAX /* tfc_padding: as large as a packet may be */ };

enum other_family { OTHER_PASS, OTHER_DROP };

struct child_conf {
	const char *name;
	const char *group; /* single_pair: the name as configured, which all pairs share; else NAME */
	bool single_pair;  /* a CHILD_SA for each pair of selectors */
	struct source at;
	enum child_mode mode;
	enum other_family other_family; /* of packets of the IP version that it does not take */
	struct tss local, remote;       /* may hold dynamic ones */
	struct proposals esp, ah;       /* as configured */
	struct proposals offers;        /* both, as they are negotiated (child_conf_offer) */
	bool sha256_96;                 /* HMAC-SHA-256 cut to 96 bits instead of 128 */
	enum child_action start_action, close_action, dpd_action;
	bool keep;                                                     /* up for ever */
	uint64_t rekey_time, life_time, rand_time, inactivity;         /* ms; 0: none */
	uint64_t rekey_bytes, life_bytes, rekey_packets, life_packets; /* 0: none */
	uint64_t rand_bytes, rand_packets;
	uint32_t replay_window;                /* packets; 0: no replay protection */
	uint32_t reqid;                        /* 0: drawn by the core */
	uint32_t priority;                     /* of the policies; 0: by their selectors */
	const char *interface;                 /* device of its own; NULL: the default one, with routes */
	const struct if_addr *interface_addrs; /* on that device */
	unsigned n_interface_addrs;
	struct device_routes interface_routes;
	const char *updown; /* command; NULL: none */
	bool hostaccess;    /* UPDOWN may open the way to the gateway itself */
	enum forward_policy forward;
	bool client_to_client; /* packets go from one tunnel of this child into another */
	uint32_t mss;          /* TCP's largest segment through the tunnel, octets; MSS_AUTO, MSS_NO */
	enum kill_switch kill_switch;
	bool policies, policies_fwd_out;
	struct mark mark_in, mark_out, set_mark_in, set_mark_out;
	bool mark_in_sa;
	bool connmark; /* connections keep the marks of their SAs */
	struct if_id if_id_in, if_id_out;
	const char *label; /* NULL: none */
	enum label_mode label_mode;
	bool ipcomp;
	uint32_t tfc_padding; /* octets; 0: none */
	enum hw_offload hw_offload;
	enum per_cpu per_cpu_sas;
	bool copy_df, copy_ecn, icmp;
	enum copy_dscp copy_dscp;
	enum data_path datapath;
	const char *datapath_why; /* who carries it, for what reason; NULL: not decided yet */
	uint64_t content;         /* of all that is configured for it: a hash that tells versions apart */
	const struct peer *peer;
};

enum encap_policy { ENCAP_AUTO, ENCAP_YES, ENCAP_NO };
enum transport { TRANSPORT_UDP, TRANSPORT_TCP, TRANSPORT_AUTO };
enum unique_policy { UNIQUE_NEVER, UNIQUE_NO, UNIQUE_KEEP, UNIQUE_REPLACE };
/* When a post-quantum preshared key is mixed in: RFC 9867, RFC 8784, or as the peer can. */
enum ppk_exchange { PPK_IN_ANY, PPK_IN_INTERMEDIATE, PPK_IN_AUTH };
enum childless_policy { CHILDLESS_ALLOW, CHILDLESS_PREFER, CHILDLESS_FORCE, CHILDLESS_NEVER };
enum fragmentation { FRAGMENTATION_NO, FRAGMENTATION_YES, FRAGMENTATION_ACCEPT, FRAGMENTATION_FORCE };
enum send_cert { SEND_CERT_ALWAYS, SEND_CERT_IF_ASKED, SEND_CERT_NEVER };
/* What becomes of an IKE_SA whose peer's certificate, or one above it, has expired or was revoked. */
enum cert_end {
	CERT_END_KEEP,   /* nothing: it counts at the next authentication */
	CERT_END_REAUTH, /* who can authenticates anew before; then it ends */
	CERT_END_CLOSE,  /* it ends */
};
enum ocsp_policy { OCSP_NEVER, OCSP_REPLY, OCSP_REQUEST, OCSP_BOTH };

struct peer {
	unsigned refs;
	struct arena arena; /* everything below lives in it */
	uint32_t number;    /* by which processes speak of it (daemon/engine.h); 0: it has none */
	const char *name;
	enum origin origin;
	struct source at;
	const char
		*unready; /* why it cannot be used: a key of it whose effect is not built in. NULL: it can */
	unsigned version; /* as written: 2, or 0 for any, which is 2 */
	const struct addr_pattern *local_addrs, *remote_addrs;
	unsigned n_local_addrs, n_remote_addrs;
	const struct addr_pattern
		*redirect_addrs; /* gateways that the peer may send us to, beside remote_addrs */
	unsigned n_redirect_addrs;
	const char *preset;      /* what the peer is (peer = windows); NULL: not said */
	const char *redirect_to; /* address or name of the gateway that peers are sent to; NULL: none */
	uint16_t local_port, remote_port; /* 500 unless configured */
	struct proposals ike;
	struct auth_conf local, remote; /* the first rounds */
	struct child_conf *children;
	unsigned n_children;
	unsigned n_shunts; /* behind the children: those with mode pass and drop, which nobody negotiates */
	const struct ip *vips; /* to ask for; an address of zeros: any */
	unsigned n_vips;
	struct strings pools; /* to give addresses from */
	enum encap_policy encap;
	enum transport transport;
	uint16_t tcp_port; /* of the peer's */
	enum unique_policy unique;
	enum childless_policy childless;
	enum fragmentation fragmentation;
	enum send_cert send_cert;
	enum ocsp_policy ocsp;
	enum cert_end cert_expiry, cert_revoked; /* the latter KEEP or CLOSE */
	bool mobike, send_certreq;
	bool nat;          /* between may be one; false: who begins has the peer refuse that */
	bool resumption;   /* tickets, asked for and given */
	uint8_t dscp;      /* of IKE packets */
	struct id ppk_id;  /* ID_ANY: none */
	bool ppk_required; /* refuse a peer without it */
	enum ppk_exchange ppk_exchange;
	struct if_id if_id_in, if_id_out;
	bool mediation;
	const char *mediated_by; /* NULL: nobody */
	struct id mediation_peer;
	uint64_t rekey_time, over_time, rand_time, reauth_time, dpd_delay; /* ms; 0: none */
	uint64_t dpd_timeout;                                              /* of IKEv1; shown only */
	unsigned keyingtries;                                              /* 0: for ever */
	uint64_t content; /* as a child's; its children are left out */
	uint64_t places;  /* a hash of where it and all in it was written */
};

/* A new, empty connection with one reference, its fields unset. */
struct peer *peer_new(void);
struct peer *peer_ref(const struct peer *p);
/* Drops a reference; the last one wipes and frees it. NULL does nothing. */
void peer_unref(const struct peer *p);

/* Whether A and B, of the same name, say the same wherever it was written: then they are one version. Of the
 * connection itself; of a child with all it has from its connection; of the whole. */
bool peer_same(const struct peer *a, const struct peer *b);
bool child_conf_equal(const struct child_conf *a, const struct child_conf *b);
bool peer_equal(const struct peer *a, const struct peer *b);

/* Makes OFFERS of C, from ARENA: those of ESP first. */
void child_conf_offer(struct child_conf *c, struct arena *arena);
/* The key that says what C offers: "esp_proposals", or "ah_proposals". */
const char *child_conf_key(const struct child_conf *c);

const struct child_conf *peer_child(const struct peer *p, const char *name);
/* The same among the shunts. */
const struct child_conf *peer_shunt(const struct peer *p, const char *name);
