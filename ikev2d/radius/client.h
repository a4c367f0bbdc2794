/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of RADIUS servers: requests in, datagrams out; datagrams in, answers out. Who calls it has the
 * sockets and the clock; times are ms.
 *
 * A request goes to the server of the highest preference that is not known to be silent, the one with the
 * least to do among equals, and is sent again until it is answered. A server that answers nothing at all is
 * silent for a while, and what waits for it goes to the next one at once; then one request tries it again.
 * Nothing waits for a server but the requests that are its own. */
#pragma once

#include "base/rng.h"
#include "radius/secret.h"

enum {
	RADIUS_SERVERS_MAX = 16,
	RADIUS_PORTS_MAX = 32, /* source ports to a service of a server; each carries 256 requests at once */
	RADIUS_REQUESTS_MAX = 8192, /* that wait for a place or an answer, in all */
	RADIUS_TRIES_MAX = 16,
	RADIUS_TRIES_BESIDE = 2,     /* to a server that says nothing, while another one does */
	RADIUS_PATIENCE = 30 * 1000, /* that a request waits for a place */
	RADIUS_SILENCE = 60 * 1000,  /* that a silent server is left alone */
};

enum radius_service { RADIUS_AUTH, RADIUS_ACCT, RADIUS_SERVICES };

struct radius_server {
	struct radius_secret secret;
	struct bytes nas_identifier; /* 1 to RADIUS_VALUE_MAX octets */
	unsigned preference;         /* the highest is asked first */
	unsigned ports;              /* source ports of each service, 1 to RADIUS_PORTS_MAX */
	bool offers[RADIUS_SERVICES];
};

struct radius_settings {
	struct radius_server servers[RADIUS_SERVERS_MAX];
	unsigned n_servers;
	unsigned tries;   /* datagrams of a request to one server, 1 to RADIUS_TRIES_MAX */
	uint32_t timeout; /* ms that the first of them is waited for */
	unsigned base;    /* each later one so many thousandths of the one before; at least 1000 */
};

/* Where a datagram comes from or goes to: our socket number PORT to a service of a server. */
struct radius_socket {
	unsigned server;
	enum radius_service service;
	unsigned port; /* below the server's ports */
};

/* Why a datagram is dropped. */
enum radius_drop {
	RADIUS_TAKEN,
	RADIUS_MALFORMED, /* it is no answer of this service's */
	RADIUS_LATE,      /* no request of its number waits: it came late, twice, or from a stranger */
	RADIUS_UNPROVEN,  /* it has no Message-Authenticator, so that anybody could have made it of another */
	RADIUS_FORGED,    /* its authenticators are wrong, or are of another secret */
	RADIUS_UNJUDGED,  /* who has the secret does not answer just now */
	RADIUS_DROPS
};

struct radius_counters {
	uint64_t sent, resent, answered, silent,
		moved;                  /* datagrams; requests that nobody answered; to another server */
	uint64_t dropped[RADIUS_DROPS]; /* [RADIUS_TAKEN]: 0 */
};

enum radius_what {
	RADIUS_SEND,        /* DATAGRAM on SOCKET; empty: it could not be made just now, and that it is
			       not answered counts for nothing */
	RADIUS_ANSWER,      /* TICKET was answered */
	RADIUS_NO_ANSWER,   /* TICKET was not, by nobody: it is over */
	RADIUS_FELL_SILENT, /* a service of a server, SOCKET (its port does not count) */
	RADIUS_IS_BACK,     /* the same */
};

/* What is to be done. All of it is valid until the client is called again. */
struct radius_out {
	enum radius_what what;
	struct radius_socket socket; /* ANSWER: who it came from */
	uint64_t ticket;
	struct bytes datagram;
	struct radius_packet answer;
	const uint8_t *request; /* ANSWER: the authenticator of the request */
};

struct radius_client;

/* A client with SETTINGS, which are copied. Its randomness comes from RNG, which is the caller's. */
struct radius_client *radius_client_new(const struct radius_settings *settings, struct rng *rng);

/* Wipes and frees it; requests are forgotten. */
void radius_client_free(struct radius_client *c);

/* Asks SERVICE with ATTRIBUTES (well-formed ones, without Message-Authenticator and NAS-Identifier, which the
 * client puts in), under TICKET, which no other request has. SERVER: only this one, because it has begun the
 * conversation; -1: any. ERR_BUSY: RADIUS_REQUESTS_MAX wait; ERR_SPACE: ATTRIBUTES are too long for a packet;
 * ERR_MISSING: nobody offers SERVICE. */
enum err radius_client_ask(struct radius_client *c, uint64_t ticket, enum radius_service service, int server,
	struct bytes attributes, uint64_t now) MUST_CHECK;

/* Nobody waits for TICKET any more. */
void radius_client_forget(struct radius_client *c, uint64_t ticket);

/* A DATAGRAM has come in on SOCKET. */
enum radius_drop radius_client_take(
	struct radius_client *c, const struct radius_socket *socket, struct bytes datagram, uint64_t now);

/* What is to be done next. False: nothing before radius_client_wake(), HEAP_NEVER for not by itself. Call it
 * until then after everything else. */
bool radius_client_next(struct radius_client *c, uint64_t now, struct radius_out *out);
uint64_t radius_client_wake(const struct radius_client *c);

const struct radius_counters *radius_client_counters(const struct radius_client *c, unsigned server);

/* The secret of SERVER: what opens a key needs it. Valid as long as the client. */
const struct radius_secret *radius_client_secret(const struct radius_client *c, unsigned server);
