/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP between a peer and a RADIUS server (RFC 3579): what the peer says becomes an Access-Request, and the
 * answer to it what is said to the peer. */
#pragma once

#include "radius/client.h"
#include "radius/grant.h"

enum {
	RADIUS_ROUNDS_MAX = 100, /* requests of a conversation */
	RADIUS_NOTE_MAX = 4 + RADIUS_VALUE_MAX,
	RADIUS_EAP_MAX = 3072, /* octets of a packet of EAP */
};

/* An IKE_SA, as it is described to servers. All is borrowed; what is empty, or has no address, is left out.
 */
struct radius_session {
	struct bytes user;         /* User-Name: who the peer says he is */
	struct bytes connection;   /* NAS-Port-Id: the connection's name */
	struct bytes id;           /* Acct-Session-Id */
	uint32_t port;             /* NAS-Port: the number of the IKE_SA */
	struct addr local, remote; /* NAS-IP-Address, Called-Station-Id; Calling-Station-Id */
	bool ports;                /* the Station-Ids have the ports in them */
};

/* Appends the attributes of S. */
void radius_session_put(struct wr *w, const struct radius_session *s);

/* A conversation. All zero is none. */
struct radius_relay {
	uint8_t state[RADIUS_VALUE_MAX]; /* the server's own note (RFC 2865, 5.24) */
	size_t n_state;
	bool begun;
	unsigned server; /* BEGUN: who talks, and goes on talking */
	unsigned rounds;
	uint8_t id;                     /* of the packet of EAP that was passed on last */
	uint8_t packet[RADIUS_EAP_MAX]; /* to the peer */
};

enum radius_turn_what { RADIUS_SAYS, RADIUS_SUCCEEDED, RADIUS_FAILED };

/* What comes of an answer. */
struct radius_turn {
	enum radius_turn_what what;
	struct bytes packet; /* of EAP, to the peer: a Request, Success or Failure; from the conversation */
	struct radius_grant grant; /* SUCCEEDED; wiped by who had it made */
	const char *why;           /* FAILED: a sentence */
	struct bytes message;      /* FAILED: the server's Reply-Message, maybe empty, of any octets */
};

/* Writes the attributes of the request that passes EAP, a Response of the peer's, on. They are asked of
 * radius_relay_server(). ERR_SYNTAX: it is no Response; ERR_RANGE: there were RADIUS_ROUNDS_MAX; ERR_SPACE:
 * it does not fit. */
enum err radius_relay_ask(
	struct radius_relay *r, const struct radius_session *s, struct bytes eap, struct wr *w) MUST_CHECK;

/* The server that the conversation is with, or -1: any. */
int radius_relay_server(const struct radius_relay *r);

/* What ANSWER (RADIUS_ANSWER, or RADIUS_NO_ANSWER) means, from who has SECRET (RADIUS_NO_ANSWER: NULL). */
void radius_relay_take(struct radius_relay *r, const struct radius_out *answer,
	const struct radius_secret *secret, struct radius_turn *turn);

/* What must be known to go on with R, between an answer and the next request, in RADIUS_NOTE_MAX octets at
 * most; and R from it. ERR_SYNTAX: it is no such note. */
struct bytes radius_relay_save(const struct radius_relay *r, uint8_t out[RADIUS_NOTE_MAX]);
enum err radius_relay_load(struct bytes note, struct radius_relay *r) MUST_CHECK;
