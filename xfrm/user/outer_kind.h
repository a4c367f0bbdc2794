/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sockets of the outer packets, by name. */
#pragma once

#include <stdbool.h>

enum outer_kind {
	OUTER_UDP4,
	OUTER_UDP6,
	OUTER_ESP4,
	OUTER_ESP6,
	OUTER_MAX, /* to receive by */
	/* Of UDP at a port that no other thread has: to send by only. Not there where one thread is alone. */
	OUTER_OWN4 = OUTER_MAX,
	OUTER_OWN6,
	OUTER_SENDS, /* to send by */
	/* The kernel is asked by these for the size of a path; nothing is sent or received there. */
	OUTER_PROBE4 = OUTER_SENDS,
	OUTER_PROBE6,
	OUTER_FDS
};

static inline bool outer_is_v6(enum outer_kind kind)
{
	return kind == OUTER_UDP6 || kind == OUTER_ESP6 || kind == OUTER_OWN6;
}

static inline bool outer_is_udp(enum outer_kind kind)
{
	return kind != OUTER_ESP4 && kind != OUTER_ESP6;
}
