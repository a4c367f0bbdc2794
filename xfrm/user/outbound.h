/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From packets of a tun device to ESP packets: everything between the tun device and the socket. Pure. */
#pragma once

#include "xfrm/user/lane.h"
#include "xfrm/user/split.h"

struct departure {
	struct esp_packet esp;    /* first the IP packet, once sealed the ESP packet */
	const struct sa_slot *sa; /* where it goes */
	uint8_t tos;              /* of the outer header */
	/* The outer packet may not be cut, since the inner one may not and that is copied; else the kernel
	 * cuts it where the path is too narrow. */
	bool df;
	bool too_long; /* it is known that the kernel will have to cut it */
};

/* Packets on their way, those of an SA one right behind the other, so that they can leave in one call. */
enum { LOAD_PACKETS = 64, LOAD_OCTETS = 1 << 17 /* two of the longest, with what sealing adds */ };

struct load {
	unsigned n;
	size_t octets; /* in use */
	struct departure v[LOAD_PACKETS];
	_Alignas(64) uint8_t room[LOAD_OCTETS];
};

/* What a device gave, many packets of one flow or one, on its way into loads. */
struct parcel {
	const struct device *from;
	const struct sa_slot *sa;
	struct inner in;
	struct split split;
};

/* Finds policy and SA for the packet P from DEVICE, before which H stood. False when it goes no further,
 * which has been counted as one then, whatever would have come of it. P is borrowed until all of it is
 * loaded. */
bool outbound_take(struct lane *lane, const struct device *device, const struct virtio_net_hdr *h,
	struct bytes p, struct parcel *out);

/* Loads what is left of a parcel, as far as L has room. True when nothing is left; packets that are too big
 * have been answered and counted. */
bool outbound_load(struct lane *lane, struct parcel *parcel, struct load *l);

/* Seals all of L. Those whose esp.drop is DROP_NONE then are to be sent; the others have been counted. */
void outbound_seal(struct lane *lane, struct load *l);

/* Makes L ready for others. */
void load_empty(struct load *l);
