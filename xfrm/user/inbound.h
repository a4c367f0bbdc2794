/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From outer datagrams to inner packets: everything between the socket and the tun device. Pure. */
#pragma once

#include "xfrm/user/lane.h"

/* A datagram that arrived. */
struct arrival {
	struct esp_packet esp;    /* in: the ESP packet, or what came in UDP; out: the inner packet */
	struct path path;         /* the ports count with ENCAP only */
	bool encap;               /* it came in UDP */
	uint8_t tos;              /* of the outer header */
	const struct sa_slot *sa; /* out: the SA it came on */
	struct inner inner;       /* out: of the inner packet */
	size_t inside;            /* out: octets of it, with padding against traffic analysis */
};

/* Opens and checks N of them. Those with an SA and DROP_NONE then are to be written to sa->device; the others
 * have been counted, or, without an SA, handed over to the control thread. */
void inbound_run(struct lane *lane, struct arrival *v, unsigned n);

/* The two halves of it, for threads that share an SA. What takes time is in the first one, which others may
 * do at the same time with other packets; window, counters and limits are in the second one, which is for one
 * thread after the other, in the order in which the packets came. Both see the same snapshot. */
void inbound_open(struct lane *lane, struct arrival *v, unsigned n);
void inbound_admit(struct lane *lane, struct arrival *v, unsigned n);

/* Datagrams that the kernel gave as one: of the same sender, so that they have all but ESP in common, and of
 * SEGMENT octets each, where the last may have fewer. */
struct bundle {
	struct arrival all;
	size_t segment;
};

/* Takes the next datagram out of B; false when it is empty. */
bool bundle_next(struct bundle *b, struct arrival *a);
