/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VICI's two outer layers: segments on a stream (a 32-bit length, then that many octets), and in each segment
 * one packet: its type, for some types a name, and a message. */
#pragma once

#include "base/bytes.h"
#include "base/err.h"
#include "base/fifo.h"

enum {
	VICI_SEGMENT_MAX = 512 * 1024, /* octets, without the length in front */
	VICI_LENGTH = 4,
	VICI_NAME_MAX = 255,
	VICI_VALUE_MAX = 65535,
	VICI_DEPTH_MAX = 16, /* sections within sections */
};

enum vici_type {
	VICI_CMD_REQUEST, /* named */
	VICI_CMD_RESPONSE,
	VICI_CMD_UNKNOWN,
	VICI_EVENT_REGISTER,   /* named */
	VICI_EVENT_UNREGISTER, /* named */
	VICI_EVENT_CONFIRM,
	VICI_EVENT_UNKNOWN,
	VICI_EVENT, /* named */
	VICI_TYPES
};

bool vici_type_named(enum vici_type type);

/* A packet, borrowed from its segment. The name is empty for types that have none; the message is not looked
 * into. */
struct vici_packet {
	enum vici_type type;
	struct bytes name;
	struct bytes message;
};

/* ERR_SHORT when the segment ends within the name, ERR_UNKNOWN for another type, ERR_SYNTAX for a name that
 * is empty or not text. */
enum err vici_packet_parse(struct bytes segment, struct vici_packet *out) MUST_CHECK;

/* Whether B may be a name: not empty, and without control characters. */
bool vici_name_ok(struct bytes b);

/* What came of a segment so far. All zero is empty. What is announced takes no memory until it comes. */
struct vici_gather {
	struct fifo octets; /* with the length in front */
	bool whole;
};

/* Takes octets from *IN up to the end of a segment. ERR_OK: SEGMENT is one, valid until the next call;
 * ERR_SHORT: *IN is used up and more is needed; ERR_RANGE: the length is 0 or above VICI_SEGMENT_MAX. */
enum err vici_gather(struct vici_gather *g, struct bytes *in, struct bytes *segment) MUST_CHECK;

/* Wipes and frees; G is empty then. */
void vici_gather_free(struct vici_gather *g);
