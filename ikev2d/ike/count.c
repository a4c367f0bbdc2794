/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting. */
#include "ike/count.h"

#include <stdlib.h>

/* The counters of one connection. They outlive it, as with strongSwan. */
struct tally {
	struct node of_ike;
	char *name;
	uint64_t v[COUNTERS];
};

static struct tally *tally_of(struct ike *ike, const char *name)
{
	struct tally *t = dict_get(&ike->tallies, name);

	if (t || ike->tallies.count >= TALLIES_MAX)
		return t;
	t = calloc(1, sizeof *t);
	if (!t || !(t->name = strdup(name)))
		abort();
	dict_put(&ike->tallies, t->name, t);
	list_append(&ike->tally_list, &t->of_ike);
	return t;
}

void count(struct ike *ike, const struct peer *peer, enum counter what)
{
	struct tally *t;

	if (what == COUNTERS)
		return;
	t = peer ? tally_of(ike, peer->name) : NULL;
	ike->counts[what]++;
	if (t)
		t->v[what]++;
}

/* The first request of IKE_AUTH says to a responder whose connection it is. */
static bool is_nobodys(bool in, const struct wire_header *h)
{
	bool response = h->flags & FLAG_RESPONSE;

	return in != response &&
	       (h->exchange == IKE_SA_INIT || (in && h->exchange == IKE_AUTH && h->mid == 1));
}

void count_message(struct ike *ike, const struct peer *peer, bool in, const struct wire_header *h)
{
	bool response = h->flags & FLAG_RESPONSE;

	count(ike, is_nobodys(in, h) ? NULL : peer, counter_of_message(h->exchange, in, response));
}

void counts_free(struct ike *ike)
{
	list_each_safe (n, &ike->tally_list) {
		struct tally *t = node_owner(n, struct tally, of_ike);

		list_remove(n);
		free(t->name);
		free(t);
	}
	dict_free(&ike->tallies);
}

static struct counters counters_of(const char *name, const uint64_t *v, struct arena *arena)
{
	struct counters c = { .name = arena_str(arena, name) };

	memcpy(c.v, v, sizeof c.v);
	return c;
}

const struct counters *ike_counters(
	const struct ike *ike, const char *name, bool all, struct arena *arena, unsigned *n)
{
	const struct tally *one = name ? dict_get(&ike->tallies, name) : NULL;
	struct counters *v = ARENA_ARRAY(arena, all ? ike->tallies.count : 1, struct counters);

	*n = 0;
	if (all)
		list_each (t, (struct node *)&ike->tally_list) {
			const struct tally *of = node_owner(t, struct tally, of_ike);

			v[(*n)++] = counters_of(of->name, of->v, arena);
		}
	else if (one)
		v[(*n)++] = counters_of(one->name, one->v, arena);
	else if (!name)
		v[(*n)++] = counters_of("", ike->counts, arena);
	return v;
}

void ike_counters_reset(struct ike *ike, const char *name, bool all)
{
	struct tally *one = name ? dict_get(&ike->tallies, name) : NULL;

	if (all)
		list_each (n, &ike->tally_list)
			memset(node_owner(n, struct tally, of_ike)->v, 0, sizeof one->v);
	else if (one)
		memset(one->v, 0, sizeof one->v);
	else if (!name)
		memset(ike->counts, 0, sizeof ike->counts);
}
