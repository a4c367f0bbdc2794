/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of the outer packets: UDP on the NAT-traversal port beside those of IKE, and raw ESP; for IPv4
 * and IPv6, wildcard, marked. */
#pragma once

#include "xfrm/user/inbound.h"
#include "xfrm/user/outbound.h"
#include "xfrm/user/outer_kind.h"
#include "xfrm/xfrm.h"

#include <sys/socket.h>

struct outer {
	int fd[OUTER_FDS];    /* -1: there is none, as on a machine without IPv6 */
	bool df[OUTER_SENDS]; /* what was last set; the sending thread's only */
	uint16_t port;        /* of UDP */
	unsigned number, n; /* one of N alike: it gets the inbound SAs whose SPI modulo N is NUMBER */
};

/* Opens number NUMBER of N of them, after those before it. The IKE sockets, where there are any, must stand
 * in the same SO_REUSEPORT group already, one for each family: then a program on the group gives us what
 * begins with an SPI of the userspace path, and them the rest. */
enum err outer_open(struct outer *o, const struct settings *settings, unsigned number, unsigned n,
	struct text *why) MUST_CHECK;
void outer_close(struct outer *o);

/* Whether the kernel may give datagrams of one sender as one bundle (ON, as at the start), or gives each for
 * itself. It puts them together before it looks for their socket, which is that of the first. */
void outer_bundle(const struct outer *o, bool on);

/* One that has nothing open. */
struct outer outer_none(void);
/* The same of the descriptors at FD, which it takes: others may have used them before. */
struct outer outer_take(const int fd[OUTER_FDS], uint16_t port, unsigned number, unsigned n);

/* Appends a sentence, as a line of its own, for each kind of buffer that this machine's settings keep smaller
 * than it should be. */
void outer_advice(const struct outer *o, struct text *out);

/* How many packets found a receive buffer full. */
uint64_t outer_overflows(const struct outer *o);

/* Room for one datagram, or for many that the kernel gives as one. */
enum { OUTER_ROOM = 65536 };

struct buffer {
	_Alignas(64) uint8_t octets[OUTER_ROOM];
};

enum { OUTER_MESSAGES = LOAD_PACKETS /* each packet of a load may need a message of its own */ };

/* The arguments of the batched calls, kept from batch to batch. */
struct outer_batch {
	struct mmsghdr msgs[OUTER_MESSAGES];
	struct iovec io[OUTER_MESSAGES];
	struct sockaddr_storage names[OUTER_MESSAGES];
	_Alignas(16) uint8_t control[OUTER_MESSAGES][128];
	const struct departure *first[OUTER_MESSAGES]; /* sending: the packets of each message */
	unsigned packets[OUTER_MESSAGES];
};

/* Takes what has arrived, at most N <= OUTER_MESSAGES bundles, into BUFFERS; returns how many. Never waits.
 */
unsigned outer_receive(const struct outer *o, enum outer_kind kind, struct outer_batch *b,
	struct buffer *buffers, struct bundle *v, unsigned n);

/* Sends the packets of L that are still on their way, waiting where the kernel's buffer is full; those of one
 * SA that are alike leave together. Counts what cannot be sent; a packet too big for its path lowers the path
 * MTU of its SA. Returns how many messages it made of them. */
unsigned outer_send(struct outer *o, struct outer_batch *b, const struct load *l, struct drops *drops);
