/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages between guard and the process that speaks IKE: what the core is told and what it wants
 * (ike/ike.h), its configuration, and what there is to be known of it. */
#pragma once

#include "ike/ike.h"

enum {
	IPC_SPIS_MAX = 16,       /* octets of both SPIs of an IKE_SA */
	IPC_IPS_MAX = 4096,      /* addresses in a list */
	IPC_CHILDREN_MAX = 8192, /* CHILD_SAs that are asked for at once */
	IPC_SELECTORS_MAX =
		1024,           /* of a CHILD_SA, on one side: a configuration may have more than the wire */
	IPC_TICKETS_MAX = 4096, /* commands that wait for one thing */
	IPC_KEYS_MAX = 8192,    /* of a list, in one message */
	IPC_ROUNDS_MAX = 64,    /* of proofs, of one side */
	IPC_SOURCE_KEYS_MAX = 512, /* lines of a section */
	IPC_CONF_MAX = 96 * 1024,  /* octets of a connection as text */
	IPC_COUNTED_MAX = 256,     /* connections whose counters go in one message */
	IPC_TOTAL_MAX = 1 << 20,   /* of anything that is told in pieces */
};

/* A part of a connection: its number (guard gives it), and which child, or which round of proofs. */
struct ipc_part {
	uint32_t peer; /* 0: there is none */
	uint16_t nth;
	bool remote; /* a round of the peer's */
};

/* What does not follow from a section's text. */
struct ipc_round {
	struct source at;
	struct cert_confs certs, cacerts, pubkeys;
};

struct ipc_child {
	const char *name, *group;
	struct source at;
	uint8_t datapath; /* enum data_path */
	uint64_t content;
};

/* A connection of the configuration that the next event brings. Without TEXT it is one that is known. */
struct ipc_peer {
	uint32_t number;
	struct bytes text; /* conf/print.h */
	uint8_t origin;    /* enum origin */
	struct source at;
	uint64_t content, places;
	struct ipc_round *rounds; /* local ones, then remote ones */
	unsigned n_rounds;
	struct ipc_child *children; /* and shunts */
	unsigned n_children;
};

/* IPC_EVENT. Of EVENT_CONF the connections have gone before, and the settings are in SETTINGS, as text. */
struct ipc_event {
	struct ike_event event;
	struct bytes settings;
};

/* IPC_ACTION, where connections, children and rounds are said by their numbers: PART of an SA, a policy or a
 * question (then of its round, if it has one), PARTS of the children of records. */
struct ipc_action {
	struct ike_action action;
	struct ipc_part part;
	bool has_round;
	struct ipc_part *parts, *old_parts;
};

/* What there is to be known. */
enum ipc_inquiry_kind {
	IPC_ABOUT_SAS,   /* keys of all IKE_SAs */
	IPC_ABOUT_SA,    /* the status of one */
	IPC_ABOUT_TRAPS, /* the same of traps */
	IPC_ABOUT_TRAP,
	IPC_ABOUT_PROOF, /* what the peer of an IKE_SA proved itself with */
	IPC_ABOUT_COUNTERS,
	IPC_ABOUT_LOAD,
	IPC_ABOUT_KEYS, /* what seals the messages of an IKE_SA */
	IPC_ABOUT_WAIT, /* the peer that a command waits for */
	IPC_ABOUT_TRY,  /* when a connection is tried next */
	IPC_INQUIRIES
};

/* AT: where in a long answer to go on; 0: at the beginning, as it is now. */
struct ipc_inquiry {
	uint8_t kind; /* enum ipc_inquiry_kind */
	uint32_t at;
	uint64_t key;
	const char *name; /* of the connection; of counters NULL: of all together, or (ALL) each */
	bool all;
};

/* The answer, from AT; of TOTAL there may be more. */
struct ipc_reply {
	uint8_t kind;
	bool found;
	uint32_t total;
	uint64_t *keys;
	unsigned n; /* of keys, of children, of counters */
	struct sa_record sa;
	struct ipc_part *parts; /* of its children */
	struct policy_record trap;
	struct ipc_part part; /* whose proof it is */
	uint32_t id;
	struct ike_certs certs;
	struct counters *counters;
	struct ike_load load;
	uint64_t next;
	struct ike_key_record secrets;
	struct why why;
	const char *drops;
};
