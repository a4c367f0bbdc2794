/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine has because the process that speaks IKE wanted it: when that is lost, there is nobody else
 * who would take it away. Until then it goes on: packets are carried while the next process sets up anew what
 * is configured. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "model/addr.h"

enum held_kind {
	HELD_TALK,  /* a conversation of EAP */
	HELD_TRAP,  /* a policy that asks for an SA */
	HELD_SA_IN, /* of a CHILD_SA */
	HELD_SA_OUT,
	HELD_POLICY,
	HELD_VIP,   /* ours, once for each time that it was added */
	HELD_IKE,   /* an IKE_SA that was told to be up */
	HELD_LEASE, /* of a peer, once for each time */
	HELD_KINDS
};

struct held {
	struct map of[HELD_KINDS];
	struct node all[HELD_KINDS];
	size_t n[HELD_KINDS]; /* with those that are there several times */
};

/* A thing is a number, or an address. */
struct held_thing {
	uint32_t number;
	struct ip ip;
};

void held_start(struct held *h);
void held_stop(struct held *h);

/* One more, and one less; one that is not there is fine. */
void held_add(struct held *h, enum held_kind kind, struct held_thing thing);
void held_drop(struct held *h, enum held_kind kind, struct held_thing thing);

/* Whether there is room for MORE of a kind: nobody needs as many as do not fit. */
bool held_room(const struct held *h, enum held_kind kind, size_t more);

bool held_has(const struct held *h, enum held_kind kind, struct held_thing thing);

/* Takes one out, in the order of the kinds up to LAST. False: there is none. */
bool held_take(struct held *h, enum held_kind last, enum held_kind *kind, struct held_thing *out);

unsigned held_count(const struct held *h, enum held_kind kind);

/* All of FROM goes into INTO. */
void held_move(struct held *into, struct held *from);

static inline struct held_thing held_number(uint32_t n)
{
	return (struct held_thing){ .number = n };
}

static inline struct held_thing held_ip(const struct ip *ip)
{
	return (struct held_thing){ .ip = *ip };
}
