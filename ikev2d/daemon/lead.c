/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/lead.h"

#include "daemon/world.h"

#include <stdlib.h>

enum {
	HEAD = 5, /* octets of a packet of EAP in front of an identity */
	CODE_REQUEST = 1,
	CODE_RESPONSE = 2,
	TYPE_IDENTITY = 1,
	PREFIXED_MAX = IPC_RADIUS_NAME_MAX,
};

/* A question to certs, which may be answered when its conversation is gone. */
struct asking {
	struct lead *lead; /* NULL: it is */
	lead_done *done;
	void *ctx;
};

struct lead {
	struct world *world;
	struct arena arena;
	struct lead_about about;
	uint8_t note[IPC_RADIUS_NOTE_MAX];
	size_t n_note;
	bool named; /* the server knows who it is about */
	struct asking *asking;
};

struct lead *lead_new(struct world *w, const struct lead_about *about)
{
	struct lead *l = calloc(1, sizeof *l);

	if (!l)
		abort();
	l->world = w;
	l->about = *about;
	l->about.identity = arena_bytes(&l->arena, about->identity);
	l->about.session.connection = arena_bytes(&l->arena, about->session.connection);
	l->about.session.id = arena_bytes(&l->arena, about->session.id);
	return l;
}

void lead_free(struct lead *l)
{
	if (!l)
		return;
	if (l->asking)
		l->asking->lead = NULL;
	arena_free(&l->arena);
	free(l);
}

struct bytes lead_name(const struct lead *l)
{
	return l->about.identity;
}

static void on_relayed(void *ctx, const struct ipc_relayed *r)
{
	struct asking *a = ctx;
	struct lead *l = a->lead;

	if (l) {
		l->asking = NULL;
		l->n_note = r->note.n;
		if (r->note.n)
			memcpy(l->note, r->note.p, r->note.n);
		a->done(a->ctx, r);
	}
	free(a);
}

static void relay(struct lead *l, struct bytes packet, lead_done *done, void *ctx)
{
	const struct ipc_relay q = {
		.note = bytes_of(l->note, l->n_note), .session = l->about.session, .eap = packet
	};

	l->asking = calloc(1, sizeof *l->asking);
	if (!l->asking)
		abort();
	*l->asking = (struct asking){ l, done, ctx };
	trust_relay(l->world, &q, on_relayed, l->asking);
}

static void say_failure(const char *why, lead_done *done, void *ctx)
{
	done(ctx, &(struct ipc_relayed){ .what = RADIUS_FAILED, .why = why });
}

/* NAME, as the server is to know it, in an Identity with the number ID. */
static void relay_identity(struct lead *l, uint8_t id, lead_done *done, void *ctx)
{
	const char *prefix = config_now(&l->world->config)->settings.radius.id_prefix;
	uint8_t octets[HEAD + PREFIXED_MAX];
	struct wr w = wr_of(octets, sizeof octets);

	wr_u8(&w, CODE_RESPONSE);
	wr_u8(&w, id);
	wr_u16(&w, 0);
	wr_u8(&w, TYPE_IDENTITY);
	wr_bytes(&w, bytes_str(prefix ? prefix : ""));
	wr_bytes(&w, l->about.identity);
	if (w.bad || w.n == HEAD) {
		say_failure("the identity of the peer is empty, or longer than a RADIUS server takes it",
			done, ctx);
		return;
	}
	wr_u16_at(&w, 2, (uint16_t)w.n);
	l->about.session.user = arena_bytes(&l->arena, bytes_of(octets + HEAD, w.n - HEAD));
	l->named = true;
	relay(l, wr_done(&w), done, ctx);
}

static bool is_identity(struct bytes packet)
{
	return packet.n >= HEAD && packet.p[0] == CODE_RESPONSE && packet.p[4] == TYPE_IDENTITY &&
	       packet.p[2] * 256u + packet.p[3] == packet.n;
}

void lead_take(struct lead *l, struct bytes packet, lead_done *done, void *ctx)
{
	static const uint8_t question[] = { CODE_REQUEST, 0, 0, HEAD, TYPE_IDENTITY };

	if (l->named) {
		relay(l, packet, done, ctx);
	} else if (!l->about.ask) {
		relay_identity(l, 0, done, ctx);
	} else if (!packet.n) {
		done(ctx, &(struct ipc_relayed){
				  .what = RADIUS_SAYS, .packet = bytes_of(question, sizeof question) });
	} else if (!is_identity(packet)) {
		say_failure("the peer was asked who it is, and says something else", done, ctx);
	} else {
		l->about.identity = arena_bytes(&l->arena, bytes_of(packet.p + HEAD, packet.n - HEAD));
		relay_identity(l, packet.p[1], done, ctx);
	}
}
