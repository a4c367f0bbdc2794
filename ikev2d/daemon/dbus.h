/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of methods of a system service by D-Bus, in our loop; sd-bus (sd-bus(3)) makes and reads the
 * messages. */
#pragma once

#include "daemon/sdbus.h"

#include <event2/event.h>

/* A method, and what appends its arguments, which are made of ARGS, to the message M: a negative errno where
 * that fails. */
struct dbus_call {
	const char *destination, *path, *interface, *member;
	int (*put)(sd_bus_message *m, const void *args);
	const void *args;
};

/* Calls under way. */
struct dbus;

/* WHY: NULL when all have worked, else a sentence about the first that has not; valid for this call. */
typedef void dbus_done(void *ctx, const char *why);

/* Does the N CALLS, in their order, over the system bus ($DBUS_SYSTEM_BUS_ADDRESS, else where it usually is);
 * they start no service, and are not used after this returns. DONE comes from the loop of BASE, within
 * LIMIT_MS. ERR_MISSING and a sentence where there is no bus, ERR_SPACE where a call cannot be made. */
enum err dbus_start(struct event_base *base, const struct dbus_call *calls, unsigned n, unsigned limit_ms,
	dbus_done *done, void *ctx, struct dbus **out, struct text *why) MUST_CHECK;

/* DONE comes no more; what was sent may be done all the same. NULL is none. */
void dbus_free(struct dbus *d);
