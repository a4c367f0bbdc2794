/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The packet side of the userspace path: SAs with their keys, policies, and the threads. It carries out
 * orders, and opens nothing. All functions are for one thread, which controls the others. */
#pragma once

#include "xfrm/user/meter.h"
#include "xfrm/user/order.h"

struct plane;

struct plane *plane_new(void);
/* Ends its threads, wipes all keys, closes what it was given. */
void plane_free(struct plane *p);

/* Carries O out; the N descriptors at FDS are the plane's then, whatever comes of it. WHY gets a sentence on
 * failure: ERR_EXISTS, ERR_UNSUPPORTED (algorithms), ERR_RANGE (numbers that cannot be), ERR_SYSTEM. */
enum err plane_order(
	struct plane *p, const struct esp_order *o, const int *fds, unsigned n, struct text *why) MUST_CHECK;

/* Readable when plane_next() has something. */
int plane_fd(const struct plane *p);
/* The next report; BODY is the plane's until the next call. False: there is none now. */
bool plane_next(struct plane *p, struct esp_report *r, struct bytes *body);
