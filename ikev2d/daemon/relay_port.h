/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source ports to RADIUS servers: sockets of UDP that only one address can be heard on. */
#pragma once

#include "base/bytes.h"
#include "model/addr.h"

struct event_base;
struct relay_port;

/* What comes in: TAKE for each datagram, then SETTLE, which may free the port. */
typedef void relay_port_take(void *ctx, struct bytes datagram);
typedef void relay_port_settle(void *ctx);

/* A port to TO. NULL with errno set: the system has none, or knows no way there. */
struct relay_port *relay_port_open(struct event_base *base, const struct addr *to, relay_port_take *take,
	relay_port_settle *settle, void *ctx);

/* Sends DATAGRAM. False with errno set: it was not sent. That nobody listened to an earlier one is no
 * failure: the network says that, and who is on it can lie. */
bool relay_port_send(struct relay_port *p, struct bytes datagram);

/* NULL is none. */
void relay_port_free(struct relay_port *p);
