/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From packets of a tun device to ESP packets: everything between the tun device and the socket. Pure. */
#pragma once

#include "xfrm/user/lane.h"

struct departure {
	struct esp_packet esp;    /* in: the IP packet; out: the ESP packet */
	const struct sa_slot *sa; /* out: where it goes */
	uint8_t tos;              /* out: of the outer header */
	/* Out: the outer packet may not be cut, since the inner one may not and that is copied; else the
	 * kernel cuts it where the path is too narrow. */
	bool df;
};

/* Finds policy and SA of N packets from DEVICE and seals them. Those whose esp.drop is DROP_NONE then are to
 * be sent; the others have been counted. */
void outbound_run(struct lane *lane, const struct device *device, struct departure *v, unsigned n);
