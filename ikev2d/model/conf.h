/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole configuration: connections, secrets, and the daemon's settings. */
#pragma once

#include "model/peer.h"

/* A shared secret of one or several identities; without owners it is anybody's. */
struct secret {
	const char *name; /* "ike-1", or VICI's id */
	enum origin origin;
	struct source at;
	const struct id *owners;
	unsigned n_owners;
	struct bytes data;
};

/* The "daemon" section. */
struct settings {
	uint16_t port, port_nat_t;   /* 500, 4500 */
	bool udp_encap;              /* force encapsulation on the userspace path */
	const char *tun_name;        /* "ipsec": devices are ipsec0, ipsec1, … */
	uint64_t retransmit_timeout; /* ms before the first repetition */
	unsigned retransmit_base;    /* the factor from try to try, in thousandths */
	unsigned retransmit_tries;   /* repetitions before giving up */
	unsigned retransmit_jitter;  /* percent taken off at random */
	uint64_t retransmit_limit;   /* ms at the most between two; 0: no limit */
	uint64_t half_open_timeout;  /* ms */
	uint64_t keep_alive;         /* ms between NAT keepalives; 0: none */
	unsigned cookie_threshold;   /* half-open SAs from which on cookies are asked for */
	bool make_before_break;
	const char *charon_socket; /* "auto", "yes", "no" */
	unsigned routing_table, routing_table_prio;
};

struct conf {
	struct arena arena;  /* settings, secrets and both lists; each peer has its own */
	struct peer **peers; /* one reference each */
	unsigned n_peers;
	struct secret *secrets;
	unsigned n_secrets;
	struct settings settings;
};

/* The settings of an empty configuration. */
struct settings settings_default(void);

/* Releases everything in C; C itself is the caller's. */
void conf_free(struct conf *c);
