/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables the packet threads read: never changed, replaced as a whole by one atomic exchange. A thread
 * holds the one it works with; the control thread frees those that are replaced and no longer held. Pure but
 * for the atomics. */
#pragma once

#include "xfrm/user/device.h"
#include "xfrm/user/live.h"
#include "xfrm/user/spd.h"

/* A policy's part that is the same in all snapshots. */
struct policy_live {
	struct retired retired;
	uint32_t id;
	_Atomic uint64_t asked_ms; /* when an SA was last asked for; 0: never */
};

/* An SA with what is changed by making another one. */
struct sa_slot {
	struct retired retired;
	struct live *live;
	const struct device *device; /* inbound: where its packets come out */
	struct addr local, remote;   /* outer addresses */
	bool encap;
	bool own_port;  /* with ENCAP, outbound: it leaves from the port that its thread has for itself */
	unsigned limit; /* octets of the largest inner packet */
};

/* The SAs that packet threads have of their own, each what one of them sends, beside the one for all (RFC
 * 9611). But for ASKED_MS never changed, but replaced. */
struct sa_own {
	struct retired retired;
	const struct sa_slot *of[WORKERS_MAX];  /* by the thread's number; NULL: it has none */
	_Atomic uint64_t asked_ms[WORKERS_MAX]; /* when it last asked for one; 0: never */
};

/* What there is, by what packets show. They own nothing. */
struct tables {
	struct map sad; /* inbound SAs (struct sa_slot) by SPI */
	struct spd spd;
	struct device *devices[DEVICES_MAX]; /* by slot; NULL: none */
};

struct snapshot {
	struct snapshot *next;   /* control thread only, as is RETIRED: replaced behind this one */
	struct retired *retired; /* what ended with it */
	struct tables tables;
};

/* The tables as they are now: a copy of slots, whatever they lead to is shared. */
struct snapshot *snapshot_of(const struct tables *tables);

/* The inbound SA of SPI, or NULL. */
const struct sa_slot *snapshot_find_spi(const struct snapshot *s, uint32_t spi);

/* The best entry for a packet from the device in SLOT, or NULL. */
const struct spd_entry *snapshot_find_policy(const struct snapshot *s, unsigned slot, const struct inner *in);

/* Where snapshots are published. */
enum { BOARD_READERS = 2 * WORKERS_MAX };

struct board {
	_Atomic(struct snapshot *) current;
	_Atomic(struct snapshot *) held[BOARD_READERS]; /* NULL: the reader is idle */
	struct snapshot *oldest, *newest;               /* of those replaced; control thread only */
};

/* A reader takes the current snapshot, and lays it down again when its batch is done. */
const struct snapshot *board_hold(struct board *b, unsigned reader);
void board_release(struct board *b, unsigned reader);

/* Control: replaces the current snapshot by S. What is on RETIRED has gone from the tables since that one was
 * made; it ends with it. The list is empty then. */
void board_publish(struct board *b, struct snapshot *s, struct retired **retired);

/* Control: frees what is replaced, and neither it nor anything before it is held any more; CTX is for the
 * ends of what retired. True when nothing is left waiting. */
bool board_reap(struct board *b, void *ctx);
