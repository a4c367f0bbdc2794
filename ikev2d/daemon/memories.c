/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two files: crash-secret, and ticket-keys, which has the key in use and the one before, each behind the
 * second in which it was drawn. */
#include "daemon/memories.h"

#include "daemon/clock.h"
#include "daemon/engine.h"
#include "daemon/keepsake.h"
#include "daemon/line.h"
#include "ike/limits.h"

#include <stdlib.h>

enum {
	DRAWN = 8, /* octets of the time */
	ENTRY = DRAWN + TICKET_KEY,
	KEYS_FILE = TICKET_KEYS * ENTRY,
	LOOK_TIME = 60 * 60, /* s between looks whether the key is old */
};

static const char *path(const struct world *w, const char *name, struct arena *arena)
{
	return arena_printf(arena, "%s/%s", w->state_dir, name);
}

static void say(const char *trouble, const struct text *wrong, struct arena *arena)
{
	line_say(LOG_WARN, "start", arena_printf(arena, "%s: %s", trouble, text_str(wrong)));
}

static uint64_t drawn_at(const uint8_t *entry)
{
	struct rd r = rd_of(bytes_of(entry, DRAWN));

	return rd_u64(&r);
}

/* A clock that was put back counts as time that has passed. */
static bool is_old(const uint8_t *entry, uint64_t now)
{
	uint64_t then = drawn_at(entry);

	return then > now || now - then >= TICKET_KEY_TIME / 1000;
}

/* A new key in front of those in FILE but the last, into FRESH. */
static void draw(struct world *w, uint8_t fresh[KEYS_FILE], const uint8_t file[KEYS_FILE], uint64_t now)
{
	struct wr time = wr_of(fresh, DRAWN);

	memcpy(fresh + ENTRY, file, KEYS_FILE - ENTRY);
	wr_u64(&time, now);
	rng_fill(&w->entropy.rng, fresh + DRAWN, TICKET_KEY);
}

/* What cannot be written is not used: tickets would be worth nothing after a restart. */
static void renew(struct world *w, const char *name, uint8_t file[KEYS_FILE], uint64_t now)
{
	uint8_t fresh[KEYS_FILE];
	struct arena arena = { 0 };
	struct text wrong = text_in(&arena);

	draw(w, fresh, file, now);
	if (keepsake_put(name, bytes_of(fresh, sizeof fresh), &wrong))
		say("session tickets go on with the key that should be replaced", &wrong, &arena);
	else
		memcpy(file, fresh, KEYS_FILE);
	WIPE(fresh);
	arena_free(&arena);
}

/* The first key of all; the one before it is nobody's. */
static enum err begin(
	struct world *w, const char *name, uint8_t file[KEYS_FILE], uint64_t now, struct text *why)
{
	uint8_t none[KEYS_FILE];

	rng_fill(&w->entropy.rng, none, sizeof none);
	draw(w, file, none, now);
	WIPE(none);
	return keepsake_put(name, bytes_of(file, KEYS_FILE), why);
}

/* Octets of the keys into OUT; 0: they cannot be kept. */
static size_t ticket_keys(struct world *w, uint8_t out[TICKET_KEYS * TICKET_KEY], uint64_t now)
{
	uint8_t file[KEYS_FILE];
	struct arena arena = { 0 };
	struct text wrong = text_in(&arena);
	const char *name = path(w, "ticket-keys", &arena);
	bool there = keepsake_read(name, file, sizeof file);
	enum err e = there ? ERR_OK : begin(w, name, file, now, &wrong);

	if (e)
		say("after a restart session tickets are worth nothing", &wrong, &arena);
	else if (there && is_old(file, now))
		renew(w, name, file, now);
	for (unsigned i = 0; i < TICKET_KEYS; i++)
		memcpy(out + i * TICKET_KEY, file + i * ENTRY + DRAWN, TICKET_KEY);
	WIPE(file);
	arena_free(&arena);
	return e ? 0 : TICKET_KEYS * TICKET_KEY;
}

static size_t crash_secret(struct world *w, uint8_t out[CRASH_SECRET])
{
	struct arena arena = { 0 };
	struct text wrong = text_in(&arena);
	enum err e =
		keepsake_get(path(w, "crash-secret", &arena), &w->entropy.rng, out, CRASH_SECRET, &wrong);

	if (e)
		say("after a restart peers have to find out by themselves", &wrong, &arena);
	arena_free(&arena);
	return e ? 0 : CRASH_SECRET;
}

void memories_give(struct world *w, uint32_t numbers)
{
	uint8_t crash[CRASH_SECRET], tickets[TICKET_KEYS * TICKET_KEY];
	uint64_t now = (uint64_t)clock_wall();
	size_t n = crash_secret(w, crash), n_tickets = ticket_keys(w, tickets, now);

	engine_feed(w, &(struct ike_event){ .kind = EVENT_SECRETS,
			       .secrets = { .crash = bytes_of(crash, n),
				       .tickets = bytes_of(tickets, n_tickets),
				       .wall = (uint32_t)now,
				       .numbers = numbers } });
	WIPE(crash);
	WIPE(tickets);
}

static void on_look(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	memories_give(ctx, 0);
}

void memories_start(struct world *w)
{
	w->memories = event_new(w->base, -1, EV_PERSIST, on_look, w);
	if (!w->memories)
		abort();
	event_add(w->memories, &(struct timeval){ .tv_sec = LOOK_TIME });
}

void memories_stop(struct world *w)
{
	event_free(w->memories);
}
