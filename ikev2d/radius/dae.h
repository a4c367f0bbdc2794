/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What RADIUS servers order by themselves: that sessions end, last for another time, or that their users are
 * in other groups (RFC 5176). Datagrams in, orders out; what came of an order in, its answer out. */
#pragma once

#include "model/addr.h"
#include "radius/secret.h"

enum {
	RADIUS_ORDERS_MAX = 64,  /* that are remembered, so that repeats get the same answer */
	RADIUS_ORDER_SKEW = 300, /* s that an Event-Timestamp may be off (RFC 5176, 6.3) */
	RADIUS_ORDER_FILTERS = 16,
	RADIUS_DATED_MAX = 8192,    /* with an Event-Timestamp, that are known again while it may be obeyed */
	RADIUS_ORDER_ANSWER = 1024, /* octets of an answer: the server's Proxy-State is most of it */
};

/* Which sessions are meant: those of which all is true that is here. */
struct radius_match {
	struct bytes user, session, connection, calling; /* User-Name, Acct-Session-Id, NAS-Port-Id, … */
	struct ip ip, ip6;                               /* Framed-IP-Address, Framed-IPv6-Address */
	bool has_port;
	uint32_t port; /* NAS-Port */
};

struct radius_order {
	bool disconnect;                            /* they end; else one or both of the next */
	uint32_t timeout;                           /* s that they last from now on; 0: as before */
	struct bytes filters[RADIUS_ORDER_FILTERS]; /* what their users are in from now on, borrowed */
	unsigned n_filters;                         /* 0: as before */
	struct radius_match match;                  /* borrowed from the datagram */
	unsigned number;                            /* to be answered under */
};

/* Why a datagram is dropped. */
enum radius_dae_drop {
	RADIUS_DAE_TAKEN,
	RADIUS_DAE_MALFORMED, /* it is no order */
	RADIUS_DAE_FORGED,    /* it was made with another secret */
	RADIUS_DAE_UNJUDGED,  /* who has the secret does not answer just now */
	RADIUS_DAE_OLD,      /* its Event-Timestamp is of another time: it is replayed, or a clock is wrong */
	RADIUS_DAE_PENDING,  /* a repeat of one that is being obeyed, or whose answer cannot be made just
			      * now: the next repeat gets it */
	RADIUS_DAE_REPLAYED, /* a repeat of one so long past that its answer is forgotten */
	RADIUS_DAE_DROPS
};

enum radius_dae_what { RADIUS_DAE_DROP, RADIUS_DAE_ANSWER, RADIUS_DAE_ORDER };

struct radius_dae_out {
	enum radius_dae_what what;
	enum radius_dae_drop drop;
	struct bytes answer; /* ANSWER: to whom the datagram came from; valid until the next call */
	struct radius_order order;
};

struct radius_dae;

/* What authenticates by SECRET, for who calls himself NAS. Both are copied. FILTERS: Filter-Ids are obeyed.
 */
struct radius_dae *radius_dae_new(
	const struct radius_secret *secret, struct bytes nas_identifier, bool filters);
void radius_dae_free(struct radius_dae *d);

/* Whether D was made with these. */
bool radius_dae_is(const struct radius_dae *d, const struct radius_secret *secret,
	struct bytes nas_identifier, bool filters);

/* DATAGRAM has come FROM. WALL: s since 1970. */
void radius_dae_take(struct radius_dae *d, const struct addr *from, struct bytes datagram, uint64_t wall,
	struct radius_dae_out *out);

/* The order NUMBER was obeyed (RADIUS_ERROR_NONE), or not, and why. Returns its answer, valid until the next
 * call; empty when so many orders came meanwhile that this one is forgotten, or it cannot be made just now.
 */
struct bytes radius_dae_answer(struct radius_dae *d, unsigned number, enum radius_error error);

/* Datagrams that were dropped, by why. */
const uint64_t *radius_dae_dropped(const struct radius_dae *d);

/* Whether the session OF, of which all is known, is one that M means. */
bool radius_matches(const struct radius_match *m, const struct radius_match *of);
