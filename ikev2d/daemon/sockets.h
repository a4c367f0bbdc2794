/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The UDP sockets of IKE: port 500 and, with a marker before each message, port 4500 (RFC 3948), for IPv4 and
 * IPv6. They are wildcard with packet info: the path of a datagram has the address it came to, and answers
 * leave from there. */
#pragma once

#include "base/text.h"
#include "daemon/sockets_mtu.h"
#include "model/addr.h"
#include "model/conf.h"

#include <event2/event.h>

/* What comes from outside, for CTX: a datagram of IKE, without its marker, borrowed; and what is said of
 * datagrams of ours. */
struct sockets_heard {
	void (*received)(void *ctx, const struct path *path, struct bytes datagram);
	sockets_mtu *mtu;
	sockets_unreachable *unreachable;
	void (*all)(void *ctx); /* that was there was told */
};

struct sockets;

struct ike_socket {
	struct sockets *all;
	int fd; /* -1: not open */
	bool v6, marker;
	uint16_t port;
	struct event *readable;
};

enum { SOCKETS = 4 /* two families, two ports */ };

struct sockets {
	struct ike_socket v[SOCKETS];
	struct sockets_inbox *inbox;
	struct sockets_outbox *outbox;
	struct sockets_heard heard;
	void *ctx;
	struct event *flush; /* what waits is sent */
	uint64_t esp;        /* datagrams on port 4500 that are for no data path */
};

/* Opens them. A machine without IPv6 gets those of IPv4 (said once in the log). Small datagrams wait for
 * others until the loop BASE has done what it is at. WHY gets one sentence on failure. */
enum err sockets_open(struct sockets *s, struct event_base *base, const struct settings *settings,
	struct text *why) MUST_CHECK;
/* Those that another process has opened and handed over: FDS, in the order of its V; -1: not that. */
void sockets_adopt(struct sockets *s, const int fds[SOCKETS]);
void sockets_close(struct sockets *s);

/* Tells CTX from now on, in the loop BASE, what is HEARD; and does so no more. */
enum err sockets_hear(
	struct sockets *s, struct event_base *base, const struct sockets_heard *heard, void *ctx) MUST_CHECK;
void sockets_deafen(struct sockets *s);

/* From now on ESP on the port with markers goes to the kernel, for IPv4 or IPv6 (V6); what begins with an SPI
 * of the userspace path never comes here. */
void sockets_encap(struct sockets *s, bool v6);

/* Sends DATA as PATH says. What cannot be sent is lost, as datagrams are; the log says so in detail. */
void sockets_send(struct sockets *s, const struct path *path, struct bytes data);

/* One octet that keeps a NAT's mapping alive (RFC 3948, 2.3). */
void sockets_keepalive(struct sockets *s, const struct path *path);

/* Opens the socket for *SOCKET, whose family, port and marker are set (sockets_open.c). */
enum err socket_open(struct ike_socket *socket, struct text *why) MUST_CHECK;
