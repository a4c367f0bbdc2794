/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both directions share. */
#include "xfrm/user/lane.h"

enum { ICMP_EVERY = 100 /* ms */, ICMP_BURST = 10 };

void lane_tell_volume(const struct lane *lane, const struct live *l, enum live_event event)
{
	struct report r = { .kind = REPORT_EXPIRE, .id = l->child, .hard = event == LIVE_HARD };

	if (event != LIVE_NOTHING)
		lane->tell(lane->ctx, &r, bytes_of(NULL, 0));
}

/* Each answer pays for some time; lane->icmp_ms is paid up to, and may run ahead of now by a burst. */
static bool may_answer(struct lane *lane)
{
	if (lane->icmp_ms < lane->now)
		lane->icmp_ms = lane->now;
	if (lane->icmp_ms - lane->now >= ICMP_EVERY * ICMP_BURST)
		return false;
	lane->icmp_ms += ICMP_EVERY;
	return true;
}

void lane_answer(struct lane *lane, const struct device *to, enum icmp_why why, unsigned mtu, struct bytes p,
	const struct inner *in)
{
	uint8_t packet[ICMP_ROOM];
	size_t n = icmp_answer(why, mtu, p, in, packet);

	if (n && may_answer(lane))
		lane->answer(lane->ctx, to, bytes_of(packet, n));
}
