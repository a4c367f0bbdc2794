/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rounds over all IKE_SAs. */
#include "daemon/recheck.h"

#include "daemon/inquire.h"

#include <stdlib.h>

static const struct timeval at_once = { 0 };

static void begin(struct world *w, bool ask)
{
	struct recheck *r = &w->recheck;

	arena_free(&r->arena);
	r->keys = inquire_sas(w, &r->arena, &r->n);
	r->at = 0;
	r->ask = ask;
	evtimer_add(r->next, &at_once);
}

void recheck_soon(struct world *w)
{
	begin(w, w->recheck.ask && w->recheck.at < w->recheck.n);
}

static void on_next(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	struct recheck *r = &w->recheck;
	struct arena arena = { 0 };
	struct ike_proven proven;

	(void)fd;
	(void)what;
	while (r->at < r->n && !inquire_proven(w, r->keys[r->at], &arena, &proven))
		r->at++;
	if (r->at < r->n) {
		r->at++;
		trust_check_again(w, &proven, r->ask);
	}
	arena_free(&arena);
}

void recheck_go_on(struct world *w)
{
	evtimer_add(w->recheck.next, &at_once);
}

static void on_hour(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	begin(ctx, true);
}

void recheck_start(struct world *w)
{
	struct recheck *r = &w->recheck;

	r->next = evtimer_new(w->base, on_next, w);
	r->hourly = event_new(w->base, -1, EV_PERSIST, on_hour, w);
	if (!r->next || !r->hourly)
		abort();
	event_add(r->hourly, &(struct timeval){ .tv_sec = RECHECK_TIME });
}

void recheck_stop(struct world *w)
{
	event_free(w->recheck.next);
	event_free(w->recheck.hourly);
	arena_free(&w->recheck.arena);
}
