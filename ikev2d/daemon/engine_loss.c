/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a core had when it was lost. */
#include "daemon/accounts.h"
#include "daemon/answers.h"
#include "daemon/beside.h"
#include "daemon/dns.h"
#include "daemon/engine_inside.h"
#include "daemon/line.h"
#include "daemon/parley.h"
#include "daemon/updown.h"
#include "xfrm/choice.h"
#include "xfrm/device.h"

#include <stdlib.h>

enum {
	TRAPS_TIME = 1,  /* s that the next core has to set its traps */
	SWEEP_TIME = 30, /* s that it has to set up anew what the last one had */
};

static void take_away(struct world *w, enum held_kind kind, const struct held_thing *t)
{
	const struct ike_tell child_down = { .kind = TELL_CHILD_DOWN, .child = t->number },
			      sa_down = { .kind = TELL_SA_DOWN, .sa = t->number };
	bool inbound = kind == HELD_SA_IN;

	switch (kind) {
	case HELD_TALK: parley_end(w, t->number); break;
	case HELD_SA_IN:
	case HELD_SA_OUT:
		updown_told(w, &child_down);
		beside_told(w, &child_down);
		accounts_sa_gone(w, t->number, inbound);
		w->backend->sa_del(w->xfrm, t->number, inbound);
		break;
	case HELD_TRAP:
	case HELD_POLICY: w->backend->policy_del(w->xfrm, t->number); break;
	case HELD_VIP: device_vip_del(choice_route(w->xfrm), &t->ip); break;
	case HELD_IKE:
		accounts_told(w, &sa_down);
		dns_told(w, &sa_down);
		break;
	case HELD_LEASE: leases_put(answers_leases(w), &t->ip); break;
	case HELD_KINDS: break;
	}
}

static void sweep(struct world *w, struct held *h, enum held_kind last)
{
	struct held_thing thing;
	enum held_kind kind;

	while (held_take(h, last, &kind, &thing))
		take_away(w, kind, &thing);
}

/* Of one that is lost again and again there is no more than of one. */
static void make_room(struct engine *e)
{
	for (enum held_kind kind = 0; kind < HELD_KINDS; kind++)
		if (!held_room(&e->left, kind, e->held.n[kind])) {
			engine_sweep(e);
			return;
		}
}

/* An action of it that is being carried out points into its connection. */
static void part(struct engine *e)
{
	const struct peer *p;
	size_t at = 0;

	e->parted = realloc(e->parted, (e->n_parted + e->handed.count + 1) * sizeof(struct peer *));
	if (!e->parted)
		abort();
	while ((p = map_next(&e->handed, &at)))
		e->parted[e->n_parted++] = p;
	dict_free(&e->named);
	map_free(&e->handed);
	e->handed = (struct map){ 0 };
}

static void parted_drop(struct engine *e)
{
	while (e->n_parted)
		peer_unref(e->parted[--e->n_parted]);
	free(e->parted);
	e->parted = NULL;
}

void engine_sweep_traps(struct engine *e)
{
	sweep(e->world, &e->left, HELD_TRAP);
}

void engine_sweep(struct engine *e)
{
	line_say(LOG_NOTICE, "family", "what ike had before it was lost is taken away");
	sweep(e->world, &e->left, HELD_KINDS - 1);
	parted_drop(e);
}

void engine_leave(struct engine *e)
{
	log_say(LOG_WARN, "family",
		"ike-sas=%u sas=%u msg=\"what the last process had is carried on for %d s, while tunnels are "
		"set up anew\"",
		held_count(&e->held, HELD_IKE), held_count(&e->held, HELD_SA_IN), SWEEP_TIME);
	sweep(e->world, &e->held, HELD_TALK);
	begun_clear(&e->begun);
	e->world->inquiry.delay = (struct delay){ 0 };
	make_room(e);
	held_move(&e->left, &e->held);
	part(e);
	evtimer_add(e->sweep_traps, &(struct timeval){ .tv_sec = TRAPS_TIME });
	evtimer_add(e->sweep, &(struct timeval){ .tv_sec = SWEEP_TIME });
}

void engine_part(struct engine *e)
{
	part(e);
	parted_drop(e);
}
