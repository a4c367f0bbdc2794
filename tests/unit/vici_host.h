/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon without a daemon behind the VICI server: fixed connections and SAs, and a memory of what was asked
 * of it. And a client in the same process. */
#pragma once

#include "base/list.h"
#include "vici/codec/decode.h"
#include "vici/codec/encode.h"
#include "vici/front.h"
#include "vici/vici.h"

struct vici_fake {
	struct vici_host host;
	struct vici *vici;
	struct node clients;
	struct arena arena; /* of what is remembered and told */
	struct conf conf;
	struct sa_record *sas;
	unsigned n_sas;
	const char *failed;      /* the connection that has a failure */
	const char *warnings;    /* of stats; NULL: none */
	const char *differences; /* of audit; NULL: none */
	bool chatty;             /* a client hears one line of log, and is left then */
	bool refuse;             /* load, unload and reload fail */
	bool at_once; /* commands end while they are asked for, with OUTCOME, after a line of log */
	struct vici_outcome outcome;

	/* What was asked. */
	uint32_t ticket;
	struct vici_target target;
	int64_t timeout;
	bool force, reauth;
	struct vici_redirect redirect;
	struct peer *loaded;
	struct secret secret;
	struct vip_pool pool;            /* the last of those loaded */
	const struct vici_lease *leases; /* of the pool "range" */
	unsigned n_leases;
	struct authority authority;
	unsigned pools, authorities; /* loaded */
	struct vici_cert cert;
	struct bytes key;
	const char *token; /* URI, handle, module, slot and PIN of the last one */
	struct vici_cert_filter filter;
	enum vici_cert_type flushed;
	const char *unloaded;
	const char *policy; /* "in", "away" */
	const char *reset;  /* "all", "together", or a name: counters */
	unsigned cleared, reloads, settings_reloads, stops, wakes;
	uint64_t later;       /* ms that the clock has gone on */
	unsigned described;   /* SAs */
	const char *captured; /* the connection whose keys somebody sees; NULL: none */
	unsigned capture_seconds, capture_seen;
};

/* Connection "gw" with the children "net" (up, #2) and "dmz", from the file; "home" with the child "lan", by
 * VICI, which failed. One IKE_SA. */
struct vici_fake *vici_fake_new(void);
void vici_fake_free(struct vici_fake *f);

/* A client of the daemon, with the front that hears it: octets in, octets out. */
struct vici_client {
	struct node node;
	struct vici_front front;
	struct vici_session *session;
};

/* It lives as long as F, if it is not closed before. */
struct vici_client *vici_client_open(struct vici_fake *f, enum vici_rights rights);
void vici_client_close(struct vici_client *c);
/* As its front and its session (front.h, vici.h); the first two false when it is to be closed. */
bool vici_client_input(struct vici_client *c, struct bytes in) MUST_CHECK;
bool vici_client_go(struct vici_client *c) MUST_CHECK;
struct bytes vici_client_output(const struct vici_client *c);
void vici_client_sent(struct vici_client *c, size_t n);

/* Requests, from ARENA: a packet with its length. ARGS is "key=value;key=value" or NULL. */
struct bytes vici_packet_of(enum vici_type type, const char *name, const char *args, struct arena *arena);

/* All packets that wait for the client, which then has read them: one line each, "response …", "event NAME
 * …", with the message as in `swanctl --raw`. From ARENA. */
const char *vici_read_all(struct vici_client *c, struct arena *arena);

/* Sends a request and returns what came, as above. */
const char *vici_ask(struct vici_client *c, const char *command, const char *args, struct arena *arena);

/* A daemon and one client of it, which may do everything: a test's state, made and ended by these. */
struct vici_bench {
	struct vici_fake *fake;
	struct vici_client *s;
	struct arena arena;
	struct vici_out out; /* for messages that a test builds itself */
};

int vici_bench_open(void **state);
int vici_bench_close(void **state);

/* As vici_ask, in the bench's arena. */
const char *vici_bench_ask(struct vici_bench *b, const char *command, const char *args);
