/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tun device as the packet threads see it. */
#pragma once

#include "xfrm/user/retired.h"

#include <stdbool.h>

enum { DEVICES_MAX = 256, WORKERS_MAX = 16 /* packet threads in each direction */ };

struct device {
	struct retired retired;
	unsigned slot;          /* its place among DEVICES_MAX; used again only after it was closed */
	unsigned queues;        /* one for each packet thread of a direction */
	int queue[WORKERS_MAX]; /* descriptors */
	bool joins_udp;         /* it takes many datagrams of UDP as one */
};
