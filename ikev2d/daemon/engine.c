/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps, their scratch memory, the queue of answers, the timer. */
#include "daemon/engine.h"

#include "base/heap.h"
#include "daemon/actions.h"
#include "daemon/clock.h"
#include "daemon/datapath.h"
#include "daemon/lacking.h"
#include "daemon/parley.h"
#include "daemon/parley_methods.h"
#include "daemon/record.h"

#include <assert.h>
#include <stdlib.h>

enum { WAKE_MAX = 3600 * 1000 /* ms: a longer sleep is cut into pieces */ };

static void arm(struct world *w, uint64_t wake, uint64_t now)
{
	uint64_t ms = wake <= now ? 0 : wake - now;
	struct timeval t;

	if (wake == w->armed)
		return;
	w->armed = wake;
	if (wake == HEAP_NEVER) {
		evtimer_del(w->wake);
		return;
	}
	if (ms > WAKE_MAX)
		ms = WAKE_MAX;
	t = (struct timeval){ .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };
	evtimer_add(w->wake, &t);
}

static void step(struct world *w, const struct ike_event *event)
{
	struct arena scratch = { 0 };
	struct ike_out out = record_step(w->record, w->ike, event, clock_ms(), &w->entropy.rng, &scratch);

	actions_carry_out(w, out.actions);
	arm(w, out.wake, clock_ms());
	arena_free(&scratch);
}

static void step_answers(struct world *w)
{
	while (!list_empty(&w->answers)) {
		struct answer *a = node_owner(w->answers.next, struct answer, node);

		list_remove(&a->node);
		step(w, &(struct ike_event){ .kind = EVENT_ANSWER, .answer = a->a });
		answer_free(a);
	}
}

void engine_feed(struct world *w, const struct ike_event *event)
{
	assert(!w->stepping);
	if (w->deaf && event->kind == EVENT_DATAGRAM)
		return;
	pulse_begin(&w->pulse);
	w->stepping = true;
	step(w, event);
	step_answers(w);
	w->stepping = false;
}

void engine_answer(struct world *w, struct answer *a)
{
	list_append(&w->answers, &a->node);
	if (w->stepping)
		return;
	pulse_begin(&w->pulse);
	w->stepping = true;
	step_answers(w);
	w->stepping = false;
}

struct answer *answer_new(uint32_t ticket)
{
	struct answer *a = calloc(1, sizeof *a);

	if (!a)
		abort();
	list_init(&a->node);
	a->a.ticket = ticket;
	return a;
}

void answer_free(struct answer *a)
{
	certs_free(&a->shown);
	arena_free(&a->arena);
	free(a);
}

static bool is_negotiated(const struct peer *p)
{
	return !p->unready && (p->n_children || !p->n_shunts);
}

/* What this machine has for P. */
static void assign(struct world *w, struct peer *p)
{
	lacking_take_out(p);
	parley_check(p);
	datapath_assign(w, p);
}

void engine_configure(struct world *w)
{
	const struct conf *conf = config_now(&w->config);
	struct arena arena = { 0 };
	struct peer **ready = ARENA_ARRAY(&arena, conf->n_peers, struct peer *);
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_peers; i++)
		assign(w, conf->peers[i]);
	beside_follow(w);
	shunts_follow(&w->shunts, NULL, conf->peers, conf->n_peers);
	switches_follow(&w->switches, NULL, conf->peers, conf->n_peers);
	for (unsigned i = 0; i < conf->n_peers; i++)
		if (is_negotiated(conf->peers[i]))
			ready[n++] = conf->peers[i];
	engine_feed(w, &(struct ike_event){ .kind = EVENT_CONF,
			       .conf = { .peers = ready,
				       .n = n,
				       .settings = &conf->settings,
				       .authorities = creds_authorities(&w->config.creds, &arena),
				       .responders = creds_responders(&w->config.creds, &arena) } });
	trust_follow(w);
	recheck_soon(w);
	arena_free(&arena);
}

void engine_configure_one(struct world *w, const char *name)
{
	struct peer *p = config_conn(&w->config, name);

	if (p)
		assign(w, p);
	shunts_follow(&w->shunts, name, &p, !!p);
	switches_follow(&w->switches, name, &p, !!p);
	engine_feed(w, &(struct ike_event){ .kind = EVENT_CONF,
			       .conf = { .peers = &p,
				       .n = p && is_negotiated(p),
				       .settings = &w->config.file.settings,
				       .only = name } });
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;

	(void)fd;
	(void)what;
	w->armed = HEAP_NEVER;
	engine_feed(w, &(struct ike_event){ .kind = EVENT_CLOCK });
}

enum err engine_start(struct world *w, struct text *why)
{
	entropy_start(&w->entropy);
	list_init(&w->answers);
	w->armed = HEAP_NEVER;
	w->wake = evtimer_new(w->base, on_wake, w);
	if (!w->wake) {
		text_add(why, "the loop takes no timer");
		return ERR_SYSTEM;
	}
	record_core(w->record);
	w->ike = ike_new(&w->entropy.rng);
	return ERR_OK;
}

void engine_stop(struct world *w)
{
	list_each_safe (n, &w->answers)
		answer_free(node_owner(n, struct answer, node));
	ike_free(w->ike);
	event_free(w->wake);
	entropy_stop(&w->entropy);
}
