/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the packet threads to the control thread: bounded, and never waited for. */
#pragma once

#include "xfrm/user/lane.h"

struct channel {
	int tell, hear; /* two ends of one socket pair */
};

enum err channel_open(struct channel *c, struct text *why) MUST_CHECK;
void channel_close(struct channel *c);

/* False when the channel is full, or nobody hears any more. */
bool channel_tell(const struct channel *c, const struct esp_report *r, struct bytes body);

/* The next report, and what came with it, into BODY of CHANNEL_BODY octets; false when there is none now. */
enum { CHANNEL_BODY = 65536 };
bool channel_hear(const struct channel *c, struct esp_report *r, uint8_t *body, size_t *n);
