/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to be known of the core. A long answer is given in pieces, as it was when it began. */
#include "base/heap.h"
#include "daemon/speaker.h"

#include <inttypes.h>

/* What Q asks for, as it is now, where it does not go on with what was asked before. False: there is none. */
static bool look(struct speaker *s, const struct ipc_inquiry *q)
{
	struct speaker_snapshot *a = &s->asked;

	if (q->at && a->kind == q->kind && a->key == q->key)
		return true;
	arena_free(&a->arena);
	*a = (struct speaker_snapshot){ .kind = q->kind, .key = q->key };
	switch (a->kind) {
	case IPC_ABOUT_SAS: a->keys = ike_sas(s->ike, &a->arena, &a->n); return true;
	case IPC_ABOUT_TRAPS: a->keys = ike_traps(s->ike, &a->arena, &a->n); return true;
	case IPC_ABOUT_COUNTERS:
		a->counters = ike_counters(s->ike, q->name, q->all, &a->arena, &a->n);
		return a->counters;
	case IPC_ABOUT_SA:
		if (!ike_record(s->ike, q->key, &a->arena, &a->sa))
			return false;
		a->n = a->sa.n_children;
		return true;
	default: return true;
	}
}

static unsigned rest(const struct speaker_snapshot *a, uint32_t at, unsigned max)
{
	unsigned left = at < a->n ? a->n - at : 0;

	return left < max ? left : max;
}

static void tell_load(struct speaker *s, struct ipc_reply *r, struct arena *arena)
{
	struct text drops = text_in(arena);

	r->load = ike_load(s->ike);
	ike_drops(s->ike, &drops);
	if (s->sockets->esp)
		text_add(&drops, "%sesp-unclaimed=%" PRIu64, drops.n ? " " : "", s->sockets->esp);
	r->drops = text_str(&drops);
}

static bool tell_proof(struct speaker *s, uint64_t key, struct ipc_reply *r)
{
	struct ike_proven p;

	if (!ike_proven(s->ike, key, &p))
		return false;
	r->part.peer = p.peer->number;
	r->id = p.id;
	r->certs = p.certs;
	return true;
}

static bool fill(struct speaker *s, const struct ipc_inquiry *q, struct ipc_reply *r, struct arena *arena)
{
	const struct speaker_snapshot *a = &s->asked;

	r->total = a->n;
	switch (a->kind) {
	case IPC_ABOUT_SAS:
	case IPC_ABOUT_TRAPS:
		r->n = rest(a, q->at, IPC_KEYS_MAX);
		r->keys = r->n ? (uint64_t *)a->keys + q->at : NULL;
		return true;
	case IPC_ABOUT_COUNTERS:
		r->n = rest(a, q->at, IPC_COUNTED_MAX);
		r->counters = r->n ? (struct counters *)a->counters + q->at : NULL;
		return true;
	case IPC_ABOUT_SA:
		r->sa = a->sa;
		r->sa.n_children = rest(a, q->at, a->n);
		r->sa.children = r->sa.n_children ? a->sa.children + q->at : NULL;
		return true;
	case IPC_ABOUT_TRAP: return ike_trap(s->ike, q->key, arena, &r->trap);
	case IPC_ABOUT_PROOF: return tell_proof(s, q->key, r);
	case IPC_ABOUT_LOAD: tell_load(s, r, arena); return true;
	case IPC_ABOUT_KEYS: return ike_keys(s->ike, q->key, &r->secrets);
	case IPC_ABOUT_WAIT: return ike_awaits(s->ike, (uint32_t)q->key, arena, &r->why);
	case IPC_ABOUT_TRY: r->next = q->name ? ike_next_try(s->ike, q->name) : HEAP_NEVER; return true;
	case IPC_INQUIRIES: break;
	}
	return false;
}

bool speaker_take_inquiry(void *ctx, const struct ipc_message *m)
{
	struct speaker *s = ctx;
	struct arena arena = { 0 };
	struct ipc_message out = { .kind = IPC_REPLY, .ticket = m->ticket, .reply.kind = m->inquiry.kind };

	out.reply.found = look(s, &m->inquiry) && fill(s, &m->inquiry, &out.reply, &arena);
	if (ipc_send(&s->ctl, &out) == ERR_RANGE) {
		out.reply = (struct ipc_reply){ .kind = m->inquiry.kind };
		(void)!ipc_send(&s->ctl, &out);
	}
	arena_free(&arena);
	return true;
}

bool speaker_take_forget(void *ctx, const struct ipc_message *m)
{
	ike_counters_reset(((struct speaker *)ctx)->ike, m->inquiry.name, m->inquiry.all);
	return true;
}
