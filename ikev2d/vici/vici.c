/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VICI server: sessions, and the packets that come and go. */
#include "vici/listing.h"

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
	vici_gather_free(&s->in);
	free(s->unread);
	free(s);
}

void vici_send(struct vici_session *s, struct bytes b)
{
	size_t cap = s->cap ? s->cap : 4096;

	if (!b.n)
		return;
	while (cap < s->n + b.n)
		cap *= 2;
	if (cap != s->cap) {
		s->unread = realloc(s->unread, cap);
		if (!s->unread)
			abort();
		s->cap = cap;
	}
	memcpy(s->unread + s->n, b.p, b.n);
	s->n += b.n;
	s->vici->host.writable(s->vici->host.ctx, s->io);
}

struct bytes vici_output(const struct vici_session *s)
{
	return s->unread ? bytes_of(s->unread + s->sent, s->n - s->sent) : (struct bytes){ 0 };
}

static void drop_sent(struct vici_session *s)
{
	if (s->sent < s->n) {
		if (s->sent < s->cap / 2)
			return;
		memmove(s->unread, s->unread + s->sent, s->n - s->sent);
		s->n -= s->sent;
		s->sent = 0;
		return;
	}
	free(s->unread);
	s->unread = NULL;
	s->sent = s->n = s->cap = 0;
}

void vici_sent(struct vici_session *s, size_t n)
{
	s->sent += n;
	drop_sent(s);
	if (s->listing)
		vici_listing_go(s);
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

/* There are no request numbers: a second command before the first was answered is an error of the client. */
static bool request(struct vici_session *s, const struct vici_packet *packet)
{
	struct arena arena = { 0 };
	struct vici_node *args;
	bool ok = !s->ticket && !s->listing && !vici_tree(packet->message, &arena, &args);

	if (ok && !vici_command_run(s, arena_text(&arena, packet->name), args, &arena))
		answer(s, VICI_CMD_UNKNOWN);
	arena_free(&arena);
	return ok;
}

static bool segment(struct vici_session *s, struct bytes b)
{
	struct vici_packet packet;

	if (vici_packet_parse(b, &packet) || vici_unread(s) > VICI_UNREAD_MAX)
		return false;
	switch (packet.type) {
	case VICI_CMD_REQUEST: return request(s, &packet);
	case VICI_EVENT_REGISTER: subscribe(s, packet.name, true); return true;
	case VICI_EVENT_UNREGISTER: subscribe(s, packet.name, false); return true;
	default: return false;
	}
}

bool vici_input(struct vici_session *s, struct bytes in)
{
	struct bytes b;
	enum err e;

	while (!(e = vici_gather(&s->in, &in, &b)))
		if (!segment(s, b))
			return false;
	return e == ERR_SHORT;
}
