/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI server: sessions, and the packets that come and go. */
#include "vici/front.h"
#include "vici/listing.h"

#include "base/log.h"

#include <stdlib.h>

struct vici *vici_new(const struct vici_host *host)
{
	struct vici *v = calloc(1, sizeof *v);

	if (!v)
		abort();
	v->host = *host;
	list_init(&v->sessions);
	return v;
}

void vici_free(struct vici *v)
{
	list_each_safe (n, &v->sessions)
		vici_close(node_owner(n, struct vici_session, node));
	free(v);
}

struct vici_session *vici_open(struct vici *v, enum vici_rights rights, void *io)
{
	struct vici_session *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	s->vici = v;
	s->rights = rights;
	s->io = io;
	list_append(&v->sessions, &s->node);
	return s;
}

void vici_close(struct vici_session *s)
{
	list_remove(&s->node);
	vici_listing_free(s->listing);
	fifo_free(&s->unread);
	vici_capture_stop(s);
	if (s->ticket && !s->vici->stopping)
		s->vici->host.leave(s->vici->host.ctx, s->ticket);
	vici_loading_drop(s);
	vici_let_go(s);
	free(s);
}

void vici_turn_away(struct vici_session *s, const char *why)
{
	if (s->broken)
		return;
	log_say(LOG_WARN, "control", "msg=\"a client of VICI was turned away: it %s\"", why);
	s->broken = true;
	fifo_free(&s->unread);
	vici_wake(s);
}

/* Keeps all of them together within bounds. */
static void stay_small(struct vici *v)
{
	struct vici_session *largest = NULL;
	size_t all = 0;

	list_each (n, &v->sessions) {
		struct vici_session *s = node_owner(n, struct vici_session, node);

		all += s->unread.cap;
		if (!s->broken && (!largest || s->unread.cap > largest->unread.cap))
			largest = s;
	}
	if (all > VICI_ALL_MAX && largest)
		vici_turn_away(largest, "keeps too much waiting");
}

void vici_send(struct vici_session *s, struct bytes b)
{
	size_t before = s->unread.cap;

	if (!b.n || s->broken)
		return;
	fifo_put(&s->unread, b);
	vici_wake(s);
	if (s->unread.cap != before)
		stay_small(s->vici);
}

struct bytes vici_output(const struct vici_session *s)
{
	return fifo_bytes(&s->unread);
}

/* It may have been turned away meanwhile. */
void vici_sent(struct vici_session *s, size_t n)
{
	if (vici_unread(s))
		fifo_drop(&s->unread, n);
}

static void answer(struct vici_session *s, enum vici_type type)
{
	struct vici_out out = { 0 };

	vici_out_packet(&out, type, NULL);
	vici_send(s, vici_out_done(&out));
	vici_out_free(&out);
}

/* Who has no rights gets no event; his command, which comes next, is told so in a sentence. */
bool vici_register(struct vici_session *s, unsigned event, bool on)
{
	if (event >= EVENTS || s->asked & 1u << ASKED_EVENT)
		return false;
	s->asked |= 1u << ASKED_EVENT;
	if (event == EVENT_NONE) {
		answer(s, VICI_EVENT_UNKNOWN);
		return true;
	}
	if (on && s->rights != VICI_NOTHING)
		s->events |= 1u << event;
	else
		s->events &= ~(1u << event);
	answer(s, VICI_EVENT_CONFIRM);
	return true;
}

bool vici_command(struct vici_session *s, unsigned command, struct bytes message)
{
	struct arena arena = { 0 };
	struct vici_node *args;
	bool ok = !(s->asked & 1u << ASKED_COMMAND) && !vici_tree(message, &arena, &args) &&
		  (!command || vici_command_name(command - 1));

	if (ok) {
		s->asked |= 1u << ASKED_COMMAND;
		if (!vici_command_run(s, command, args, &arena))
			answer(s, VICI_CMD_UNKNOWN);
	}
	arena_free(&arena);
	return ok;
}

unsigned vici_answered(struct vici_session *s)
{
	/* There are no request numbers: answers come in the order of the requests. */
	const bool busy = s->ticket || s->listing;
	unsigned done = busy ? s->asked & 1u << ASKED_EVENT : s->asked;

	if (vici_unread(s) > VICI_AHEAD || s->broken)
		return 0;
	s->asked &= ~done;
	return done;
}

void vici_go(struct vici_session *s)
{
	if (s->listing && !s->broken)
		vici_listing_go(s);
}

bool vici_turned_away(const struct vici_session *s)
{
	return s->broken;
}
