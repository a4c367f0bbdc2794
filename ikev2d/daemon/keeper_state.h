/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept, to who has to do with it: keeper.c, and tokens.c for keys that stay where they are. */
#pragma once

#include "daemon/keeper.h"
#include "pki/bundle.h"

struct kept_thing {
	struct arena arena;
	uint64_t handle, at; /* where its record stands in the image */
	enum ipc_use use;
	struct secret secret; /* IPC_USE_SECRET: kind, owners, data; IPC_USE_PASSPHRASE: data */
	struct key *key;      /* IPC_USE_KEY; NULL: it is on a token, and is opened when it is wanted */
	/* Of a key on a token: where it is; its PIN is SECRET.data. */
	const char *uri;
	bool refused; /* it was not that PIN, which is not tried again: tokens count */
	/* Else it is, where it could not be opened: */
	unsigned failures; /* so often, one after the other, */
	uint64_t again;    /* ms, clock_ms: not before that; */
	char *wrong;       /* this was said */
};

struct kept_thing *keeper_thing(uint64_t handle, enum ipc_use use);
void keeper_thing_free(struct kept_thing *t);

/* What HANDLE is, if it is for USE; NULL: it is not. */
struct kept_thing *keeper_find(const struct keeper *k, uint64_t handle, enum ipc_use use);

/* Keeps T, and its record; it is freed where that cannot be. */
enum err keeper_keep(struct keeper *k, struct kept_thing *t) MUST_CHECK;
/* The same without the record, which stands in the image already. */
void keeper_put(struct keeper *k, struct kept_thing *t);

/* Of IPC_MARK_SIZE octets, from ARENA: the same for the same DATA, and nobody else can make it. */
struct bytes keeper_mark(const struct keeper *k, struct bytes data, struct arena *arena);
/* Draws the key; and the first of those that have its image writes it down for the next ones. */
enum err keeper_draw_marking(struct keeper *k) MUST_CHECK;
enum err keeper_write_marking(struct keeper *k) MUST_CHECK;
/* Takes the key over, if RECORD of the image is that. */
bool keeper_take_marking(struct keeper *k, struct bytes record);

/* What is meant: the octets DATA, or where NUMBER is not 0 what was offered under it, from ARENA.
 * ERR_UNKNOWN: it did not come. */
enum err keeper_offered(
	struct keeper *k, uint64_t number, struct arena *arena, struct bytes *data) MUST_CHECK;

/* Tells guard, who has asked M, what is public in B, whose private key is kept as HANDLE, and empties it; or
 * E and WHY. */
void keeper_tell_opened(struct keeper *k, const struct ipc_message *m, enum err e, struct bundle *b,
	uint64_t handle, struct why *why);
