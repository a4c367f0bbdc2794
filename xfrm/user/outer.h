/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of the outer packets: UDP on the NAT-traversal port beside those of IKE, and raw ESP; for IPv4
 * and IPv6, wildcard, marked. */
#pragma once

#include "xfrm/user/inbound.h"
#include "xfrm/user/outbound.h"
#include "xfrm/xfrm.h"

#include <sys/socket.h>

enum outer_kind { OUTER_UDP4, OUTER_UDP6, OUTER_ESP4, OUTER_ESP6, OUTER_MAX };

struct outer {
	int fd[OUTER_MAX];  /* -1: this machine has no IPv6 */
	bool df[OUTER_MAX]; /* what was last set; the sending thread's only */
	uint16_t port;      /* of UDP */
};

/* Opens them. The IKE sockets, where there are any, must stand in the same SO_REUSEPORT group already, one
 * for each family: then a program on the group gives us what begins with an SPI of the userspace path, and
 * them the rest. */
enum err outer_open(struct outer *o, const struct settings *settings, struct text *why) MUST_CHECK;
void outer_close(struct outer *o);

/* Room for the packets of one batch, each aligned and with the room that sealing needs around it. */
enum { BUFFER_HEAD = 64, BUFFER_BODY = 65536, BUFFER_TAIL = 128 };

struct buffer {
	_Alignas(64) uint8_t head[BUFFER_HEAD];
	uint8_t body[BUFFER_BODY];
	uint8_t tail[BUFFER_TAIL];
};

/* The arguments of the batched calls, kept from batch to batch. */
struct outer_batch {
	struct mmsghdr msgs[BATCH];
	struct iovec io[BATCH];
	struct sockaddr_storage names[BATCH];
	_Alignas(16) uint8_t control[BATCH][128];
};

/* Takes what has arrived, at most BATCH packets, into BUFFERS; returns how many. Never waits. */
unsigned outer_receive(const struct outer *o, enum outer_kind kind, struct outer_batch *b,
	struct buffer *buffers, struct arrival *v);

/* Sends the N packets of V that are still on their way, waiting where the kernel's buffer is full. Counts
 * what cannot be sent; a packet too big for its path lowers the path MTU of its SA. */
void outer_send(
	struct outer *o, struct outer_batch *b, const struct departure *v, unsigned n, struct drops *drops);
