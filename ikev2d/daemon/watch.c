/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inotify and timers. */
#include "daemon/watch.h"

#include "creds/audit.h"
#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/line.h"

#include <stdlib.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

enum {
	CHANGES = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR,
	EVENTS_MAX = 4096, /* octets that are read at once: more than one event has */
};

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

static void look(struct watched *x, const char *folder)
{
	(void)inotify_add_watch(x->fd, folder, CHANGES);
}

static void look_at_folders(struct world *w)
{
	struct arena arena = { 0 };
	const char *folder = config_folder(&w->config, &arena), *path;

	for (unsigned i = 0; folder && (path = creds_folder(folder, i, &arena)); i++)
		look(&w->watch.creds, path);
	arena_free(&arena);
}

/* Its folder: an editor puts another file in its place. */
static void look_at_users(struct world *w)
{
	struct arena arena = { 0 };
	const char *path = config_users_path(&w->config, &arena);

	if (path)
		look(&w->watch.users, creds_beside(path, &arena));
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

static void read_users_again(struct world *w)
{
	struct arena arena = { 0 };
	struct text why = text_in(&arena), notes = text_in(&arena);

	if (config_read_users(&w->config, &why, &notes)) {
		line_say(LOG_ERROR, "config",
			"the users file has changed, and users stay as they were before:");
		say_lines(LOG_ERROR, "config", &why);
	} else {
		say_lines(LOG_NOTICE, "config", &notes);
		line_say(LOG_NOTICE, "config", "the users file has changed, and was read again");
	}
	arena_free(&arena);
}

static void on_users_quiet(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	read_users_again(ctx);
}

static void wait_for_quiet(struct watched *x)
{
	evtimer_add(x->quiet, &(struct timeval){ .tv_usec = WATCH_QUIET * 1000 });
}

/* The next events, or 0 octets. */
static size_t next_events(int fd, char *out, size_t room)
{
	ssize_t n = read(fd, out, room);

	return n > 0 ? (size_t)n : 0;
}

/* What has changed is not looked at: all is read again. */
static void on_change(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	char events[EVENTS_MAX];

	(void)what;
	while (next_events(fd, events, sizeof events))
		;
	wait_for_quiet(&w->watch.creds);
}

/* Whether one of the N octets of EVENTS is about NAME. */
static bool is_about(const char *events, size_t n, const char *name)
{
	struct inotify_event head;

	for (size_t at = 0; at + sizeof head <= n; at += sizeof head + head.len) {
		memcpy(&head, events + at, sizeof head);
		if (head.len && !strcmp(events + at + sizeof head, name))
			return true;
	}
	return false;
}

static void on_users_change(evutil_socket_t fd, short what, void *ctx)
{
	struct world *w = ctx;
	struct arena arena = { 0 };
	const char *path = config_users_path(&w->config, &arena), *end = path ? strrchr(path, '/') : NULL;
	char events[EVENTS_MAX];
	bool changed = false;
	size_t n;

	(void)what;
	while ((n = next_events(fd, events, sizeof events)))
		changed |= path && is_about(events, n, end ? end + 1 : path);
	if (changed)
		wait_for_quiet(&w->watch.users);
	arena_free(&arena);
}

void watch_again(struct world *w)
{
	look_at_folders(w);
	look_at_users(w);
	warn(w);
}

static void watched_start(
	struct world *w, struct watched *x, event_callback_fn on_readable, event_callback_fn quiet)
{
	x->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	x->quiet = evtimer_new(w->base, quiet, w);
	if (x->fd >= 0)
		x->readable = event_new(w->base, x->fd, EV_READ | EV_PERSIST, on_readable, w);
	if (!x->quiet || (x->fd >= 0 && !x->readable))
		abort();
	if (x->readable)
		event_add(x->readable, NULL);
	else
		line_say(LOG_WARN, "config",
			"changes of certificates and users are not noticed (inotify): \"ipsec reload\" reads "
			"them");
}

static void watched_stop(struct watched *x)
{
	if (x->readable)
		event_free(x->readable);
	event_free(x->quiet);
	if (x->fd >= 0)
		close(x->fd);
}

void watch_start(struct world *w)
{
	struct watch *x = &w->watch;

	watched_start(w, &x->creds, on_change, on_quiet);
	watched_start(w, &x->users, on_users_change, on_users_quiet);
	x->daily = event_new(w->base, -1, EV_PERSIST, on_day, w);
	if (!x->daily)
		abort();
	event_add(x->daily, &(struct timeval){ .tv_sec = CREDS_DAY });
	watch_again(w);
}

void watch_stop(struct world *w)
{
	watched_stop(&w->watch.creds);
	watched_stop(&w->watch.users);
	event_free(w->watch.daily);
}
