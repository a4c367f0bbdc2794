/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of an SA changes with each packet: sequence number or window, counters, limits. All snapshots share
 * it. Packet threads work on it, where there are several mostly the same one; the control thread makes,
 * counts and frees it, and reads the atomic fields. Pure but for the lock. */
#pragma once

#include "model/sa.h"
#include "xfrm/user/esp.h"
#include "xfrm/user/inner.h"
#include "xfrm/user/meter.h"
#include "xfrm/user/tos.h"

#include <pthread.h>

/* Bounds of one kind of volume. */
struct live_limit {
	uint64_t soft, hard; /* UINT64_MAX: none */
};

struct live {
	struct arena arena;
	uint32_t child;
	bool inbound;
	struct esp esp;
	struct tss local_ts, remote_ts;
	struct tos_copy tos;
	bool copy_df, keep_mss;
	uint32_t tfc_padding; /* outbound: octets that inner packets are padded to, or TFC_MTU; 0: none */
	struct live_limit bytes_limit, packets_limit;

	struct meter *meter;       /* under the lock: borrowed (it outlives this), or OWN */
	struct meter *own;         /* which nobody reads: of an SA that was given up; NULL: it was not yet */
	_Atomic uint32_t path_mtu; /* learned while sending; 0: nothing smaller than what control knows */
	_Atomic unsigned together; /* outbound: how many packets the kernel is given in one message */
	_Atomic unsigned taken;    /* messages of as many that it has taken since this was last changed */
	_Atomic bool hard_told;
	_Atomic unsigned owed; /* enum live_event, of which nobody could be told */

	/* Of the window and of counting; one that opens alone holds it meanwhile. */
	pthread_mutex_t lock;
	bool soft_told;      /* under the lock, as are the next two, and the writing of counters */
	bool use_owed;       /* nobody could be told of its first use */
	uint64_t mapping_ms; /* when an address change was last reported */
};

enum {
	LIVE_TOGETHER = 64, /* UDP_MAX_SEGMENTS of the oldest kernels that have it */
	LIVE_TAKEN = 1000,  /* then more are tried again, which costs one refusal where nothing has changed */
};

/* An SA that counts by METER from zero, its selectors copied. NULL, *ERR and a sentence in WHY when keys,
 * algorithms or the window are refused. */
struct live *live_new(const struct sa_spec *spec, struct meter *meter, enum err *err, struct text *why);
/* Wipes and frees it. */
void live_free(struct live *l);

/* Whether the packet is one of those agreed on: for an inbound SA its source lies on the remote side. */
bool live_selects(const struct live *l, const struct inner *in);

/* Holds the lock of L (NULL: none) instead of that of *HELD. */
void live_hold(struct live **held, struct live *l);

/* Counts an authenticated or sealed packet of N inner octets. */
enum live_event { LIVE_NOTHING, LIVE_SOFT, LIVE_HARD };
enum live_event live_count(struct live *l, size_t n, uint64_t now);

/* Has L count by its own meter from now on: somebody else may be given the one that it borrowed, while packet
 * threads are still at work on L. */
void live_part(struct live *l);

/* Counts a packet of an inbound SA that was dropped, as a repetition or as invalid. */
void live_miss(struct live *l, enum drop why);

/* The kernel has taken a message of N packets, or refused it as too much. */
void live_taken(struct live *l, unsigned n);
void live_refused(struct live *l, unsigned n);

/* Nobody could be told of EVENT; and what it is that somebody is to be told of still, which counts as told
 * then. */
void live_owe(struct live *l, enum live_event event);
enum live_event live_owed(struct live *l);

/* Whether the SA's volume is used up; it carries nothing more then. */
bool live_is_spent(const struct live *l);

/* What was counted, of the SA of that SPI. */
struct sa_usage live_usage(const struct meter *m, uint32_t spi, bool inbound);
