/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets through the tunnels of two hosts. */
#pragma once

#include "tests/pair/lab.h"

enum { TRAFFIC_MAX = 16 };

/* A packet under way: it arrives when the next thing has happened. */
struct traffic_packet {
	const struct host *to;
	uint32_t spi;
	uint64_t sent;
};

struct traffic {
	struct lab *lab;
	struct traffic_packet under_way[TRAFFIC_MAX];
	unsigned n, carried;
};

/* From now on each policy always sends, at both ends: a packet leaves after each datagram and each move of
 * the clock, on the SA that is selected then, and arrives after the next. The test fails where one cannot
 * leave or does not arrive; the data path reports the first on each SA (EVENT_USED). */
void traffic_begin(struct traffic *t, struct lab *lab);
void traffic_end(struct traffic *t);
