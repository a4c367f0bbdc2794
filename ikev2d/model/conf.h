/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole configuration: connections, credentials, pools, and the daemon's settings. */
#pragma once

#include "model/peer.h"

enum secret_kind { SECRET_IKE, SECRET_EAP, SECRET_XAUTH, SECRET_NTLM, SECRET_PPK };

struct kept;

/* A shared secret of one or several identities; without owners it is anybody's. */
struct secret {
	const char *name; /* "ike-1", or VICI's id */
	enum secret_kind kind;
	enum origin origin;
	struct source at;
	const struct id *owners;
	unsigned n_owners;
	struct bytes data;
	struct kept *kept; /* a reference to where it is kept instead of in DATA (daemon/vault.h); NULL: it is
			      here */
};

enum key_kind { FILED_PRIVATE, FILED_RSA, FILED_ECDSA, FILED_PKCS8, FILED_PKCS12, FILED_TOKEN };

/* Where a private key is, and what opens it. */
struct key_conf {
	const char *name; /* "private-moon" */
	enum key_kind kind;
	enum origin origin;
	struct source at;
	const char *file;   /* in the folder of its kind; NULL: on a token */
	const char *uri;    /* of an OpenSSL provider, instead of a handle; NULL: none */
	const char *handle; /* CKA_ID in hexadecimal */
	const char *module; /* NULL: any */
	uint32_t slot;
	bool has_slot;
	struct bytes secret; /* passphrase or PIN; empty: none */
	struct kept *kept;   /* as above */
};

/* What is told to who gets an address (RFC 7296, 3.15.1). */
struct pool_attr {
	uint16_t type;
	struct bytes data;
};

/* Virtual addresses to give away. */
struct vip_pool {
	const char *name;
	enum origin origin;
	struct source at;
	struct ip lo, hi; /* the first and last of its addresses */
	unsigned bits;    /* of the prefix it was written as; with a range: 0 */
	const struct pool_attr *attrs;
	unsigned n_attrs;
};

struct authority {
	const char *name;
	enum origin origin;
	struct source at;
	struct cert_conf cacert;
	struct strings crl_uris, ocsp_uris;
	const char *cert_uri_base; /* NULL: none */
};

enum { TABLE_MAIN = 254 /* RT_TABLE_MAIN */ };

/* A RADIUS server. */
struct radius_server_conf {
	const char *name;
	const char *address; /* or a DNS name; NULL: there is no server */
	struct bytes secret;
	struct kept *kept; /* as above */
	uint16_t auth_port, acct_port;
	uint32_t preference; /* the highest is asked first */
	uint32_t sockets;    /* source ports to each service */
	const char *nas_identifier;
};

/* Where RADIUS servers may tell us to end sessions. */
struct radius_dae_conf {
	bool enable;
	const char *listen; /* our address */
	uint16_t port;
	struct bytes secret;
	struct kept *kept; /* as above */
};

/* The RADIUS servers, and what is asked of them. */
struct radius_conf {
	struct radius_server_conf *servers;
	unsigned n_servers;
	struct radius_server_conf single; /* as it is written; it is among the servers */
	uint64_t retransmit_timeout;      /* ms */
	unsigned retransmit_base;         /* thousandths */
	unsigned retransmit_tries;        /* datagrams of a request to a server */
	const char *id_prefix;            /* in front of the identity; NULL: nothing */
	bool station_id_with_port;
	bool class_group, filter_id;  /* Class, and Filter-Id where the Tunnel-Type is ESP, name groups */
	bool accounting;              /* servers are told what sessions use, */
	uint64_t accounting_interval; /* ms from interim to interim, unless they say so; 0: none */
	bool accounting_requires_vip, accounting_send_class;
	bool accounting_close_on_timeout; /* a session that no server takes note of ends */
	struct radius_dae_conf dae;
};

enum { RADIUS_SERVERS_CONF_MAX = 16 };

/* Of IP-TFS (RFC 9347) in the kernel, for all SAs. */
struct iptfs_conf {
	uint32_t drop_time; /* inbound: microseconds that a packet which comes early waits for those before */
	uint32_t reorder_window; /* inbound: how many packets early one may be */
	uint32_t init_delay;     /* outbound: microseconds that a first packet waits for others */
	uint32_t max_queue_size; /* outbound: octets that may wait */
	uint32_t packet_size;    /* outbound: of the outer packets, octets; 0: that of the path */
	bool accept_fragments;   /* the peer may cut inner packets */
	bool dont_fragment;      /* we cut none, even if the peer takes them */
};

/* The "daemon" section. */
enum lan_bypass { LAN_NO, LAN_PRIVATE, LAN_ALL };
enum dns_way { DNS_AUTO, DNS_RESOLVED, DNS_RESOLVCONF, DNS_FILE, DNS_NO };

struct settings {
	uint16_t port, port_nat_t; /* 500, 4500 */
	uint16_t tcp_port;         /* where streams are taken (RFC 9329); 0: nowhere */
	enum data_path datapath;   /* of children that say nothing else */
	bool udp_encap;            /* force encapsulation on the userspace path */
	unsigned workers; /* packet threads a direction on the userspace path; 0: by the processors */
	unsigned cpus;    /* that SAs of their own can be for (RFC 9611); 0: as many as this machine has */
	const char *tun_name;        /* "ipsec": devices are ipsec0, ipsec1, … */
	uint64_t retransmit_timeout; /* ms before the first repetition */
	unsigned retransmit_base;    /* the factor from try to try, in thousandths */
	unsigned retransmit_tries;   /* repetitions before giving up */
	unsigned retransmit_jitter;  /* percent taken off at random */
	uint64_t retransmit_limit;   /* ms at the most between two; 0: no limit */
	unsigned fragment_size;      /* octets of an IP datagram with an IKE fragment; 0: by its family */
	uint64_t half_open_timeout;  /* ms */
	uint64_t keep_alive;         /* ms between NAT keepalives; 0: none */
	/* Half-open IKE_SAs from which on cookies are asked for: of all, and of one address (IPv6: one /64).
	 */
	unsigned cookie_threshold, cookie_threshold_ip;
	unsigned puzzle_threshold;      /* from which on puzzles are asked with them; 0: never */
	bool puzzle_choice;             /* the first ones are as hard as the peer likes */
	unsigned puzzle_auth_threshold; /* of those that got nonsense, from which on in IKE_AUTH, too; 0:
					   never */
	unsigned block_threshold;       /* of one address, from which on no other one is begun; 0: no limit */
	/* IKE_SAs being set up, and questions that wait for their answers, from which on a peer, or who asks
	 * for limits, begins no other; 0: no limit */
	unsigned init_limit_half_open, init_limit_job_load;
	bool make_before_break;
	uint64_t updown_timeout;   /* ms for one run of a script; 0: no limit */
	const char *charon_socket; /* "auto", "yes", "no" */
	enum dns_way dns;          /* how this machine is told of DNS servers inside of tunnels */
	bool hash_and_url;         /* certificates by their place, sent and taken (RFC 7296, 3.6) */
	bool follow_redirects;     /* to other gateways of the connection (RFC 5685) */
	bool crash_detection;      /* tokens, given and taken (RFC 6290) */
	bool fetch_local;          /* CRLs and OCSP from servers of this machine and link too */
	/* What is asked for to see whether a captive portal answers instead, and what is there; NULL:
	 * nothing. */
	const char *portal_url, *portal_answer;
	const char *vici_socket;    /* path where the control socket is offered too; NULL: nowhere */
	const char *users_file;     /* of EAP; NULL: none */
	bool install_routes;        /* into our shared device */
	enum lan_bypass lan_bypass; /* directly connected networks that stay outside of all tunnels */
	/* Groups by name or number, of who may do everything, and of who may ask; NULL: none. */
	const char *socket_group, *socket_readers;
	unsigned routing_table, routing_table_prio; /* TABLE_MAIN has no rule */
	uint64_t audit_interval; /* ms from one look at what is installed to the next; 0: none */
	struct iptfs_conf iptfs;
	struct radius_conf radius;
};

struct conf {
	struct arena arena;  /* everything but the peers, which have their own */
	struct peer **peers; /* one reference each */
	unsigned n_peers;
	struct secret *secrets;
	unsigned n_secrets;
	struct key_conf *keys;
	unsigned n_keys;
	struct vip_pool *pools;
	unsigned n_pools;
	struct authority *authorities;
	unsigned n_authorities;
	struct settings settings;
	bool settings_written; /* there is a section "daemon" */
};

/* The settings of an empty configuration. */
struct settings settings_default(void);

/* Releases everything in C; C itself is the caller's. */
void conf_free(struct conf *c);
