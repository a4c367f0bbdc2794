/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SAs as objects: made, ended, freed, and their timer. */
#include "ike/admit.h"
#include "ike/cfg.h"
#include "ike/child.h"
#include "ike/conf.h"
#include "ike/crash.h"
#include "ike/ends.h"
#include "ike/fragment.h"
#include "ike/life.h"
#include "ike/offers.h"
#include "ike/proof.h"
#include "ike/puzzle_auth.h"
#include "ike/revive.h"
#include "ike/step.h"
#include "ike/task.h"
#include "ike/ticket.h"
#include "ike/twin.h"
#include "ike/want.h"

#include <stdlib.h>

/* Of SAs that have none. */
static const struct handshake no_handshake;
static const struct negotiation no_negotiation;

/* With the octet behind a copy. */
static size_t octets(const struct id *id)
{
	return arena_octets(id->data.n + 1);
}

void sa_name(
	struct ike *ike, struct sa *sa, const struct id *local, const struct id *remote, const struct id *eap)
{
	arena_expect(&sa->arena, octets(local) + octets(remote) + octets(eap));
	sa->local_id = id_copy(&sa->arena, local);
	sa->remote_id = id_copy(&sa->arena, remote);
	sa->eap_id = id_copy(&sa->arena, eap);
	ends_add(ike, sa);
}

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

void step_send(struct step *s, const struct path *path, struct bytes message)
{
	struct bytes all = arena_bytes(s->scratch, message);

	for (struct bytes one = header_cut(&all); one.n; one = header_cut(&all)) {
		struct ike_action *a = step_action(s, ACTION_SEND);

		a->send.path = *path;
		a->send.data = one;
	}
}

uint64_t step_jitter(struct step *s, uint64_t interval)
{
	unsigned percent = s->ike->settings.retransmit_jitter;

	return interval - (percent ? interval * rng_below(s->rng, percent + 1) / 100 : 0);
}

void step_await(struct step *s, struct sa *sa)
{
	struct window *w = &sa->window;

	w->tries = 0;
	w->interval = s->ike->settings.retransmit_timeout;
	if (w->hasty && w->interval > HASTY_TIME)
		w->interval = HASTY_TIME;
	w->soon = w->moved && !sa->core.path.tcp && w->interval > MOVED_TIME;
	w->due = s->now + step_jitter(s, w->soon ? MOVED_TIME : w->interval);
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

void arena_part(struct ike *ike, struct arena *arena)
{
	arena_join(&ike->parted_arena, arena);
}

void all_parted(struct ike *ike)
{
	arena_free(&ike->parted_arena);
	while (ike->n_parted)
		peer_unref(ike->parted[--ike->n_parted]);
}

uint64_t spi_new(struct draft *d)
{
	uint64_t spi;

	do
		spi = rng_u64(d->step->rng);
	while (!spi || map_get(&d->step->ike->sas, spi) || offers_ike(d->step->ike, spi));
	return spi;
}

struct bytes nonce_new(struct draft *d, struct arena *keep)
{
	uint8_t *p = arena_alloc(keep, NONCE_OCTETS);

	rng_fill(d->step->rng, p, NONCE_OCTETS);
	return bytes_of(p, NONCE_OCTETS);
}

/* The SPI near to SPI that tells the CPU of RESOURCE: divided by the number of CPUs it leaves the CPU's. The
 * threads of the userspace path share packets by that (xfrm/user/outer.h), and those of each SA for a CPU
 * come to another one. */
static uint32_t spi_telling(const struct ike *ike, struct spi_range r, uint32_t spi, uint32_t resource)
{
	const uint32_t n = ike->settings.cpus;
	uint64_t near;

	if (!resource || n < 2 || n > SPI_TELLS_MOST)
		return spi;
	near = (uint64_t)spi - spi % n + (resource - 1) % n;
	return (uint32_t)(near < r.low ? near + n : near >= r.high ? near - n : near);
}

uint32_t spi_draw(struct ike *ike, const struct child_conf *conf, uint32_t resource, struct rng *rng)
{
	struct spi_range r = data_path_spis(conf->datapath);
	uint32_t spi;

	do
		spi = spi_telling(ike, r, r.low + rng_below(rng, r.high - r.low), resource);
	while (map_get(&ike->spis, spi) || offers_child(ike, spi));
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
	sa->handshake = &no_handshake;
	sa->ours = sa->theirs = &no_negotiation;
	list_init(&sa->of_conn);
	list_init(&sa->of_unproven);
	ring_init(&sa->of_ends);
	ring_init(&sa->of_place);
	list_init(&sa->children);
	list_init(&sa->late);
	list_init(&sa->tasks);
	list_init(&sa->waits);
	list_append(&ike->sas_list, &sa->of_ike);
	map_put(&ike->sas, sa->spi, sa);
	ike->n_sas++;
	return sa;
}

/* What *KEPT leads to becomes NOW, of N octets; NONE, which is all zero, where that is. */
static void keep(const void **kept, const void *now, const void *none, size_t n)
{
	void *own = *kept == none ? NULL : (void *)(uintptr_t)*kept;

	if (memcmp(now, none, n)) {
		if (!own && !(own = malloc(n)))
			abort();
		memcpy(own, now, n);
		*kept = own;
	} else if (own) {
		wipe(own, n);
		free(own);
		*kept = none;
	}
}

void sa_keep_handshake(struct sa *sa, const struct handshake *hs)
{
	const void *kept = sa->handshake;

	keep(&kept, hs, &no_handshake, sizeof *hs);
	sa->handshake = kept;
}

void sa_keep_negotiation(const struct negotiation **kept, const struct negotiation *x)
{
	const void *at = *kept;

	keep(&at, x, &no_negotiation, sizeof *x);
	*kept = at;
}

void sa_forget_handshake(struct ike *ike, struct sa *sa)
{
	for (unsigned i = 0; i < sa->handshake->n_candidates; i++)
		peer_part(ike, sa->handshake->candidates[i].peer);
	offers_follow(ike, sa, &sa->handshake->x, NULL);
	puzzle_auth_forget(sa);
	arena_part(ike, &sa->handshake_arena);
	sa_keep_handshake(sa, &no_handshake);
}

/* The peer of SA, which has ended, may not have heard the answer to its IKE_INTERMEDIATE, after which it will
 * hear that it is turned away: the keys that open that request are kept, and nothing else. */
static void keep_before(struct ike *ike, struct sa *sa)
{
	struct sa_keys before = *sa->handshake->before, *kept;

	sa_forget_handshake(ike, sa);
	kept = ARENA_NEW(&sa->handshake_arena, struct sa_keys);
	*kept = before;
	sa_keep_handshake(sa, &(struct handshake){ .before = kept });
	WIPE(before);
}

void sa_down(struct step *s, struct sa *sa, const struct why *why)
{
	revive_ended(s, sa);
	/* Before its children are: so strongSwan's clients know it. */
	if (sa->up)
		tell_sa(s, TELL_SA_DOWN, sa, NULL);
	list_each_safe (n, &sa->children)
		child_end(s, node_owner(n, struct child, of_sa), sa->core.ending, why);
	list_each_safe (n, &sa->late)
		child_late_leave(s, node_owner(n, struct child, of_sa));
	sa->up = false;
	sa->ticket_due = 0;
	cfg_release(s, sa);
	waits_gone(s, &sa->waits, why);
	if (sa->core.initiator && sa->handshake->x.child)
		want_lost(s, sa->handshake->x.child);
	tasks_free(s, s->ike, sa, why);
	if (sa->core.state == S_LINGER && sa->core.turned_away && sa->handshake->before)
		keep_before(s->ike, sa);
	else
		sa_forget_handshake(s->ike, sa);
	free(sa->window.request);
	sa->window.request = NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(sa->fragments); i++)
		fragments_forget(s->ike, sa, i);
}

static void negotiation_free(
	struct ike *ike, struct sa *sa, const struct negotiation **kept, struct arena *arena)
{
	const struct negotiation *x = *kept;

	offers_follow(ike, sa, x, NULL);
	map_take(&ike->asks, x->ask);
	if (x->kind && x->child)
		peer_part(ike, x->child->peer);
	arena_part(ike, arena);
	sa_keep_negotiation(kept, &no_negotiation);
}

void sa_free(struct ike *ike, struct sa *sa)
{
	list_each_safe (n, &sa->children)
		child_free(ike, node_owner(n, struct child, of_sa));
	list_each_safe (n, &sa->late)
		child_free(ike, node_owner(n, struct child, of_sa));
	if (map_get(&ike->inits, sa->init_hash) == sa)
		map_take(&ike->inits, sa->init_hash);
	map_take(&ike->asks, sa->core.ask);
	map_take(&ike->asks, sa->core.usage_ask);
	map_take(&ike->asks, sa->core.mobike.ask);
	negotiation_free(ike, sa, &sa->ours, &sa->ours_arena);
	negotiation_free(ike, sa, &sa->theirs, &sa->theirs_arena);
	map_take(&ike->sas, sa->spi);
	admit_forget(ike, sa);
	ends_remove(ike, sa);
	ike->n_sas--;
	heap_set(&ike->timers, &sa->timer, HEAP_NEVER);
	list_remove(&sa->of_ike);
	tasks_free(NULL, ike, sa, NULL);
	waits_free(&sa->waits);
	sa_forget_handshake(ike, sa);
	conn_of_sa(ike, sa, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(sa->fragments); i++)
		fragments_forget(ike, sa, i);
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
	uint64_t due = life_due(sa), task = task_due(sa), fragments = fragments_due(sa);

	if (task < due)
		due = task;
	if (fragments < due)
		due = fragments;
	earlier(&due, c->ask, c->ask_deadline);
	earlier(&due, sa->ours->ask, sa->ours->ask_deadline);
	earlier(&due, sa->theirs->ask || sa->theirs->state == N_AWAIT, sa->theirs->ask_deadline);
	earlier(&due, c->mobike.ask, c->mobike.ask_deadline);
	earlier(&due, c->deadline, c->deadline);
	earlier(&due, sa->window.request, sa->window.due);
	heap_set(&ike->timers, &sa->timer, due);
}

struct sa *heir_make(struct step *s, struct sa *old, const struct heir *heir)
{
	struct sa *sa = sa_new(s->ike, &heir->core);

	sa->core = heir->core;
	ends_follow(s->ike, sa);
	/* Until it has adopted the children; one that never does is the peer's to delete, or ours then. */
	sa->core.life_end = heir->redundant ? 0 : s->now + REKEYED_TIME;
	conn_of_sa(s->ike, sa, heir->core.peer);
	sa_name(s->ike, sa, &old->local_id, &old->remote_id, &old->eap_id);
	sa->proven_as = old->proven_as;
	sa->proven_until = old->proven_until;
	sa->ticket = old->ticket;
	sa->ticket_before = old->ticket_before;
	if (heir->ticket)
		ticket_given(sa, heir->ticket);
	sa->certs = proof_certs_copy(&sa->arena, &old->certs);
	sa->dns = cfg_ips_copy(&sa->arena, old->dns);
	sa->domains = cfg_domains_copy(&sa->arena, old->domains);
	if (heir->redundant) {
		task_add(sa, TASK_DELETE_IKE, NULL);
		task_next(s, sa);
	} else if (sa->core.initiator && crash_makes(s->ike)) {
		/* Who answered the rekeying has given its token in the answer (RFC 6290, 4.3). */
		task_add(sa, TASK_CRASH_TOKEN, NULL);
	}
	sa_rearm(s->ike, sa);
	return sa;
}

static void take_children(struct ike *ike, struct sa *from, struct sa *into)
{
	list_each_safe (n, &from->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		list_remove(n);
		list_append(&into->children, n);
		c->sa = into;
		map_put(&ike->spis, c->spi_in, into);
	}
	list_each_safe (n, &from->late) {
		list_remove(n);
		list_append(&into->late, n);
		node_owner(n, struct child, of_sa)->sa = into;
	}
	twin_follow(ike, into);
}

void sa_adopt(struct step *s, struct sa *from, struct sa *into)
{
	take_children(s->ike, from, into);
	into->rekeyings_until = from->rekeyings_until;
	into->rekeyings = from->rekeyings;
	tasks_move(from, into);
	ticket_adopt(s->ike, from, into);
	cfg_adopt(from, into);
	revive_adopted(s->ike, from, into);
	list_each_safe (n, &from->waits) {
		list_remove(n);
		list_append(&into->waits, n);
	}
	if (from->up && !into->up) {
		into->up = true;
		from->up = false;
		life_begin(s, &into->core, &from->core);
		from->core.reauth_due = 0;
		tell_sa_rekeyed(s, into, from);
	}
	task_next(s, into);
	sa_rearm(s->ike, into);
}
