/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the core's news to scripts, and from scripts to the log. */
#include "daemon/updown.h"

#include "daemon/line.h"
#include "daemon/tells.h"
#include "daemon/updown_env.h"

#include <stdlib.h>

/* Where the daemon has none. */
#define USUAL_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

enum { STOP_SCRIPTS = 30 /* s that all scripts have when the daemon stops */ };

static void say(void *ctx, enum log_level level, const struct updown *u, const char *text)
{
	struct world *w = ctx;
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	line_add(&line, "conn", u->conn);
	line_number(&line, "sa", u->sa);
	line_add(&line, "child", u->child);
	line_number(&line, "child-id", u->id);
	line_add(&line, "msg", text);
	log_say(level, "updown", "%s", text_str(&line));
	vici_log(w->vici, 0, "CHD", tells_vici_level(level), u->conn, u->sa,
		arena_printf(&arena, "updown: %s", text));
	arena_free(&arena);
}

enum err updown_start(struct world *w, struct text *why)
{
	(void)why;
	updown_queue_start(&w->updown, w->base, say, w);
	return ERR_OK;
}

void updown_stop(struct world *w)
{
	struct updown_queue *q = &w->updown;
	bool hurry = w->hurry;
	unsigned left;

	updown_queue_down_all(q);
	if (w->stop_timer)
		evtimer_add(w->stop_timer, &(struct timeval){ .tv_sec = STOP_SCRIPTS });
	while ((left = updown_queue_busy(q)) && !hurry) {
		event_base_loop(w->base, EVLOOP_ONCE);
		hurry = event_base_got_break(w->base);
	}
	if (left)
		log_say(LOG_WARN, "updown", "msg=\"the scripts of %u tunnels are not waited for any longer\"",
			left);
	updown_queue_stop(q);
}

static void has_come(struct world *w, const struct sa_record *sa, const struct child_record *c)
{
	const char *path = getenv("PATH");
	struct xfrm_devices devices = w->backend->devices(w->xfrm, c->id);
	struct updown *u = updown_new();

	u->conn = arena_str(&u->arena, sa->name);
	u->child = arena_str(&u->arena, c->name);
	u->peer = arena_str(&u->arena, id_print(&sa->remote_id, &u->arena));
	u->command = arena_str(&u->arena, c->conf->updown);
	u->sa = sa->id;
	u->id = c->id;
	u->limit_ms = config_now(&w->config)->settings.updown_timeout;
	if (!updown_env(u, sa, c, &devices, path ? path : USUAL_PATH))
		say(w, LOG_WARN, u,
			arena_printf(&u->arena, "the script is run for the first %d pairs of selectors only",
				UPDOWN_RUNS_MAX));
	updown_queue_up(&w->updown, u);
}

void updown_told(struct world *w, const struct ike_tell *t)
{
	const struct child_record *c = tells_child(t);

	/* The script has run for the general one, whose packets these are (RFC 9611). */
	if (t->kind == TELL_CHILD_UP && c && !c->resource && c->conf->updown && *c->conf->updown)
		has_come(w, t->record, c);
	else if (t->kind == TELL_CHILD_REKEYED)
		updown_queue_rekeyed(&w->updown, t->child, t->old);
	else if (t->kind == TELL_CHILD_DOWN)
		updown_queue_down(&w->updown, t->child);
}
