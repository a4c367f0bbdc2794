/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon without a daemon behind the VICI server: fixed connections and SAs, and a memory of what was asked
 * of it. */
#pragma once

#include "base/list.h"
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
	bool looks;              /* what is loaded is looked up, until the test says that it was */
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
	unsigned wanted;             /* connections and authorities, looked up together */
	uint32_t left;               /* the ticket of a client that has gone */
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
