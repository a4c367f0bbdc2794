/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A UDP socket on the loopback that stands for a peer of the data path. It takes datagrams from the data
 * path's port alone. */
#pragma once

#include "model/addr.h"

#include <event2/event.h>

/* A packet of ESP from the data path. Borrowed. */
typedef void udp_relay_packet(void *ctx, struct bytes esp);

struct udp_relay {
	int fd;             /* -1: not open */
	struct addr at, to; /* where it is; the data path's */
	struct event *readable;
	udp_relay_packet *packet;
	void *ctx;
};

/* Opens it for the data path at PORT of the loopback; false: errno says why. */
bool udp_relay_open(
	struct udp_relay *r, struct event_base *base, uint16_t port, udp_relay_packet *packet, void *ctx);
void udp_relay_close(struct udp_relay *r);

/* Gives ESP to the data path; what it does not take is lost. */
void udp_relay_send(struct udp_relay *r, struct bytes esp);
