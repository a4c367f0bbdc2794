/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI server: sessions, and the packets that come and go. */
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

static void drop_unread(struct vici_session *s)
{
	if (s->unread)
		wipe(s->unread, s->cap); /* keys go out this way */
	free(s->unread);
	s->unread = NULL;
	s->sent = s->n = s->cap = 0;
}

static void drop_rest(struct vici_session *s)
{
	if (s->rest)
		wipe(s->rest, s->end);
	free(s->rest);
	s->rest = NULL;
	s->done = s->end = s->room = 0;
}

void vici_close(struct vici_session *s)
{
	list_remove(&s->node);
	vici_listing_free(s->listing);
	vici_gather_free(&s->in);
	drop_rest(s);
	drop_unread(s);
	vici_capture_stop(s);
	free(s);
}

void vici_turn_away(struct vici_session *s, const char *why)
{
	if (s->broken)
		return;
	log_say(LOG_WARN, "control", "msg=\"a client of VICI was turned away: it %s\"", why);
	s->broken = true;
	drop_unread(s);
	vici_wake(s);
}

static size_t size_of(const struct vici_session *s)
{
	return s->cap + s->in.cap + s->room;
}

/* Keeps all of them together within bounds. */
static void stay_small(struct vici *v)
{
	struct vici_session *largest = NULL;
	size_t all = 0;

	list_each (n, &v->sessions) {
		struct vici_session *s = node_owner(n, struct vici_session, node);

		all += size_of(s);
		if (!s->broken && (!largest || size_of(s) > size_of(largest)))
			largest = s;
	}
	if (all > VICI_ALL_MAX && largest)
		vici_turn_away(largest, "keeps too much waiting");
}

/* Room for N octets at P, which holds CAP of them. */
static uint8_t *enlarge(uint8_t *p, size_t *cap, size_t n)
{
	size_t more = *cap ? *cap : 4096;
	uint8_t *larger;

	while (more < n)
		more *= 2;
	if (more == *cap)
		return p;
	larger = malloc(more);
	if (!larger)
		abort();
	if (p) {
		memcpy(larger, p, *cap);
		wipe(p, *cap); /* secrets go both ways */
		free(p);
	}
	*cap = more;
	return larger;
}

void vici_send(struct vici_session *s, struct bytes b)
{
	size_t before = s->cap;

	if (!b.n || s->broken)
		return;
	s->unread = enlarge(s->unread, &s->cap, s->n + b.n);
	memcpy(s->unread + s->n, b.p, b.n);
	s->n += b.n;
	vici_wake(s);
	if (s->cap != before)
		stay_small(s->vici);
}

struct bytes vici_output(const struct vici_session *s)
{
	return s->unread ? bytes_of(s->unread + s->sent, s->n - s->sent) : (struct bytes){ 0 };
}

static void drop_sent(struct vici_session *s)
{
	if (s->sent == s->n) {
		drop_unread(s);
		return;
	}
	if (s->sent < s->cap / 2)
		return;
	memmove(s->unread, s->unread + s->sent, s->n - s->sent);
	s->n -= s->sent;
	s->sent = 0;
}

void vici_sent(struct vici_session *s, size_t n)
{
	if (!s->unread)
		return;
	s->sent += n;
	drop_sent(s);
}

static void answer(struct vici_session *s, enum vici_type type)
{
	struct vici_out out = { 0 };

	vici_out_packet(&out, type, NULL);
	vici_send(s, vici_out_done(&out));
	vici_out_free(&out);
}

/* Who has no rights gets no event; his command, which comes next, is told so in a sentence. */
static void subscribe(struct vici_session *s, struct bytes name, bool on)
{
	enum vici_event e = vici_event_find(name);

	if (e == EVENT_NONE) {
		answer(s, VICI_EVENT_UNKNOWN);
		return;
	}
	if (on && s->rights != VICI_NOTHING)
		s->events |= 1u << e;
	else
		s->events &= ~(1u << e);
	answer(s, VICI_EVENT_CONFIRM);
}

static bool request(struct vici_session *s, const struct vici_packet *packet)
{
	struct arena arena = { 0 };
	struct vici_node *args;
	bool ok = !vici_tree(packet->message, &arena, &args);

	if (ok && !vici_command_run(s, arena_text(&arena, packet->name), args, &arena))
		answer(s, VICI_CMD_UNKNOWN);
	arena_free(&arena);
	return ok;
}

static bool segment(struct vici_session *s, struct bytes b)
{
	struct vici_packet packet;

	if (vici_packet_parse(b, &packet))
		return false;
	switch (packet.type) {
	case VICI_CMD_REQUEST: return request(s, &packet);
	case VICI_EVENT_REGISTER: subscribe(s, packet.name, true); return true;
	case VICI_EVENT_UNREGISTER: subscribe(s, packet.name, false); return true;
	default: return false;
	}
}

/* There are no request numbers: answers come in the order of the requests. */
static bool busy(const struct vici_session *s)
{
	return s->ticket || s->listing;
}

bool vici_hungry(const struct vici_session *s)
{
	return !s->rest && !s->request.n && !s->broken && vici_unread(s) <= VICI_AHEAD;
}

/* Gathers the next packet; false when there is no whole one. */
static bool gather(struct vici_session *s)
{
	struct bytes rest;
	enum err e;

	if (!s->rest)
		return false;
	rest = bytes_of(s->rest + s->done, s->end - s->done);
	e = vici_gather(&s->in, &rest, &s->request);
	s->done = s->end - rest.n;
	if (e == ERR_SHORT) {
		drop_rest(s);
		stay_small(s->vici);
		return false;
	}
	s->broken |= e != ERR_OK;
	return true;
}

/* Takes the next packet. Events may be registered while a command is carried out. */
static bool next(struct vici_session *s)
{
	struct bytes b;

	if (!s->request.n && !gather(s))
		return false;
	b = s->request;
	if (b.n && *b.p == VICI_CMD_REQUEST && busy(s))
		return false;
	s->request = (struct bytes){ 0 };
	s->broken |= !segment(s, b);
	return true;
}

bool vici_go(struct vici_session *s)
{
	unsigned n = 0;

	if (s->listing && !s->broken)
		vici_listing_go(s);
	while (!s->broken && vici_unread(s) <= VICI_AHEAD && n < VICI_REQUESTS_AT_ONCE && next(s))
		n++;
	if (n == VICI_REQUESTS_AT_ONCE)
		vici_wake(s);
	return !s->broken;
}

bool vici_input(struct vici_session *s, struct bytes in)
{
	if (s->end - s->done + in.n > VICI_REST_MAX)
		return false;
	s->rest = enlarge(s->rest, &s->room, s->end + in.n);
	memcpy(s->rest + s->end, in.p, in.n);
	s->end += in.n;
	return vici_go(s);
}
