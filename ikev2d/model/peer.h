/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections as configured: immutable, counted. An SA holds the version it was made under. */
#pragma once

#include "model/addr.h"
#include "model/id.h"
#include "model/proposal.h"
#include "model/ts.h"

/* Where a section was written: file and line of each of its keys, for explanations. */
struct source_key {
	const char *key;
	unsigned line;
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

enum origin { ORIGIN_FILE, ORIGIN_VICI };

enum auth_method { AUTH_PSK = 1 };

struct auth_conf {
	enum auth_method method;
	struct id id; /* local: ID_ANY means our address; remote: may have wildcards */
	struct source at;
};

enum child_action { ACTION_NONE, ACTION_TRAP, ACTION_START, ACTION_TRAP_START };
enum copy_dscp { DSCP_OUT, DSCP_IN, DSCP_BOTH, DSCP_NO };
enum encap_policy { ENCAP_AUTO, ENCAP_YES, ENCAP_NO };
enum unique_policy { UNIQUE_NEVER, UNIQUE_NO, UNIQUE_KEEP, UNIQUE_REPLACE };
enum childless_policy { CHILDLESS_ALLOW, CHILDLESS_PREFER, CHILDLESS_FORCE, CHILDLESS_NEVER };

struct child_conf {
	const char *name;
	const char *group; /* single_pair: the name as configured, which all pairs share; else NAME */
	bool single_pair;  /* a CHILD_SA for each pair of selectors */
	struct source at;
	struct tss local, remote; /* may hold dynamic ones */
	struct proposals esp;
	enum child_action start_action, close_action, dpd_action;
	bool keep;                                                     /* up for ever */
	uint64_t rekey_time, life_time, rand_time, inactivity;         /* ms; 0: none */
	uint64_t rekey_bytes, life_bytes, rekey_packets, life_packets; /* 0: none */
	uint32_t replay_window;                                        /* packets; 0: no replay protection */
	uint32_t reqid;                                                /* 0: drawn by the core */
	const char *interface; /* tun device of its own, no routes; NULL: the default one, with routes */
	bool copy_df, copy_ecn;
	enum copy_dscp copy_dscp;
	const struct peer *peer;
};

struct peer {
	unsigned refs;
	struct arena arena; /* everything below lives in it */
	const char *name;
	enum origin origin;
	struct source at;
	const struct addr_pattern *local_addrs, *remote_addrs;
	unsigned n_local_addrs, n_remote_addrs;
	uint16_t local_port, remote_port; /* 500 unless configured */
	struct proposals ike;
	struct auth_conf local, remote;
	struct child_conf *children;
	unsigned n_children;
	enum encap_policy encap;
	enum unique_policy unique;
	enum childless_policy childless;
	uint64_t rekey_time, over_time, rand_time, reauth_time, dpd_delay; /* ms; 0: none */
	unsigned keyingtries;                                              /* 0: for ever */
};

/* A new, empty connection with one reference, its fields unset. */
struct peer *peer_new(void);
struct peer *peer_ref(const struct peer *p);
/* Drops a reference; the last one wipes and frees it. NULL does nothing. */
void peer_unref(const struct peer *p);

const struct child_conf *peer_child(const struct peer *p, const char *name);
