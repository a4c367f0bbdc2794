/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `ikev2d --record`: each step of the core, written to a file (daemon/tape.h). */
#pragma once

#include "ike/ike.h"

struct record;

enum { RECORD_LIMIT = 64 << 20 /* octets in one file */, RECORD_FILES = 10 };

/* Begins a record in the new file PATH, or where that is there already in the first of PATH.1, PATH.2, … that
 * is not: a daemon that was restarted must not spoil the record of its death, nor refuse to start. Nobody
 * else may read it. SECRETS: as they are. It stops, with a line in the log, before it is longer than LIMIT.
 * WHY gets a sentence. */
enum err record_open(
	const char *path, bool secrets, uint64_t limit, struct record **out, struct text *why) MUST_CHECK;

/* One in the file FD, which is the record's from now on and was opened so, in another process. */
struct record *record_adopt(int fd, bool secrets, uint64_t limit);

/* Its file, for that. */
int record_fd(const struct record *r);

/* NULL does nothing, here and below. */
void record_close(struct record *r);

/* The file's name. */
const char *record_path(const struct record *r);

/* An empty core begins. */
void record_core(struct record *r);

/* ike_step, recorded. */
struct ike_out record_step(struct record *r, struct ike *ike, const struct ike_event *event, uint64_t now,
	struct rng *rng, struct arena *scratch);
