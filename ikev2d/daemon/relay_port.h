/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports to RADIUS servers: sockets of UDP that only one address can be heard on; and those that servers begin
 * with. */
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

/* A port that hears anybody at AT: what comes is given with whom it is from. NULL as above. */
typedef void relay_port_hear(void *ctx, const struct addr *from, struct bytes datagram);
struct relay_port *relay_port_listen(
	struct event_base *base, const struct addr *at, relay_port_hear *hear, void *ctx);

/* Answers with DATAGRAM. One that cannot be sent is as one that is lost. */
void relay_port_answer(struct relay_port *p, const struct addr *to, struct bytes datagram);

/* NULL is none. */
void relay_port_free(struct relay_port *p);
