/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a packet thread has at hand for the batch it works on. */
#pragma once

#include "xfrm/user/icmp.h"
#include "xfrm/user/report.h"
#include "xfrm/user/snapshot.h"

struct lane {
	unsigned number; /* of the thread, among those of its direction */
	const struct snapshot *snap;
	uint64_t now; /* ms, CLOCK_BOOTTIME */
	struct drops *drops;
	struct rng *rng;
	uint64_t icmp_ms; /* answers by ICMP are paid for up to here */
	uint64_t spi_ms;  /* and reports of unknown SPIs */
	void *ctx;
	/* Tells the control thread; BODY is the datagram of REPORT_IKE, without its marker. False: it has no
	 * room. */
	bool (*tell)(void *ctx, const struct esp_report *r, struct bytes body);
	/* Writes a packet to a tun device. */
	void (*answer)(void *ctx, const struct device *to, struct bytes packet);
};

/* Tells what counting a packet of L gave, or could not be told before. Nothing else says it again: with the
 * next packet that is tried, too, which is dropped where the SA is spent. */
void lane_tell_volume(const struct lane *lane, struct live *l, enum live_event event);

/* Tells of a packet on PATH whose SPI no SA has, unless many have been told of late (as below). */
void lane_tell_unknown_spi(struct lane *lane, const struct path *path, bool encap, uint32_t spi);

/* Answers the packet P by ICMP, unless too many answers were given of late (ten a second, ten at once). */
void lane_answer(struct lane *lane, const struct device *to, enum icmp_why why, unsigned mtu, struct bytes p,
	const struct inner *in);
