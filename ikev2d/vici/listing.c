/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending lists. */
#include "vici/listing.h"

#include <stdlib.h>

static uint64_t id_of(const struct vici_node *args, const char *key)
{
	const char *s = vici_str(args, key);

	return s ? strtoull(s, NULL, 10) : 0;
}

static const char *kept(struct arena *arena, const char *s)
{
	return s ? arena_str(arena, s) : NULL;
}

struct vici_listing *vici_listing_new(struct vici_call *c, enum vici_event event)
{
	struct vici_listing *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->event = event;
	l->filter = (struct vici_filter){
		.ike = kept(&l->arena, vici_str(c->args, "ike")),
		.child = kept(&l->arena, vici_str(c->args, "child")),
		.name = kept(&l->arena, vici_str(c->args, "name")),
		.ike_id = id_of(c->args, "ike-id"),
		.child_id = id_of(c->args, "child-id"),
	};
	return l;
}

void vici_listing_free(struct vici_listing *l)
{
	if (!l)
		return;
	for (unsigned i = 0; l->peers && i < l->n; i++)
		peer_unref(l->peers[i]);
	arena_free(&l->arena);
	free(l);
}

static void put_item(struct vici_session *s, struct vici_listing *l)
{
	struct vici_out event = { 0 };
	struct arena scratch = { 0 };

	vici_event_begin(&event, l->event);
	if (l->put(l, &s->vici->host, &event, &scratch))
		vici_send(s, vici_out_done(&event));
	l->at++;
	vici_out_free(&event);
	arena_free(&scratch);
}

static void end(struct vici_session *s, struct vici_listing *l)
{
	struct vici_out out = { 0 };

	vici_out_packet(&out, VICI_CMD_RESPONSE, NULL);
	if (l->failed.what)
		vici_put_result(&out, &l->failed, &l->arena);
	s->listing = NULL;
	vici_respond(s, &out);
	vici_out_free(&out);
	vici_listing_free(l);
}

void vici_listing_go(struct vici_session *s)
{
	struct vici_listing *l = s->listing;

	for (unsigned i = 0; i < VICI_ITEMS_AT_ONCE && l->at < l->n && vici_unread(s) < VICI_AHEAD; i++)
		put_item(s, l);
	if (l->at == l->n)
		end(s, l);
	else
		vici_wake(s);
}

/* A client that did not register the event asks for nothing but the answer. */
void vici_listing_start(struct vici_call *c, struct vici_listing *l)
{
	struct vici_session *s = c->session;

	c->later = true;
	s->listing = l;
	if (!vici_event_wanted(s, l->event))
		l->at = l->n;
	vici_listing_go(s);
}
