/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recorder: lines are written when they are known, the event before the core sees it. */
#include "daemon/record.h"

#include "conf/print.h"
#include "daemon/line.h"
#include "daemon/opened.h"
#include "daemon/summary.h"
#include "daemon/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct record {
	struct arena arena;
	const char *path;
	int fd; /* -1: it has stopped */
	bool secrets;
	uint64_t written, limit, number;
};

/* ----------------------------------------------------------------- the file */

static void stop(struct record *r, const char *why)
{
	close(r->fd);
	r->fd = -1;
	line_say(LOG_WARN, "record", arena_printf(&r->arena, "%s: recording has stopped: %s", r->path, why));
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t written = write(fd, p, n);

		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			p += written;
			n -= (size_t)written;
		}
	}
	return true;
}

/* Writes whole lines. */
static void put(struct record *r, struct text *lines)
{
	if (r->fd < 0 || !lines->n)
		return;
	if (r->written + lines->n > r->limit)
		stop(r, "the file is as large as it may be");
	else if (!write_all(r->fd, lines->s, lines->n))
		stop(r, strerror(errno));
	r->written += lines->n;
	lines->n = 0;
}

/* The first of the names that is free. */
static int make(struct record *r, const char *path)
{
	int fd = -1;

	for (unsigned i = 0; i < RECORD_FILES && fd < 0; i++) {
		r->path = i ? arena_printf(&r->arena, "%s.%u", path, i) : arena_str(&r->arena, path);
		fd = open(r->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

enum err record_open(const char *path, bool secrets, uint64_t limit, struct record **out, struct text *why)
{
	struct record *r = calloc(1, sizeof *r);
	struct text head;

	if (!r)
		abort();
	*r = (struct record){ .secrets = secrets, .limit = limit };
	r->fd = make(r, path);
	if (r->fd < 0) {
		if (errno == EEXIST)
			text_add(why,
				"the record %s is there already, and so are %s.1 to %s.%d: move them away, "
				"or name "
				"another one",
				path, path, path, RECORD_FILES - 1);
		else
			text_add(why, "the record %s cannot be made: %s", r->path, strerror(errno));
		record_close(r);
		return ERR_SYSTEM;
	}
	head = text_in(&r->arena);
	tape_put_head(secrets, &head);
	put(r, &head);
	*out = r;
	return ERR_OK;
}

struct record *record_adopt(int fd, bool secrets, uint64_t limit)
{
	struct record *r = calloc(1, sizeof *r);

	if (!r)
		abort();
	*r = (struct record){ .path = "the record", .secrets = secrets, .limit = limit, .fd = fd };
	return r;
}

int record_fd(const struct record *r)
{
	return r ? r->fd : -1;
}

void record_close(struct record *r)
{
	if (!r)
		return;
	if (r->fd >= 0)
		close(r->fd);
	arena_free(&r->arena);
	free(r);
}

const char *record_path(const struct record *r)
{
	return r->path;
}

/* -------------------------------------------------------------------- steps */

void record_core(struct record *r)
{
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	if (!r)
		return;
	tape_put_core(&line);
	put(r, &line);
	arena_free(&arena);
}

static void put_event(
	struct record *r, struct ike *ike, const struct ike_event *event, uint64_t now, struct arena *arena)
{
	struct tape_event e = { .number = ++r->number, .now = now, .event = *event };
	struct text lines = text_in(arena), conf = text_in(arena);
	struct opened opened;
	bool is_open;

	if (event->kind == EVENT_DATAGRAM) {
		is_open = opened_get(ike, true, event->datagram.data, arena, &opened);
		e.about = summary_datagram(event->datagram.data, is_open ? &opened : NULL, arena);
		e.opened = is_open && !r->secrets;
	}
	if (e.opened) {
		e.first = opened.first;
		e.event.datagram.data = opened.data;
	}
	if (event->kind == EVENT_CONF) {
		conf_print(event->conf.peers, event->conf.n, event->conf.settings, &conf);
		e.conf = text_str(&conf);
	}
	tape_put_event(&e, r->secrets, &lines);
	put(r, &lines);
}

/* Randomness that is written down as it is drawn. */
struct tapped {
	struct rng rng;
	struct rng *source;
	struct record *record;
};

static void tapped_fill(struct rng *rng, void *p, size_t n)
{
	struct tapped *t = (struct tapped *)(void *)rng; /* rng is its first member */
	struct arena arena = { 0 };
	struct text line = text_in(&arena);

	rng_fill(t->source, p, n);
	tape_put_random(bytes_of(p, n), &line);
	put(t->record, &line);
	arena_free(&arena);
}

static void put_outcome(struct record *r, struct ike *ike, const struct ike_out *out, struct arena *arena)
{
	struct text lines = text_in(arena);
	struct summary s;

	summary_make(ike, out, r->secrets, arena, &s);
	for (unsigned i = 0; i < s.n; i++)
		tape_put_action(s.lines[i], &lines);
	tape_put_done(r->number, out->wake, s.digest, &lines);
	put(r, &lines);
}

struct ike_out record_step(struct record *r, struct ike *ike, const struct ike_event *event, uint64_t now,
	struct rng *rng, struct arena *scratch)
{
	struct tapped tapped = { { tapped_fill }, rng, r };
	struct arena arena = { 0 };
	struct ike_out out;

	if (!r || r->fd < 0)
		return ike_step(ike, event, now, rng, scratch);
	put_event(r, ike, event, now, &arena);
	out = ike_step(ike, event, now, &tapped.rng, scratch);
	if (r->fd >= 0)
		put_outcome(r, ike, &out, &arena);
	arena_free(&arena);
	return out;
}
