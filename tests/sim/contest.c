/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who wins when both ends replace the same SA: the nonces are read from what is in the air, and what the
 * cores make of it is compared with RFC 7296, 2.8.1 and 2.8.2. */
#include "tests/sim/explore.h"

#include <stdlib.h>

static struct offer *offer_of(struct world *w, const struct wire_header *h)
{
	bool by_initiator = !(h->flags & FLAG_INITIATOR) == !!(h->flags & FLAG_RESPONSE);
	struct offer *o;

	for (unsigned i = 0; i < w->n_offers; i++) {
		o = &w->offers[i];
		if (o->spi_i == h->spi_i && o->spi_r == h->spi_r && o->mid == h->mid &&
			o->by_initiator == by_initiator)
			return o;
	}
	if (w->n_offers == OFFERS_MAX)
		abort();
	o = &w->offers[w->n_offers++];
	*o = (struct offer){ h->spi_i, h->spi_r, h->mid, by_initiator, { 0 }, { 0 } };
	memset(o->lowest, 0xff, sizeof o->lowest);
	return o;
}

static void note(struct world *w, struct flight *f)
{
	const struct seen *seen = state_seen(w, bytes_of(f->data, f->n));
	struct offer *o;

	f->seen = true;
	if (!seen || !seen->fresh)
		return;
	o = offer_of(w, &seen->header);
	o->spis[!!(seen->header.flags & FLAG_RESPONSE)] = seen->spi;
	if (memcmp(seen->nonce, o->lowest, sizeof o->lowest) < 0)
		memcpy(o->lowest, seen->nonce, sizeof o->lowest);
}

/* The whole exchange that has made the SA with these SPIs, or NULL. */
static const struct offer *maker(const struct world *w, uint64_t spi, uint64_t other)
{
	for (unsigned i = 0; i < w->n_offers; i++) {
		const struct offer *o = &w->offers[i];

		if ((o->spis[0] == spi && o->spis[1] == other) || (o->spis[0] == other && o->spis[1] == spi))
			return o;
	}
	return NULL;
}

/* Where answers fail, one may have come long after the other: then it was no contest. */
static bool wrong(const struct world *w, const struct offer *lost, const struct offer *won)
{
	return !w->scenario->fails && lost && won &&
	       memcmp(lost->lowest, won->lowest, sizeof lost->lowest) > 0;
}

/* Whether it is the first time that LOST is seen to have lost: who won may fail later. */
static bool is_first(struct world *w, const struct child *lost)
{
	for (unsigned i = 0; i < w->n_losers; i++)
		if (w->losers[i] == lost->spi_in)
			return false;
	if (w->n_losers == OFFERS_MAX)
		abort();
	w->losers[w->n_losers++] = lost->spi_in;
	return true;
}

static void check_child(struct world *w, const struct sa *sa, const struct child *lost)
{
	const struct offer *o = maker(w, lost->spi_in, lost->spi_out);
	bool old = false, any = false, first = is_first(w, lost);

	list_each (n, &sa->children) {
		const struct child *other = node_owner(n, struct child, of_sa);
		bool won = other != lost && !other->redundant && other->replaces == lost->replaces;

		if (won && wrong(w, o, maker(w, other->spi_in, other->spi_out)))
			life_fail(&w->life, "CHILD_SA %u gave way to %u, whose exchange has the lowest nonce",
				lost->id, other->id);
		old |= other->id == lost->replaces && other->state == CHILD_INSTALLED && !other->successor;
		any |= won;
	}
	if (old && !any && !sa->theirs->kind && first)
		life_fail(&w->life, "CHILD_SA %u gave way to nobody", lost->id);
}

/* Of two that stand in place of the same one, while it is there, it is known which is to go. */
static void check_decided(struct world *w, const struct sa *sa, const struct child *c)
{
	const struct child *both = NULL;
	bool old = false;

	list_each (n, &sa->children) {
		const struct child *other = node_owner(n, struct child, of_sa);

		old |= other->id == c->replaces;
		if (other != c && other->replaces == c->replaces && other->state == CHILD_INSTALLED &&
			!other->redundant)
			both = other;
	}
	if (old && both)
		life_fail(&w->life, "CHILD_SAs %u and %u both take the place of %u", c->id, both->id,
			c->replaces);
}

static void check_ike_sa(struct world *w, const struct host *h, const struct sa *won)
{
	const struct offer *o = maker(w, won->core.spi_i, won->core.spi_r);

	list_each (n, &h->ike->sas_list) {
		const struct sa *lost = node_owner(n, struct sa, of_ike);

		if (lost != won && !lost->up && lost->core.state <= S_DELETING &&
			lost->core.predecessor == won->core.predecessor &&
			wrong(w, maker(w, lost->core.spi_i, lost->core.spi_r), o))
			life_fail(&w->life, "IKE_SA %u gave way to %u, whose exchange has the lowest nonce",
				lost->id, won->id);
	}
}

static void check_host(struct world *w, const struct host *h)
{
	list_each (n, &h->ike->sas_list) {
		const struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->up && sa->core.predecessor)
			check_ike_sa(w, h, sa);
		list_each (m, &sa->children) {
			const struct child *c = node_owner(m, struct child, of_sa);

			if (c->redundant && c->replaces)
				check_child(w, sa, c);
			if (!c->redundant && c->replaces && c->state == CHILD_INSTALLED)
				check_decided(w, sa, c);
		}
	}
}

void contest_check(struct world *w)
{
	list_each (n, &w->life.lab->flights)
		if (!node_owner(n, struct flight, node)->seen)
			note(w, node_owner(n, struct flight, node));
	for (unsigned side = 0; side < SIDES; side++)
		check_host(w, w->life.hosts[side]);
}
