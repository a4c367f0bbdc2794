/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A RADIUS server in the loop, on an address of this machine. It challenges who comes first, and lets in
 * alice; what it is told of sessions it acknowledges. */
#pragma once

#include "radius_help.h"

#include <event2/event.h>

#define RADIUS_FAKE_SECRET "a secret of theirs"

enum radius_temper { HONEST, SILENT, OTHER_SECRET, UNPROVEN, REFUSES };

/* A server. */
struct radius_fake {
	int fd;
	struct event *readable;
	enum radius_temper temper;
	unsigned asked;
	uint8_t last[RADIUS_MAX]; /* what it was asked last */
	size_t n_last;
};

/* Returns the port where it listens. */
uint16_t radius_fake_start(struct radius_fake *s, struct event_base *base, enum radius_temper temper);
/* One that was not started stays as it is. */
void radius_fake_stop(struct radius_fake *s);
