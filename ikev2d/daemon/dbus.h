/* SPDX-License-Identifier: GPL-2.0-or-later */
/* D-Bus, as little as it takes to call methods of a system service and hear whether they have worked (D-Bus
 * Specification, "Message Protocol"; "Authentication Protocol" by EXTERNAL). What is sent is in this
 * machine's order of octets: sd-bus reads no arrays in another one. */
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#include <event2/event.h>

enum {
	DBUS_CALLS_MAX = 128,
	DBUS_MESSAGE_MAX = 64 * 1024, /* octets of one that is sent or heard */
};

/* A method; its BODY has the types of SIGNATURE. */
struct dbus_call {
	const char *destination, *path, *interface, *member, *signature;
	struct bytes body;
};

/* What a body is made of: each value begins at a multiple of its size (a structure: of 8). */
void dbus_align(struct wr *w, unsigned size);
void dbus_put_u32(struct wr *w, uint32_t v);
void dbus_put_string(struct wr *w, const char *s);
/* An array of elements that begin at multiples of ALIGN: what is written between begin and end. */
struct dbus_array {
	size_t length_at, start;
};
struct dbus_array dbus_array_begin(struct wr *w, unsigned align);
void dbus_array_end(struct wr *w, struct dbus_array array);

/* Appends CALL as a message of the number SERIAL that wants an answer and starts no service. */
void dbus_put_call(struct wr *w, const struct dbus_call *call, uint32_t serial);

/* An answer. */
struct dbus_reply {
	uint32_t to;       /* the serial of the call; 0: it is no answer */
	const char *error; /* NULL: it has worked; else the error's name and text, from the arena */
};

/* How long the message is that begins with the octets of B: 0 as long as too few are there to tell.
 * ERR_SYNTAX for what is no message, ERR_RANGE for one above DBUS_MESSAGE_MAX. */
enum err dbus_length(struct bytes b, size_t *n) MUST_CHECK;
/* Reads the message B, whole. */
enum err dbus_get_reply(struct bytes b, struct arena *arena, struct dbus_reply *out) MUST_CHECK;

/* Calls under way. */
struct dbus;

/* WHY: NULL when all have worked, else a sentence about the first that has not; valid for this call. */
typedef void dbus_done(void *ctx, const char *why);

/* Does the N CALLS, in their order, over the system bus (unix:path of $DBUS_SYSTEM_BUS_ADDRESS, else where it
 * usually is); they are copied. DONE comes from the loop of BASE, within LIMIT_MS. ERR_MISSING and a sentence
 * where there is no bus. */
enum err dbus_start(struct event_base *base, const struct dbus_call *calls, unsigned n, unsigned limit_ms,
	dbus_done *done, void *ctx, struct dbus **out, struct text *why) MUST_CHECK;

/* DONE comes no more; what was sent may be done all the same. NULL is none. */
void dbus_free(struct dbus *d);
