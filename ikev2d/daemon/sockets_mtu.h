/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Datagrams of ours that did not arrive: too large for the way to a peer, or refused there (ICMP). The
 * sockets of IKE forbid to fragment, so that the kernel says when a datagram is too large: at once where our
 * own interface or what it knows of the way is to blame, later where an ICMP message comes (RFC 1191, RFC
 * 8201). Either stands in the socket's queue of errors. */
#pragma once

#include "ike/ike.h"

#include <stdbool.h>
#include <sys/socket.h>

/* The way to REMOTE carries datagrams of up to OCTETS. */
typedef void sockets_mtu(void *ctx, const struct ip *remote, uint32_t octets);

/* WHO says that the message of IKE which begins with SPIS (of both sides, 16 octets; borrowed) did not
 * arrive. */
typedef void sockets_unreachable(
	void *ctx, const struct ip *who, enum ike_unreachable what, struct bytes spis);

struct sockets_heard;

/* FD, of IPv4 or IPv6 (V6), is to behave like that. */
bool mtu_watch(int fd, bool v6);

/* Takes what stands in the queue of errors of FD, and tells CTX. MARKER octets stand before each message. */
void mtu_read(int fd, size_t marker, const struct sockets_heard *heard, void *ctx);

/* Sends M on FD; one that is too large goes in fragments of IP, since something may come of that. False: it
 * cannot be sent, errno says why. */
bool mtu_send(int fd, bool v6, const struct msghdr *m);
