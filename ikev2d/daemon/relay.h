/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RADIUS servers, asked by certs: sockets, names and the clock for the client of radius/client.h. Each
 * question is answered, and none waits for a server but its own. */
#pragma once

#include "base/map.h"
#include "daemon/entropy.h"
#include "daemon/gate.h"
#include "daemon/ipc_radius.h"
#include "daemon/relay_port.h"

#include <event2/event.h>

struct certs;
struct ipc_message;
struct relay;

/* A source port, and what it is to the client. */
struct relay_socket {
	struct relay *relay;
	struct radius_socket is;
	struct relay_port *port; /* NULL: not needed so far */
};

struct relay_server {
	const char *name;
	const char *dns; /* NULL: it was an address */
	bool resolving;
	struct ip ip; /* v 0: not known yet */
	uint16_t ports[RADIUS_SERVICES];
	struct relay_socket sockets[RADIUS_SERVICES][RADIUS_PORTS_MAX];
};

struct relay {
	struct certs *certs;
	struct arena arena; /* of the servers' names */
	struct relay_server servers[RADIUS_SERVERS_MAX];
	unsigned n_servers;
	struct radius_client *client; /* NULL: there are no servers */
	uint64_t mark;                /* of these servers: notes of others are not good for them */
	struct map asked;             /* struct relay_talk by its ticket */
	struct event *timer;
	struct entropy entropy;
	struct gate lines; /* of what strangers can make us say */
};

void relay_start(struct relay *r, struct certs *c);

/* Nobody is asked any more. Behind the resolver: it calls back who waits for a name. */
void relay_stop(struct relay *r);

/* What is done with messages (ipc_table.c); CTX is certs. */
bool relay_take_servers(void *ctx, const struct ipc_message *m);
bool relay_take_eap(void *ctx, const struct ipc_message *m);
bool relay_take_account(void *ctx, const struct ipc_message *m);
