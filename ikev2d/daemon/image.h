/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that outlives a process: records in a file without a name (memfd_create), written with pwrite, never
 * mapped. Who ends while he writes leaves it as it was before. Records that are forgotten are overwritten. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum {
	IMAGE_MAX = 256 << 20, /* octets of records in use */
	IMAGE_SLACK = 1 << 20, /* of forgotten ones, from which on it is written anew */
	IMAGE_RECORD_MAX = 128 * 1024,
};

struct image {
	int fd;
	uint64_t start, end; /* of the records */
	uint64_t dead;       /* octets of forgotten records in between */
};

/* An empty one, whose descriptor the caller closes; -1 with errno set. */
int image_make(void);

/* Takes FD, which stays the caller's. ERR_SYNTAX: it is none; ERR_SYSTEM. */
enum err image_open(struct image *i, int fd) MUST_CHECK;

/* Whether it holds as much as it may. */
bool image_full(const struct image *i);

/* Writes a record; *AT is where it stands. ERR_RANGE: it is too large; ERR_SYSTEM. */
enum err image_add(struct image *i, struct bytes record, uint64_t *at) MUST_CHECK;

/* Forgets the record at AT. */
void image_forget(struct image *i, uint64_t at);

/* The first record at or after *AT that is not forgotten, from ARENA; *AT is where it stands, *NEXT where to
 * go on. Start with I->start. False: there is none any more. */
bool image_next(const struct image *i, uint64_t *at, uint64_t *next, struct arena *arena, struct bytes *out);

/* Whether so much is forgotten that it is worth to add every record again and then give back all that stood
 * in front of FROM, where they begin now. */
bool image_wasteful(const struct image *i);
void image_trim(struct image *i, uint64_t from);
