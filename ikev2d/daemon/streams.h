/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE and ESP over TCP (RFC 9329). A stream carries one peer's messages, and packets of ESP through a relay:
 * a UDP socket of this machine alone, so that to the data path it is a peer behind a NAT, at an address of
 * the loopback. Who connects has one stream to a peer's port, connects anew when it was lost and something is
 * to be sent, and keeps its relay; who is connected to has one for each connection, and the core moves to the
 * newest by which the peer has proved itself. */
#pragma once

#include "base/list.h"
#include "base/text.h"
#include "model/addr.h"
#include "model/conf.h"

#include <event2/event.h>

struct evconnlistener;

/* A message of IKE. Borrowed. */
typedef void streams_received(void *ctx, const struct path *path, struct bytes message);

struct streams {
	struct event_base *base;
	struct evconnlistener *listeners[2]; /* of IPv4 and IPv6; NULL: none */
	struct event *sweep;
	struct node all;         /* struct stream, the one that was used last behind */
	unsigned n, max;         /* with more, who comes takes the place of another */
	uint16_t port, relay_to; /* where peers come; the data path's */
	streams_received *received;
	void *ctx;
};

/* Takes connections on SETTINGS' tcp_port, if there is one, and tells CTX what arrives in them. WHY gets one
 * sentence on failure. */
enum err streams_open(struct streams *s, struct event_base *base, const struct settings *settings,
	streams_received *received, void *ctx, struct text *why) MUST_CHECK;
void streams_close(struct streams *s);

/* Sends DATA, of IKE, in the stream of PATH. A message that this connection has carried already is not sent
 * again, unless nothing has come since: then it goes in another one, if it is we who connect. What cannot be
 * sent is lost; the log says so in detail. */
void streams_send(struct streams *s, const struct path *path, struct bytes data);

/* *LOCAL and *REMOTE, between which the stream is, become the addresses that the data path is to use instead.
 * False: there is no such stream, WHY says so. */
bool streams_to_relay(struct streams *s, struct addr *local, struct addr *remote, struct text *why);
/* The way back: *REMOTE becomes that of the stream whose relay is there; otherwise it stays. */
void streams_from_relay(const struct streams *s, struct addr *remote);
