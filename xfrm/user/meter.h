/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counters in memory that two processes share: who carries packets counts, who controls it reads, and still
 * has what was counted when the other one is gone. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "xfrm/user/drop.h"
#include "xfrm/user/pace.h"

/* Of one SA. One thread at a time writes. */
struct meter {
	_Alignas(64) _Atomic uint64_t bytes;
	_Atomic uint64_t packets, last_ms, replays, invalid;
};

/* Of all packets together. */
struct totals {
	struct drops drops;
	struct pace pace;
};

enum {
	METERS_CHUNK = 1024,      /* meters that come into memory together */
	METERS_CHUNKS_MAX = 1024, /* 524,288 CHILD_SAs */
	METERS_MAX = METERS_CHUNK * METERS_CHUNKS_MAX,
};

struct meters {
	int fd; /* the memory; -1: there is none */
	bool writes;
	struct totals *totals;
	struct meter *chunks[METERS_CHUNKS_MAX]; /* as far as they were asked for */
	/* Of who hands them out: those that were given back, and how many there ever were. */
	uint32_t *spare, n_spare, spare_room, n;
};

/* New memory, which its maker only reads. ERR_SYSTEM and a sentence. */
enum err meters_make(struct meters *m, struct text *why) MUST_CHECK;
/* The memory FD, which is M's whatever comes of it, of who counts. ERR_SYSTEM and a sentence. */
enum err meters_take(struct meters *m, int fd, struct text *why) MUST_CHECK;
/* One that was neither made nor taken has no descriptor, and the rest zero. */
void meters_close(struct meters *m);

/* A number that is not in use, for its maker to hand out; and back. ERR_SPACE and a sentence. */
enum err meters_get(struct meters *m, uint32_t *number, struct text *why) MUST_CHECK;
void meters_put(struct meters *m, uint32_t number);

/* The meter of that number; NULL: there is no room for it. */
struct meter *meters_at(struct meters *m, uint32_t number);
