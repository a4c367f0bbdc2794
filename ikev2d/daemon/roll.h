/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users file as keeper has it: it comes in parts, counts when all of it is there and right, and stands in
 * the image in the same parts. */
#pragma once

#include "daemon/image.h"
#include "daemon/ipc.h"
#include "eap/users.h"

enum { ROLL_PARTS_MAX = IPC_USERS_MAX / IPC_DATA_MAX + 1 };

/* Where its parts stand in the image. */
struct roll_place {
	uint64_t at[ROLL_PARTS_MAX];
	unsigned n;
};

struct roll {
	struct eap_users *users; /* NULL: none was read yet */
	struct roll_place place;
	/* What is coming. */
	uint8_t *text;
	size_t n, total;
	struct roll_place next; /* of what is remembered */
};

/* Takes PART. When it is the last one and all is right, the new users count and stand in I, instead of those
 * before. ERR_MISSING: what comes before it was not heard; else as eap_users_read, with a sentence in WHY:
 * nothing has changed then. */
enum err roll_take(
	struct roll *r, struct image *i, const struct ipc_users *part, char why[EAP_USERS_WHY]) MUST_CHECK;

/* The same of a part that stands at AT in I; and when all of I was seen. */
enum err roll_remember(struct roll *r, struct image *i, const struct ipc_users *part, uint64_t at) MUST_CHECK;
void roll_remembered(struct roll *r, struct image *i);

/* Writes what is there into I once more. */
enum err roll_write(struct roll *r, struct image *i) MUST_CHECK;

/* What is said of NAME, or, where there is none and it is "DOMAIN\\NAME", of "NAME". */
struct eap_user roll_find(const struct roll *r, struct bytes name);

/* Wipes, but for the image. */
void roll_end(struct roll *r);
