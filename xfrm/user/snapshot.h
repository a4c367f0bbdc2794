/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables the packet threads read: never changed, replaced as a whole by one atomic exchange. A thread
 * holds the one it works with; the control thread frees those that are replaced and no longer held. Pure but
 * for the atomics. */
#pragma once

#include "xfrm/user/device.h"
#include "xfrm/user/live.h"
#include "xfrm/user/spd.h"

/* A policy's part that outlives snapshots. */
struct policy_live {
	unsigned refs; /* control thread only */
	uint32_t id;
	bool asked;        /* outbound packet thread only, as is the next */
	uint64_t asked_ms; /* when an SA was last asked for */
};

/* An SA as of one snapshot. */
struct sa_slot {
	struct live *live;
	const struct device *device; /* inbound: where its packets come out */
	struct addr local, remote;   /* outer addresses */
	bool encap;
	unsigned limit; /* octets of the largest inner packet */
};

struct snapshot {
	struct snapshot *next; /* control thread only: replaced before this one */
	struct arena arena;
	struct sa_slot *sas;
	unsigned n_sas;
	const struct sa_slot **by_spi; /* inbound; a power of two of slots, open addressing */
	uint32_t spi_mask;
	struct spd_entry *entries; /* in the order of spd_sort */
	size_t n_entries;
	struct {
		struct device *device; /* NULL: none */
		size_t first, n;       /* of the entries */
	} devices[DEVICES_MAX];
};

/* An empty one with room for N_SAS SAs and N_ENTRIES selector pairs. The caller adds them, then calls
 * snapshot_finish. Until it is freed a snapshot holds a reference of all it points to. */
struct snapshot *snapshot_new(unsigned n_sas, size_t n_entries);
void snapshot_add_device(struct snapshot *s, struct device *d);
struct sa_slot *snapshot_add_sa(struct snapshot *s, struct sa_slot slot);
void snapshot_add_entry(struct snapshot *s, struct spd_entry entry);

/* Sorts and indexes. */
void snapshot_finish(struct snapshot *s);

/* Drops the references and frees it. CLOSE is called for a device that nobody needs any more. */
void snapshot_free(struct snapshot *s, void (*close)(void *ctx, struct device *d), void *ctx);

void policy_live_unref(struct policy_live *p);

/* The inbound SA of SPI, or NULL. */
const struct sa_slot *snapshot_find_spi(const struct snapshot *s, uint32_t spi);

/* The best entry for a packet from the device in SLOT, or NULL. */
const struct spd_entry *snapshot_find_policy(const struct snapshot *s, unsigned slot, const struct inner *in);

/* Where snapshots are published. */
enum { BOARD_READERS = 2 };

struct board {
	_Atomic(struct snapshot *) current;
	_Atomic(struct snapshot *) held[BOARD_READERS]; /* NULL: the reader is idle */
	struct snapshot *replaced;                      /* control thread only */
};

/* A reader takes the current snapshot, and lays it down again when its batch is done. */
const struct snapshot *board_hold(struct board *b, unsigned reader);
void board_release(struct board *b, unsigned reader);

/* Control: replaces the current snapshot by S. */
void board_publish(struct board *b, struct snapshot *s);

/* Control: frees what is replaced and no longer held. True when nothing is left waiting. */
bool board_reap(struct board *b, void (*close)(void *ctx, struct device *d), void *ctx);
