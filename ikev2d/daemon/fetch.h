/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small files over HTTP, without waiting: CRLs and OCSP answers. What certificates of strangers name is
 * fetched here, so everything is bounded, and no server of this machine or link is asked unless that is
 * allowed. */
#pragma once

#include "daemon/resolve.h"

enum {
	FETCH_BODY_MAX = 16 << 20, /* octets: the CRL of a large authority has some millions */
	FETCH_TIME = 20,           /* s for all of it, redirections too */
	FETCH_REDIRECTS_MAX = 3,
	FETCH_RUNNING_MAX = 64, /* at once; more are refused */
	FETCH_URL_MAX = 2048,
};

struct fetcher {
	struct event_base *base;
	struct resolver *resolver;
	bool local;          /* loopback and link-local addresses are allowed */
	struct node running; /* struct fetch */
	unsigned n;
};

/* WHY is NULL on success, with the BODY, borrowed until this returns; else a sentence that names the URL. */
typedef void fetch_done(void *ctx, struct bytes body, const char *why);

void fetcher_start(struct fetcher *f, struct event_base *base, struct resolver *resolver);

/* What is under way ends: its DONE gets a sentence that says so. The resolver must be stopped later. */
void fetcher_stop(struct fetcher *f);

/* Fetches URL ("http://…"). Who asks for one that is being fetched already waits for the same answer. DONE is
 * called once, maybe before this returns. */
void fetch_get(struct fetcher *f, const char *url, fetch_done *done, void *ctx);

/* Asks for URL, where EXPECTED is, apart from the end of its line. DONE gets as BODY what came in its place,
 * in words, as a captive portal answers for others (RFC 8952); no octets: what was expected. It is not gone
 * on with where that leads to. */
void fetch_probe(struct fetcher *f, const char *url, const char *expected, fetch_done *done, void *ctx);

/* Sends BODY of TYPE ("application/ocsp-request") to URL, and brings the answer. */
void fetch_post(
	struct fetcher *f, const char *url, const char *type, struct bytes body, fetch_done *done, void *ctx);
