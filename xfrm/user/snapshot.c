/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Building, searching, publishing and freeing snapshots. */
#include "xfrm/user/snapshot.h"

#include <stdlib.h>

struct snapshot *snapshot_new(unsigned n_sas, size_t n_entries)
{
	struct snapshot *s = calloc(1, sizeof *s);
	uint32_t slots = 2;

	if (!s)
		abort();
	while (slots < 2 * n_sas)
		slots *= 2;
	s->sas = ARENA_ARRAY(&s->arena, n_sas, struct sa_slot);
	s->entries = ARENA_ARRAY(&s->arena, n_entries, struct spd_entry);
	s->by_spi = ARENA_ARRAY(&s->arena, slots, const struct sa_slot *);
	s->spi_mask = slots - 1;
	return s;
}

void snapshot_add_device(struct snapshot *s, struct device *d)
{
	d->refs++;
	s->devices[d->slot].device = d;
}

/* SPIs of our choice are random: their low bits spread well. */
static void index_spi(struct snapshot *s, const struct sa_slot *slot)
{
	uint32_t i = slot->live->esp.spi & s->spi_mask;

	while (s->by_spi[i])
		i = (i + 1) & s->spi_mask;
	s->by_spi[i] = slot;
}

struct sa_slot *snapshot_add_sa(struct snapshot *s, struct sa_slot slot)
{
	struct sa_slot *to = &s->sas[s->n_sas++];

	*to = slot;
	live_ref(to->live);
	if (to->live->inbound)
		index_spi(s, to);
	return to;
}

void snapshot_add_entry(struct snapshot *s, struct spd_entry entry)
{
	entry.policy->refs++;
	s->entries[s->n_entries++] = entry;
}

void snapshot_finish(struct snapshot *s)
{
	spd_sort(s->entries, s->n_entries);
	for (size_t i = s->n_entries; i-- > 0;) {
		s->devices[s->entries[i].device].first = i;
		s->devices[s->entries[i].device].n++;
	}
}

void policy_live_unref(struct policy_live *p)
{
	if (!--p->refs)
		free(p);
}

void snapshot_free(struct snapshot *s, void (*close)(void *ctx, struct device *d), void *ctx)
{
	for (unsigned i = 0; i < s->n_sas; i++)
		live_unref(s->sas[i].live);
	for (size_t i = 0; i < s->n_entries; i++)
		policy_live_unref(s->entries[i].policy);
	for (unsigned i = 0; i < DEVICES_MAX; i++)
		if (s->devices[i].device && !--s->devices[i].device->refs)
			close(ctx, s->devices[i].device);
	arena_free(&s->arena);
	free(s);
}

const struct sa_slot *snapshot_find_spi(const struct snapshot *s, uint32_t spi)
{
	for (uint32_t i = spi & s->spi_mask; s->by_spi[i]; i = (i + 1) & s->spi_mask)
		if (s->by_spi[i]->live->esp.spi == spi)
			return s->by_spi[i];
	return NULL;
}

const struct spd_entry *snapshot_find_policy(const struct snapshot *s, unsigned slot, const struct inner *in)
{
	return spd_find(s->entries + s->devices[slot].first, s->devices[slot].n, in);
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

void board_publish(struct board *b, struct snapshot *s)
{
	struct snapshot *old = atomic_exchange(&b->current, s);

	if (!old)
		return;
	old->next = b->replaced;
	b->replaced = old;
}

static bool is_held(struct board *b, const struct snapshot *s)
{
	for (unsigned i = 0; i < BOARD_READERS; i++)
		if (atomic_load(&b->held[i]) == s)
			return true;
	return false;
}

bool board_reap(struct board *b, void (*close)(void *ctx, struct device *d), void *ctx)
{
	struct snapshot **at = &b->replaced, *s;

	while ((s = *at)) {
		if (is_held(b, s)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		snapshot_free(s, close, ctx);
	}
	return !b->replaced;
}
