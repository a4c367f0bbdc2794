/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core tells the data path of a CHILD_SA, and what both tell whoever asks for status. */
#pragma once

#include "model/peer.h"

/* Marks and numbers of XFRM interfaces of a CHILD_SA, drawn ones too; masks of zeros and 0: none. */
struct sa_marks {
	struct mark in, out;
	uint32_t if_id_in, if_id_out;
};

/* Virtual addresses that one end of an IKE_SA has from the other. */
enum { VIPS_MAX = 4 };

struct vips {
	uint8_t n;
	struct ip v[VIPS_MAX];
};

/* One direction of a CHILD_SA, as it is installed. All borrowed. */
struct sa_spec {
	uint32_t spi; /* host order; INBOUND: ours, else the peer's */
	bool inbound;
	uint32_t child;  /* the core's number of the CHILD_SA */
	uint32_t policy; /* the policy whose packets it carries */
	uint32_t reqid;
	bool awaited; /* inbound: the first packet on it is to be reported */
	bool per_cpu; /* one of several that carry the same packets, each what a CPU sends (RFC 9611), and */
	uint32_t resource; /* the number of its CPU, and 1; 0: what CPUs send that have none */
	bool patient;      /* outbound, with PER_CPU: nothing goes on it before it is selected */
	struct sa_marks marks;
	enum child_mode mode; /* as negotiated: MODE_TUNNEL, MODE_TRANSPORT, MODE_BEET or MODE_IPTFS */
	struct suite suite;
	struct bytes encr_key;     /* with its salt behind it */
	struct bytes integ_key;    /* empty for an AEAD */
	bool encap;                /* in UDP */
	bool tcp;                  /* or, with ENCAP, in the stream of the IKE_SA (RFC 9329) */
	uint32_t tfc_padding;      /* outbound: octets that packets are padded to, or TFC_MTU; 0: none (RFC
				      4303, 2.7) */
	bool whole;                /* outbound, MODE_IPTFS: the peer takes no inner packet that is cut */
	struct addr local, remote; /* the outer addresses; the ports count with ENCAP only */
	struct tss local_ts, remote_ts;
	const struct child_conf *conf; /* replay window, DSCP, DF, lifetimes by volume */
};

/* What seals the messages of an IKE_SA (RFC 7296, 3.14), for who may decrypt them. All borrowed. */
struct ike_key_record {
	const char *name; /* of its connection */
	uint32_t id;
	uint64_t spi_i, spi_r;
	struct suite suite;
	struct bytes ei, er; /* with their salts behind them */
	struct bytes ai, ar; /* empty for an AEAD */
};

/* Which packets are to be protected. A trap asks for an SA when a packet comes; a policy of a CHILD_SA has
 * one. All borrowed. */
struct policy_spec {
	uint32_t id; /* the core's number */
	uint32_t reqid;
	bool trap;
	bool per_cpu;         /* a packet of a CPU that has no SA of its own asks for one (RFC 9611) */
	uint8_t protocol;     /* PROTO_ESP or PROTO_AH, as negotiated; of a trap: what is offered first */
	enum child_mode mode; /* as negotiated; of a trap: as configured */
	struct tss local_ts, remote_ts;
	struct ip local, remote; /* outer addresses where known (v 0: not yet) */
	struct sa_marks marks;
	const struct child_conf *conf; /* device, data path, priority */
};

/* Packets that no SA carries: they go in the clear, or (DROP) not at all. Out from LOCAL to REMOTE, in from
 * REMOTE to LOCAL; none is dynamic. All borrowed. */
struct shunt_spec {
	uint32_t id; /* the daemon's number, counted apart from those of policies */
	bool drop;
	struct tss local_ts, remote_ts;
};

/* Status of a policy that does not belong to a CHILD_SA. */
struct policy_record {
	const char *ike, *child; /* whose child it is */
	enum child_mode mode;    /* MODE_PASS and MODE_DROP: a shunt; else a trap */
	struct tss local_ts, remote_ts;
};

/* Counters of one SA. */
struct sa_usage {
	uint32_t spi;
	bool inbound;
	uint64_t bytes, packets;
	uint64_t last_ms;          /* CLOCK_BOOTTIME of the last (authenticated) packet; 0: none */
	uint64_t replays, invalid; /* inbound: dropped */
};

/* Status of a CHILD_SA. */
struct child_record {
	uint32_t id, reqid;
	const char *name, *state; /* strongSwan's states: "INSTALLED", … */
	const struct child_conf
		*conf;        /* the version it was made under; borrowed until the core's next step */
	enum child_mode mode; /* as negotiated */
	bool encap, tcp;      /* as in struct sa_spec */
	bool per_cpu;         /* as there, too */
	uint32_t resource;
	uint32_t spi_in, spi_out;
	struct suite suite;
	bool post_quantum; /* as in struct sa_record */
	struct tss local_ts, remote_ts;
	uint64_t installed_ms, rekey_ms, life_ms; /* times on the core's clock; 0: never */
	struct sa_marks marks;
	const char *data_path;     /* "userspace", "kernel" */
	const char *data_path_why; /* for what reason */
	struct sa_usage in, out;
};

/* Status of an IKE_SA; texts and lists live in the arena they were asked into. */
struct sa_record {
	uint32_t id;
	const char *name, *state; /* "CONNECTING", "ESTABLISHED", "REKEYING", … */
	uint64_t spi_i, spi_r;
	bool initiator, began; /* of this one; of the one that it goes back to, through rekeyings */
	struct path path;
	struct id local_id, remote_id, remote_eap_id; /* the last ID_ANY: EAP did not say who the peer is */
	uint32_t login; /* the number of the conversation of EAP by which the peer has come; 0: none */
	struct suite suite;
	struct vips local_vips, remote_vips; /* each of one end, given by the other */
	const struct ip *dns;                /* servers that were told with ours */
	unsigned n_dns;
	struct strings domains; /* whose names those servers know, as names of DNS; none: of all */
	bool ppk;               /* its keys are mixed with a post-quantum preshared key, */
	bool ppk_int;           /* and were before IKE_AUTH (RFC 9867) */
	bool post_quantum;      /* its keys withstand quantum computers */
	bool nat_local, nat_remote, nat_fake;
	bool crash_token;             /* the peer gave one (RFC 6290) */
	uint32_t if_id_in, if_id_out; /* of its children, unless they have their own; 0: none */
	uint64_t established_ms, rekey_ms, reauth_ms; /* on the core's clock; 0: never */
	/* In strongSwan's words: exchanges that wait for their turn, our own under way, and the peer's. */
	struct strings tasks_queued, tasks_active, tasks_passive;
	struct child_record *children;
	unsigned n_children;
};
