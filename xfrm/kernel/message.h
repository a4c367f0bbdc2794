/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SAs and policies as messages of the kernel, and what it tells of them. Pure. */
#pragma once

#include "model/conf.h"
#include "model/sa.h"
#include "xfrm/kernel/selector.h"
#include "xfrm/netlink.h"

enum { KERNEL_WINDOW_MAX = XFRMA_REPLAY_ESN_MAX /* packets in a replay window */ };

/* What tells an SA from all others; and whose it is: SRC and REQID. */
struct sa_key {
	struct ip src, dst;
	uint32_t spi, reqid;
	uint8_t proto;    /* IPPROTO_ESP, IPPROTO_AH */
	struct mark mark; /* no mask: none */
	uint32_t if_id;
};

/* IPPROTO_ESP or IPPROTO_AH, for PROTO_ESP and PROTO_AH. */
uint8_t message_protocol(uint8_t protocol);

/* The key of the SA that SPEC describes. */
struct sa_key message_sa_key(const struct sa_spec *spec);

/* With which volumes an SA asks to be renewed, and ends; UINT64_MAX: never. SOFT_USE: seconds after its first
 * packet, 0: never. */
struct sa_limits {
	uint64_t soft_bytes, hard_bytes, soft_packets, hard_packets, soft_use;
};

/* Those that SPEC asks for, its sequence numbers included. */
struct sa_limits message_limits(const struct sa_spec *spec);
struct xfrm_lifetime_cfg message_lifetimes(const struct sa_limits *limits);

/* Where an SA is carried by a device. */
struct sa_offload {
	unsigned device; /* its number; 0: no offload */
	bool packet;     /* whole packets, not the cryptography alone */
};

/* XFRM_MODE_TUNNEL, … */
uint8_t message_mode(enum child_mode mode);

/* The UDP port that packets of SPEC come from; 0: any, which an inbound SA for CPUs takes, since the peer may
 * have one for each. */
uint16_t message_source_port(const struct sa_spec *spec);

/* Writes the SA of SPEC into H, a request NEWSA. SEQ: the number of the kernel's question that it answers; 0:
 * none. OUTER_MARK: what packets carry outside, where the configuration says nothing else. IPTFS: for
 * MODE_IPTFS; NULL: as the kernel has it by itself. Failures as algorithm_put's. */
struct sa_request {
	const struct sa_spec *spec;
	struct sa_limits limits;
	uint32_t seq, outer_mark;
	struct sa_offload offload;
	const struct iptfs_conf *iptfs;
};
enum err message_sa(struct nlmsghdr *h, const struct sa_request *sa, struct text *why) MUST_CHECK;

/* The number of a CPU that A is, and 1; 0: it is none. */
uint32_t message_resource(const struct nlattr *a);

/* The structure of N octets that H begins with, into OUT: behind others in a datagram it may stand anywhere.
 * False when H is too short. */
bool message_head(const struct nlmsghdr *h, void *out, size_t n);

/* The SA of KEY, in a request DELSA or GETSA. */
void message_sa_id(struct nlmsghdr *h, const struct sa_key *key);

/* What the kernel says of an SA, in answers and events. */
struct sa_seen {
	struct sa_key key;
	struct sa_limits limits;
	uint64_t bytes, packets, last_used; /* the last in seconds of the wall clock; 0: not said */
	uint32_t replays, invalid;
	uint32_t resource; /* as in struct sa_spec */
	uint32_t seq;      /* of the question that it is or answered */
	uint8_t mode;      /* XFRM_MODE_TUNNEL, … */
	bool larval;       /* a question of its own, no SA */
	bool offloaded;    /* a device carries it */
	bool iptfs;        /* its packets go through IP-TFS, not only by its name */
};
enum err message_sa_read(const struct nlmsghdr *h, struct sa_seen *out) MUST_CHECK;

/* In a request ALLOCSPI: LARVA, a question, is to have an SPI, by which it can be named then. */
void message_larva(struct nlmsghdr *h, const struct sa_seen *larva);

/* What tells a policy from all others. */
struct policy_key {
	uint8_t dir; /* XFRM_POLICY_IN, … */
	struct selector sel;
	struct mark mark; /* no mask: none */
	uint32_t if_id;
};

/* Which SAs a policy wants. */
struct policy_tmpl {
	struct ip src, dst; /* v 0: any */
	uint32_t spi, reqid;
	uint8_t proto; /* IPPROTO_ESP, IPPROTO_AH */
	uint8_t mode;  /* XFRM_MODE_TUNNEL, … */
};

struct policy_body {
	bool ours;           /* made by an ikev2d: it carries our tag */
	bool block, protect; /* neither: passes in the clear */
	uint32_t priority;
	bool per_cpu;            /* with PROTECT: a packet on a CPU without an SA of its own asks for one */
	bool icmp;               /* it is for ICMP errors about its packets, too, whoever sends them (RFC 4301, 6.2) */
	struct policy_tmpl tmpl; /* with PROTECT */
	unsigned device;         /* that carries whole packets of its SAs; 0: none */
};

/* Whether they say the same of packets. */
bool policy_body_eq(const struct policy_body *a, const struct policy_body *b);

/* In a request NEWPOLICY or UPDPOLICY; in DELPOLICY or GETPOLICY. */
void message_policy(struct nlmsghdr *h, const struct policy_key *key, const struct policy_body *body);
void message_policy_id(struct nlmsghdr *h, const struct policy_key *key);
enum err message_policy_read(
	const struct nlmsghdr *h, struct policy_key *key, struct policy_body *body) MUST_CHECK;

/* "policy out 10.1.0.0/16 10.2.0.0/16 0 0/0 0/0 0/0 0": as it stands in the journal; and back. */
enum { POLICY_KEY_TEXT = 180, SA_KEY_TEXT = 180 };
const char *policy_key_print(const struct policy_key *key, char out[POLICY_KEY_TEXT]);
enum err policy_key_parse(const char *s, struct policy_key *out) MUST_CHECK;
const char *sa_key_print(const struct sa_key *key, char out[SA_KEY_TEXT]);
enum err sa_key_parse(const char *s, struct sa_key *out) MUST_CHECK;

/* Events. Each is ERR_SHORT or ERR_RANGE when it is not whole. */

/* A packet from LOCAL to REMOTE met the policy KEY, for which there is no SA, or none for RESOURCE. */
struct acquire {
	struct policy_key key;
	struct ts local, remote;
	uint32_t seq, reqid, resource;
};
enum err message_acquire(const struct nlmsghdr *h, struct acquire *out) MUST_CHECK;

enum err message_expire(const struct nlmsghdr *h, struct sa_seen *sa, bool *hard) MUST_CHECK;

/* The peer of the inbound SA of SPI and DST has a new address and port. */
struct mapping {
	uint32_t spi;
	struct ip dst;
	struct addr remote;
};
enum err message_mapping(const struct nlmsghdr *h, struct mapping *out) MUST_CHECK;
