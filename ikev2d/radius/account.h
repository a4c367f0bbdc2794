/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sessions use, told to RADIUS servers: when they start, now and then, and when they stop (RFC 2866). A
 * message is sent again, minutes later too, until a server has acknowledged it; of a session there is one on
 * its way. Times are ms. */
#pragma once

#include "radius/relay.h"

enum {
	RADIUS_ACCOUNTS_MAX = 100000,      /* sessions, also ones that are over and not acknowledged */
	RADIUS_ACCOUNT_AGAIN = 60 * 1000,  /* until a message that nobody has answered is sent again */
	RADIUS_ACCOUNT_KEEP = 3600 * 1000, /* that the end of a session is told */
	RADIUS_INTERIM_MIN = 60, /* s between two interim messages, where a server says how many (RFC
				  * 2869, 2.1) */
};

struct radius_usage {
	uint64_t octets_in, octets_out; /* of the peer's inner packets, to us and from us */
	uint64_t packets_in, packets_out;
};

/* What else is known of a session that starts. All is borrowed. */
struct radius_account {
	struct radius_session session;
	struct ip ip, ip6;           /* its virtual addresses; v 0: none */
	const struct bytes *classes; /* what came with the Access-Accept, to be sent back; may be none */
	unsigned n_classes;
	struct bytes cui; /* its Chargeable-User-Identity; may be empty */
	uint32_t interim; /* s between interim messages; 0: none */
};

enum radius_account_what {
	RADIUS_ACCOUNT_ASK,   /* ATTRIBUTES of RADIUS_ACCT, under the session's key */
	RADIUS_ACCOUNT_USAGE, /* radius_accounts_usage() of the session KEY is waited for */
};

struct radius_account_out {
	enum radius_account_what what;
	uint64_t key;
	struct bytes attributes; /* valid until the next call */
};

struct radius_accounts;

struct radius_accounts *radius_accounts_new(void);
void radius_accounts_free(struct radius_accounts *a);

/* The session KEY starts. KEYs are never used again. ERR_BUSY: there are RADIUS_ACCOUNTS_MAX, and this one is
 * not told of; ERR_SPACE: what is known of it does not fit a packet. */
enum err radius_accounts_start(struct radius_accounts *a, uint64_t key, const struct radius_account *account,
	uint64_t now) MUST_CHECK;

/* What KEY has used so far; where nobody waits for it, nothing happens. */
void radius_accounts_usage(
	struct radius_accounts *a, uint64_t key, const struct radius_usage *usage, uint64_t now);

/* KEY has ended, because of CAUSE, and has used USAGE. */
void radius_accounts_stop(struct radius_accounts *a, uint64_t key, const struct radius_usage *usage,
	enum radius_cause cause, uint64_t now);

/* What comes of an end of what was asked. */
enum radius_account_end {
	RADIUS_ACCOUNT_FINE,
	RADIUS_ACCOUNT_DEAF, /* nobody acknowledges that the session goes on */
	RADIUS_ACCOUNT_LOST, /* nobody has acknowledged for long that it is over: it is forgotten */
};

/* What was asked under KEY was acknowledged, or not. */
enum radius_account_end radius_accounts_done(
	struct radius_accounts *a, uint64_t key, bool acknowledged, uint64_t now);

/* As radius_client_next() and radius_client_wake(). */
bool radius_accounts_next(struct radius_accounts *a, uint64_t now, struct radius_account_out *out);
uint64_t radius_accounts_wake(const struct radius_accounts *a);

/* Sessions that are known, also ones that are over and not acknowledged. */
size_t radius_accounts_count(const struct radius_accounts *a);
