/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inotify and a timer. */
#include "daemon/watch.h"

#include "creds/audit.h"
#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/line.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum { CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR };

/* Once each, as a line. */
static void say_lines(enum log_level level, const char *word, const struct text *lines)
{
	char *rest = arena_str(lines->arena, text_str(lines)), *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			line_say(level, word, line);
}

/* ----------------------------------------------------------------- expiry */

void watch_expiring(struct world *w, struct text *out)
{
	int64_t now = clock_wall();

	creds_expiring(&w->config.creds.store, INT64_MIN, now + (int64_t)CREDS_WARNING * CREDS_DAY, now, out);
}

static void warn(struct world *w)
{
	struct arena arena = { 0 };
	struct text lines = text_in(&arena);

	watch_expiring(w, &lines);
	say_lines(LOG_WARN, "expiry", &lines);
	arena_free(&arena);
}

static void on_day(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	warn(ctx);
}

/* ----------------------------------------------------------------- changes */

static void look_at_folders(struct world *w)
{
	struct arena arena = { 0 };
	const char *folder = config_folder(&w->config, &arena), *path;

	for (unsigned i = 0; folder && (path = creds_folder(folder, i, &arena)); i++)
		(void)inotify_add_watch(w->watch.fd, path, CHANGES);
	arena_free(&arena);
}

static void read_again(struct world *w)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);

	if (config_read_creds(&w->config, &why, &notes)) {
		line_say(LOG_ERROR, "config",
			"certificates and keys have changed, and stay as they were before:");
		say_lines(LOG_ERROR, "config", &why);
	} else {
		say_lines(LOG_NOTICE, "config", &notes);
		line_say(LOG_NOTICE, "config", "certificates and keys have changed, and were read again");
		engine_configure(w);
		warn(w);
	}
	arena_free(&arena);
}

static void on_quiet(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	look_at_folders(ctx);
	read_again(ctx);
}

/* What has changed is not looked at: all is read again. */
static void on_change(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	(void)what;
	while (read(fd, events, sizeof events) > 0)
		;
	evtimer_add(w->watch.quiet, &(struct timeval){ .tv_usec = WATCH_QUIET * 1000 });
}

void watch_again(struct world *w)
{
	look_at_folders(w);
	warn(w);
}

void watch_start(struct world *w)
{
	struct watch *x = &w->watch;

	x->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	x->quiet = evtimer_new(w->base, on_quiet, w);
	x->daily = event_new(w->base, -1, EV_PERSIST, on_day, w);
	if (x->fd >= 0)
		x->readable = event_new(w->base, x->fd, EV_READ | EV_PERSIST, on_change, w);
	if (!x->quiet || !x->daily || (x->fd >= 0 && !x->readable))
		abort();
	if (x->readable)
		event_add(x->readable, NULL);
	else
		line_say(LOG_WARN, "config",
			"changes of certificates are not noticed (inotify): \"ipsec reload\" reads them");
	event_add(x->daily, &(struct timeval){ .tv_sec = CREDS_DAY });
	watch_again(w);
}

void watch_stop(struct world *w)
{
	struct watch *x = &w->watch;

	if (x->readable)
		event_free(x->readable);
	event_free(x->quiet);
	event_free(x->daily);
	if (x->fd >= 0)
		close(x->fd);
}
