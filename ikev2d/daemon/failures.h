/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why connections failed: the last few of each, for whoever asks later; and of peers that no connection is
 * for. */
#pragma once

#include "base/dict.h"
#include "daemon/config.h"
#include "model/why.h"

/* So many are kept of each, of those that began here and of those that the peer began: what others can make
 * fail does not push out what we want to know. */
enum { FAILURES_KEPT = 4 };

struct failure {
	struct node node;
	struct arena arena;
	struct failure_record record;
	bool over; /* it has come up since */
};

/* What is remembered of one connection. */
struct story {
	struct node node;
	struct node kept[2]; /* struct failure, by who began; the last one first */
	unsigned n[2];
	uint64_t down; /* when its last IKE_SA went; 0: it was never up */
	char name[];   /* empty: of nobody's */
};

struct failures {
	struct node list; /* of stories */
	struct dict by_name;
};

void failures_start(struct failures *f);
void failures_stop(struct failures *f);

/* Keeps a copy of R, a failure of connection NAME (NULL: no connection is for that peer), at the time
 * R->last. One with the same sentence is counted instead. */
void failures_note(struct failures *f, const char *name, const struct failure_record *r);

/* Counts R if one with the same sentence is there, and keeps that as it is. */
bool failures_again(struct failures *f, const char *name, const struct failure_record *r);

/* NAME has come up; an IKE_SA of it went at NOW; forget it. */
void failures_up(struct failures *f, const char *name);
void failures_down(struct failures *f, const char *name, uint64_t now);
void failures_forget(struct failures *f, const char *name);

/* Forgets connections that C has not. */
void failures_prune(struct failures *f, const struct config *c);

/* What is remembered of NAME (NULL: of nobody's), borrowed until the next change; NULL: nothing. */
const struct story *failures_of(const struct failures *f, const char *name);

/* Why S is not up: the last failure of what began here, or else of what a peer began; NULL: none since it was
 * up. */
const struct failure_record *story_last(const struct story *s);

/* All of S, those that began here first, into OUT of 2 * FAILURES_KEPT; how many. */
unsigned story_all(const struct story *s, const struct failure_record **out);
