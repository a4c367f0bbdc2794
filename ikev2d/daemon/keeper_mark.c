/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks, and their key, which stands in the image. */
#include "daemon/keeper_state.h"

#include "crypto/prf.h"
#include "daemon/entropy.h"

#include <stdlib.h>

/* Of several that are equal the marks are; without the key of the marks they say nothing. */
struct bytes keeper_mark(const struct keeper *k, struct bytes data, struct arena *arena)
{
	const struct transform *f = transform_find(TRANSFORM_PRF, PRF_HMAC_SHA2_256, 0);
	uint8_t *out = arena_alloc(arena, f->out);

	if (prf(f, bytes_of(k->marking, sizeof k->marking), &data, 1, out))
		abort();
	return bytes_of(out, IPC_MARK_SIZE);
}

void keeper_warm(void)
{
	struct arena arena = { 0 };

	(void)keeper_mark(&(struct keeper){ 0 }, (struct bytes){ 0 }, &arena);
	arena_free(&arena);
}

/* A record that is no message: kinds are not 0. */
enum { MARKING_RECORD = 1 + sizeof((struct keeper *)0)->marking };

bool keeper_take_marking(struct keeper *k, struct bytes record)
{
	if (record.n != MARKING_RECORD || record.p[0])
		return false;
	memcpy(k->marking, record.p + 1, sizeof k->marking);
	return true;
}

/* Each tokens has its own (vault_known.c). */
enum err keeper_write_marking(struct keeper *k)
{
	uint8_t record[MARKING_RECORD] = { 0 };
	uint64_t at;
	enum err e;

	if (k->guard.self == IPC_TOKENS)
		return ERR_OK;
	memcpy(record + 1, k->marking, sizeof k->marking);
	e = image_add(&k->image, bytes_of(record, sizeof record), &at);
	WIPE(record);
	return e;
}

enum err keeper_draw_marking(struct keeper *k)
{
	struct entropy entropy;

	entropy_start(&entropy);
	rng_fill(&entropy.rng, k->marking, sizeof k->marking);
	entropy_stop(&entropy);
	return k->image.start == k->image.end ? keeper_write_marking(k) : ERR_OK;
}
