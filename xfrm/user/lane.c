/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both directions share. */
#include "xfrm/user/lane.h"

/* Of what strangers can make us do. */
enum { STRANGER_EVERY = 100 /* ms */, STRANGERS_BURST = 10 };

void lane_tell_volume(const struct lane *lane, struct live *l, enum live_event event)
{
	if (event == LIVE_NOTHING)
		event = live_owed(l);
	if (event != LIVE_NOTHING &&
		!lane->tell(lane->ctx,
			&(struct esp_report){
				.kind = REPORT_EXPIRE, .id = l->child, .hard = event == LIVE_HARD },
			bytes_of(NULL, 0)))
		live_owe(l, event);
}

/* Each time pays for some time; *PAID is paid up to, and may run ahead of now by a burst. */
static bool may_once_more(const struct lane *lane, uint64_t *paid)
{
	if (*paid < lane->now)
		*paid = lane->now;
	if (*paid - lane->now >= STRANGER_EVERY * STRANGERS_BURST)
		return false;
	*paid += STRANGER_EVERY;
	return true;
}

void lane_tell_unknown_spi(struct lane *lane, const struct path *path, bool encap, uint32_t spi)
{
	struct esp_report r = { .kind = REPORT_UNKNOWN_SPI, .id = spi, .encap = encap, .path = *path };

	if (may_once_more(lane, &lane->spi_ms))
		(void)lane->tell(lane->ctx, &r, bytes_of(NULL, 0));
}

void lane_answer(struct lane *lane, const struct device *to, enum icmp_why why, unsigned mtu, struct bytes p,
	const struct inner *in)
{
	uint8_t packet[ICMP_ROOM];
	size_t n = icmp_answer(why, mtu, p, in, packet);

	if (n && may_once_more(lane, &lane->icmp_ms))
		lane->answer(lane->ctx, to, bytes_of(packet, n));
}
