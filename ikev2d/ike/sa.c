/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SAs as objects: made, ended, freed, and their timer. */
#include "ike/child.h"
#include "ike/step.h"
#include "ike/task.h"

#include <stdlib.h>

uint32_t step_id(struct ike *ike)
{
	/* Zero means "none" everywhere; after four thousand million ids numbers come again. */
	if (!++ike->last_id)
		++ike->last_id;
	return ike->last_id;
}

struct ike_action *step_action(struct step *s, enum ike_action_kind kind)
{
	struct ike_action *a = ARENA_NEW(s->scratch, struct ike_action);

	a->kind = kind;
	*s->tail = a;
	s->tail = &a->next;
	return a;
}

uint64_t step_jitter(struct step *s, uint64_t interval)
{
	unsigned percent = s->ike->settings.retransmit_jitter;

	return interval - (percent ? interval * rng_below(s->rng, percent + 1) / 100 : 0);
}

void peer_part(struct ike *ike, const struct peer *peer)
{
	if (!peer)
		return;
	if (ike->n_parted == ike->parted_room) {
		ike->parted_room = ike->parted_room ? 2 * ike->parted_room : 8;
		ike->parted = reallocarray(ike->parted, ike->parted_room, sizeof *ike->parted);
		if (!ike->parted)
			abort();
	}
	ike->parted[ike->n_parted++] = peer;
}

void peers_parted(struct ike *ike)
{
	while (ike->n_parted)
		peer_unref(ike->parted[--ike->n_parted]);
}

uint32_t spi_draw(struct ike *ike, struct rng *rng)
{
	uint32_t spi;

	do
		spi = ike->spi_low + rng_below(rng, ike->spi_high - ike->spi_low);
	while (map_get(&ike->spis, spi));
	return spi;
}

bool sa_half_open(const struct sa_core *core)
{
	return core->state >= S_R_RESPOND && core->state <= S_R_INSTALL;
}

struct sa *sa_new(struct ike *ike, const struct sa_core *core)
{
	struct sa *sa = calloc(1, sizeof *sa);

	if (!sa)
		abort();
	sa->id = step_id(ike);
	sa->spi = core->initiator ? core->spi_i : core->spi_r;
	list_init(&sa->children);
	list_init(&sa->tasks);
	list_init(&sa->waits);
	list_append(&ike->sas_list, &sa->of_ike);
	map_put(&ike->sas, sa->spi, sa);
	ike->n_sas++;
	return sa;
}

void sa_forget_handshake(struct ike *ike, struct sa *sa)
{
	for (unsigned i = 0; i < sa->handshake.n_candidates; i++)
		peer_part(ike, sa->handshake.candidates[i].peer);
	arena_free(&sa->handshake_arena);
	WIPE(sa->handshake);
}

void sa_down(struct step *s, struct sa *sa, const struct why *why)
{
	list_each_safe (n, &sa->children)
		child_end(s, node_owner(n, struct child, of_sa), why);
	if (sa->up)
		tell_sa(s, TELL_SA_DOWN, sa, NULL);
	sa->up = false;
	waits_gone(s, &sa->waits, why);
	tasks_free(sa);
	sa_forget_handshake(s->ike, sa);
	free(sa->window.request);
	sa->window.request = NULL;
}

void sa_free(struct ike *ike, struct sa *sa)
{
	list_each_safe (n, &sa->children)
		child_free(ike, node_owner(n, struct child, of_sa));
	if (map_get(&ike->inits, sa->init_hash) == sa)
		map_take(&ike->inits, sa->init_hash);
	map_take(&ike->asks, sa->core.ask);
	map_take(&ike->sas, sa->spi);
	ike->half_open -= sa_half_open(&sa->core);
	ike->n_sas--;
	heap_set(&ike->timers, &sa->timer, HEAP_NEVER);
	list_remove(&sa->of_ike);
	tasks_free(sa);
	waits_free(&sa->waits);
	sa_forget_handshake(ike, sa);
	peer_part(ike, sa->peer);
	free(sa->window.request);
	free(sa->window.response);
	arena_free(&sa->arena);
	wipe(sa, sizeof *sa);
	free(sa);
}

static void earlier(uint64_t *due, bool wanted, uint64_t at)
{
	if (wanted && at < *due)
		*due = at;
}

void sa_rearm(struct ike *ike, struct sa *sa)
{
	const struct sa_core *c = &sa->core;
	uint64_t due = HEAP_NEVER;

	earlier(&due, c->ask, c->ask_deadline);
	earlier(&due, c->deadline, c->deadline);
	earlier(&due, sa->window.request, sa->window.due);
	earlier(&due, c->keepalive_due, c->keepalive_due);
	earlier(&due, c->dpd_due, c->dpd_due);
	list_each (n, &sa->children) {
		const struct child *child = node_owner(n, struct child, of_sa);

		earlier(&due, child->state == CHILD_INSTALLING, child->ask_deadline);
	}
	heap_set(&ike->timers, &sa->timer, due);
}
