/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to certs, which has the way out, and the last answer. */
#include "daemon/portal.h"

#include "daemon/clock.h"
#include "daemon/line.h"
#include "daemon/world.h"

#include <stdlib.h>

/* It is said when it is new. */
static void take_seen(struct portal *p, const char *seen)
{
	struct arena arena = { 0 };

	if (seen && (!p->seen || strcmp(p->seen, seen)))
		line_say(LOG_WARN, "portal",
			arena_printf(&arena, "%s: sign in to this network with a browser", seen));
	free(p->seen);
	p->seen = seen ? strdup(seen) : NULL;
	if (seen && !p->seen)
		abort();
	arena_free(&arena);
}

static void on_probed(void *ctx, const char *instead)
{
	struct world *w = ctx;
	const char *url = config_now(&w->config)->settings.portal_url;
	struct arena arena = { 0 };

	w->portal.asking = false;
	take_seen(&w->portal,
		instead && url ? arena_printf(&arena,
					 "this network looks like a captive portal: %s was answered with %s",
					 url, instead)
			       : NULL);
	arena_free(&arena);
}

void portal_look(struct world *w)
{
	const struct settings *s = &config_now(&w->config)->settings;
	struct portal *p = &w->portal;
	uint64_t now = clock_ms();

	if (!s->portal_url || p->asking || (p->asked && now - p->asked < PORTAL_PAUSE))
		return;
	p->asking = true;
	p->asked = now;
	trust_probe(w, s->portal_url, s->portal_answer ? s->portal_answer : "", on_probed, w);
}

void portal_stop(struct world *w)
{
	free(w->portal.seen);
	w->portal.seen = NULL;
}

const struct why *portal_explain(const struct portal *p, const struct why *why, struct arena *arena)
{
	struct why *more;

	if (!p->seen || !why || !why->what || !why->alert || strcmp(why->alert, "peer-init-unreachable"))
		return why;
	more = ARENA_NEW(arena, struct why);
	*more = *why;
	more->what = arena_printf(arena, "%s; %s", why->what, p->seen);
	more->instead = "a browser, to sign in to the network first";
	return more;
}
