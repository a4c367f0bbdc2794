/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of VICI where it is heard, in front of the server (vici.h): octets in, packets out that are
 * well-formed and have numbers instead of names. The two need not be one process: what a front hands on is
 * all that the server hears of a client. */
#pragma once

#include "base/arena.h"
#include "base/fifo.h"
#include "vici/codec/packet.h"

enum vici_asked_kind { ASKED_COMMAND, ASKED_EVENT, ASKED_KINDS };

/* A packet to hand on. */
struct vici_asked {
	enum vici_asked_kind kind;
	unsigned which;       /* number of the command or event (vici.h) */
	bool on;              /* the event is registered, not unregistered */
	struct bytes message; /* of a command: its elements, which vici_tree takes; until the next call */
};

/* All zero is a new one. */
struct vici_front {
	struct vici_gather in;
	struct fifo rest;     /* octets behind the packet that is in IN */
	struct bytes request; /* the next one, in IN, that waits for the one before it; empty: none */
	unsigned asked;       /* bits 1 << enum vici_asked_kind: handed on, and not answered */
	bool broken;          /* the client broke the protocol: it is to be closed */
};

/* Octets of the client, in any pieces. False: there are more than it was asked for. */
bool vici_front_input(struct vici_front *f, struct bytes in) MUST_CHECK;

/* The next packet, when it is its turn: a command when all before it were answered, an event's when the one
 * before it was (they may be registered while a command is carried out). */
bool vici_front_next(struct vici_front *f, struct vici_asked *out) MUST_CHECK;

/* Those of the KINDS, bits as above, were answered. */
static inline void vici_front_answered(struct vici_front *f, unsigned kinds)
{
	f->asked &= ~kinds;
}

/* Whether more octets are wanted now. Who is not asked for them keeps them in his socket. */
bool vici_front_hungry(const struct vici_front *f);

/* The elements of the well-formed MESSAGE, but with INSTEAD as the value of KEY, which is VALUE then and part
 * of MESSAGE (empty: it has none, or an empty one). From ARENA. */
struct bytes vici_front_replace(struct bytes message, const char *key, struct bytes instead,
	struct arena *arena, struct bytes *value) MUST_CHECK;

enum {
	VICI_READ_MAX = 2 << 20, /* octets, with certificates read */
	VICI_READ_CERTS_MAX =
		512, /* certificates and the like in one message: it takes a moment to read each */
};

/* A value to be read. */
struct vici_value {
	struct bytes octets; /* of a certificate, several in PEM, or a CRL */
	bool key;            /* of a public key instead */
	bool named;          /* a connection names it, */
	bool too_many;       /* there are more than VICI_READ_CERTS_MAX with it: it is not to be read */
};

/* What stands instead of V: its paper (pki/paper.h), and where it is named behind that what came. At most
 * UINT16_MAX octets, from ARENA. */
typedef struct bytes vici_reads(const struct vici_value *v, struct arena *arena);

/* The elements of the well-formed MESSAGE of command number COMMAND, but with what READS makes of
 * certificates in it. From ARENA. */
struct bytes vici_front_read(
	struct bytes message, unsigned command, vici_reads *reads, struct arena *arena) MUST_CHECK;

/* Octets of memory that it takes. */
static inline size_t vici_front_size(const struct vici_front *f)
{
	return f->in.octets.cap + f->rest.cap;
}

/* Wipes and frees. */
void vici_front_free(struct vici_front *f);
