/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client of VICI, and what came to it as text. */
#include "vici_client.h"

#include <stdlib.h>

struct bytes vici_packet_of(enum vici_type type, const char *name, const char *args, struct arena *arena)
{
	char *rest = args ? arena_str(arena, args) : NULL, *pair;
	struct vici_out out = { 0 };
	struct bytes packet;

	vici_out_packet(&out, type, name);
	while ((pair = strsep(&rest, ";"))) {
		char *key = strsep(&pair, "=");

		vici_put_pair(&out, key, pair);
	}
	packet = arena_bytes(arena, vici_out_done(&out));
	vici_out_free(&out);
	return packet;
}

static void dump(struct text *t, const struct vici_node *section)
{
	for (const struct vici_node *n = section->first; n; n = n->next) {
		if (n != section->first)
			text_put(t, " ", 1);
		if (n->type == VICI_SECTION_START || n->type == VICI_LIST_START) {
			bool list = n->type == VICI_LIST_START;

			text_add(t, list ? "%s=[" : "%s {", n->name);
			dump(t, n);
			text_put(t, list ? "]" : "}", 1);
		} else {
			text_add(t, "%s%s%s", n->name, *n->name ? "=" : "", vici_text(n));
		}
	}
}

static void dump_packet(struct text *t, struct bytes segment, struct arena *arena)
{
	static const char *const words[VICI_TYPES] = { "request", "response", "unknown", "register",
		"unregister", "confirm", "event-unknown", "event" };
	struct vici_packet packet;
	struct vici_node *root;

	if (vici_packet_parse(segment, &packet) || vici_tree(packet.message, arena, &root))
		abort();
	text_add(t, "%s", words[packet.type]);
	if (packet.name.n)
		text_add(t, " %s", arena_text(arena, packet.name));
	if (root->first)
		text_put(t, " ", 1);
	dump(t, root);
	text_put(t, "\n", 1);
}

struct vici_client *vici_client_open(struct vici_fake *f, enum vici_rights rights)
{
	struct vici_client *c = calloc(1, sizeof *c);

	c->session = vici_open(f->vici, rights, c);
	list_append(&f->clients, &c->node);
	return c;
}

void vici_client_close(struct vici_client *c)
{
	list_remove(&c->node);
	vici_close(c->session);
	vici_front_free(&c->front);
	free(c);
}

static void hand_on(struct vici_client *c, const struct vici_asked *asked)
{
	if (!(asked->kind == ASKED_COMMAND ? vici_command(c->session, asked->which, asked->message)
					   : vici_register(c->session, asked->which, asked->on)))
		abort();
}

bool vici_client_go(struct vici_client *c)
{
	struct vici_asked asked;

	vici_go(c->session);
	vici_front_answered(&c->front, vici_answered(c->session));
	while (vici_front_next(&c->front, &asked)) {
		hand_on(c, &asked);
		vici_front_answered(&c->front, vici_answered(c->session));
	}
	return !c->front.broken && !vici_turned_away(c->session);
}

bool vici_client_input(struct vici_client *c, struct bytes in)
{
	return vici_front_input(&c->front, in) && vici_client_go(c);
}

struct bytes vici_client_output(const struct vici_client *c)
{
	return vici_output(c->session);
}

void vici_client_sent(struct vici_client *c, size_t n)
{
	vici_sent(c->session, n);
}

/* What is done in turns is done to its end. */
static struct bytes output(struct vici_client *c)
{
	enum { TURNS = 1000 };

	for (unsigned i = 0; i < TURNS && !vici_client_output(c).n; i++)
		if (!vici_client_go(c))
			break;
	return vici_client_output(c);
}

/* More of a list comes when what there was has been read. */
const char *vici_read_all(struct vici_client *c, struct arena *arena)
{
	struct text t = text_in(arena);
	struct bytes all;

	while ((all = output(c)).n) {
		struct vici_gather gather = { 0 };
		struct bytes in = all, segment;

		while (!vici_gather(&gather, &in, &segment))
			dump_packet(&t, segment, arena);
		if (fifo_n(&gather.octets) && !gather.whole)
			abort();
		vici_gather_free(&gather);
		vici_client_sent(c, all.n);
	}
	return text_str(&t);
}

const char *vici_ask(struct vici_client *c, const char *command, const char *args, struct arena *arena)
{
	if (!vici_client_input(c, vici_packet_of(VICI_CMD_REQUEST, command, args, arena)))
		return "closed";
	return vici_read_all(c, arena);
}

int vici_bench_open(void **state)
{
	struct vici_bench *b = calloc(1, sizeof *b);

	b->fake = vici_fake_new();
	b->s = vici_client_open(b->fake, VICI_CHANGES);
	*state = b;
	return 0;
}

int vici_bench_close(void **state)
{
	struct vici_bench *b = *state;

	vici_fake_free(b->fake);
	arena_free(&b->arena);
	vici_out_free(&b->out);
	free(b);
	return 0;
}

const char *vici_bench_ask(struct vici_bench *b, const char *command, const char *args)
{
	return vici_ask(b->s, command, args, &b->arena);
}
