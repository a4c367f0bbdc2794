/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying, searching, publishing and freeing snapshots. */
#include "xfrm/user/snapshot.h"

#include <stdlib.h>

struct snapshot *snapshot_of(const struct tables *tables)
{
	struct snapshot *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->tables = *tables;
	s->tables.sad = map_copy(&tables->sad);
	s->tables.spd = spd_copy(&tables->spd);
	return s;
}

static void snapshot_free(struct snapshot *s, void *ctx)
{
	struct retired *r;

	while ((r = s->retired)) {
		s->retired = r->next;
		r->end(r, ctx);
	}
	map_free(&s->tables.sad);
	spd_free(&s->tables.spd);
	free(s);
}

const struct sa_slot *snapshot_find_spi(const struct snapshot *s, uint32_t spi)
{
	return map_get(&s->tables.sad, spi);
}

const struct spd_entry *snapshot_find_policy(const struct snapshot *s, unsigned slot, const struct inner *in)
{
	return spd_find(&s->tables.spd, slot, in);
}

const struct snapshot *board_hold(struct board *b, unsigned reader)
{
	struct snapshot *s;

	/* Only what is still current after it was noted as held is known to be seen by board_reap in time. */
	do {
		s = atomic_load(&b->current);
		atomic_store(&b->held[reader], s);
	} while (s != atomic_load(&b->current));
	return s;
}

void board_release(struct board *b, unsigned reader)
{
	atomic_store(&b->held[reader], NULL);
}

void board_publish(struct board *b, struct snapshot *s, struct retired **retired)
{
	struct snapshot *old = atomic_exchange(&b->current, s);

	if (!old)
		return;
	old->retired = *retired;
	*retired = NULL;
	*(b->oldest ? &b->newest->next : &b->oldest) = old;
	b->newest = old;
}

static bool is_held(struct board *b, const struct snapshot *s)
{
	for (unsigned i = 0; i < BOARD_READERS; i++)
		if (atomic_load(&b->held[i]) == s)
			return true;
	return false;
}

/* In their order: what ended with one may be in those before it as well. */
bool board_reap(struct board *b, void *ctx)
{
	struct snapshot *s;

	while ((s = b->oldest) && !is_held(b, s)) {
		b->oldest = s->next;
		snapshot_free(s, ctx);
	}
	return !b->oldest;
}
