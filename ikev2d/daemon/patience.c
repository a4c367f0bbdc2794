/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A timer for each such command. */
#include "daemon/patience.h"

#include "daemon/inquire.h"

#include <stdlib.h>

struct patience {
	struct node node;
	struct world *world;
	struct event *timer;
	uint32_t ticket;
	bool up;
	int64_t ms;
};

static void forget(struct patience *p)
{
	list_remove(&p->node);
	event_free(p->timer);
	free(p);
}

static void on_impatient(evutil_socket_t fd, short what, void *ctx)
{
	struct patience *p = ctx;
	struct vici *vici = p->world->vici;
	struct arena arena = { 0 };
	struct vici_outcome outcome = { .success = false };
	uint32_t ticket = p->ticket;

	(void)fd;
	(void)what;
	(void)inquire_awaited(p->world, ticket, &arena, &outcome.why);
	outcome.why = *portal_explain(&p->world->portal, &outcome.why, &arena);
	outcome.why.what = arena_printf(&arena, "still being %s after %.1f s%s%s; it goes on",
		p->up ? "set up" : "taken down", (double)p->ms / 1000, outcome.why.what ? ": " : "",
		outcome.why.what ? outcome.why.what : "");
	forget(p);
	vici_done(vici, ticket, &outcome);
	arena_free(&arena);
}

void patience_set(struct world *w, uint32_t ticket, bool up, int64_t ms)
{
	struct patience *p = calloc(1, sizeof *p);
	struct timeval t = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	if (!p)
		abort();
	*p = (struct patience){ .world = w, .ticket = ticket, .up = up, .ms = ms };
	p->timer = evtimer_new(w->base, on_impatient, p);
	if (!p->timer || evtimer_add(p->timer, &t))
		abort();
	list_append(&w->patience, &p->node);
}

void patience_over(struct world *w, uint32_t ticket)
{
	list_each_safe (n, &w->patience) {
		struct patience *p = node_owner(n, struct patience, node);

		if (p->ticket == ticket)
			forget(p);
	}
}

void patience_stop(struct world *w)
{
	list_each_safe (n, &w->patience)
		forget(node_owner(n, struct patience, node));
}
