/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions, one at a time, and the answer waited for. */
#include "daemon/inquire.h"

#include "base/heap.h"
#include "daemon/delay.h"
#include "daemon/engine.h"

bool inquire_take_reply(void *ctx, const struct ipc_message *m)
{
	struct inquiry_wait *i = &engine_world(ctx)->inquiry;

	if (!i->ticket || m->ticket != i->ticket || m->reply.kind != i->kind)
		return false;
	i->ticket = 0;
	i->reply = m->reply;
	return true;
}

/* Until there is an answer. A status is made of many: they have their time together, by what there may be. */
static enum err await(struct world *w, struct arena *arena)
{
	struct inquiry_wait *i = &w->inquiry;

	i->delay.more = DELAY_ANSWER * (uint64_t)engine_most(w);
	return member_answer(engine_member(w), IPC_CTL, &i->ticket, &i->delay, DELAY_ANSWER, arena);
}

/* The answer to Q, or NULL. */
static const struct ipc_reply *ask(struct world *w, const struct ipc_inquiry *q, struct arena *arena)
{
	struct inquiry_wait *i = &w->inquiry;
	struct ipc_message m = { .kind = IPC_INQUIRY, .inquiry = *q };
	enum err e;

	if (!w->engine)
		return NULL;
	m.ticket = i->ticket = ++i->last;
	i->kind = q->kind;
	e = member_send(engine_member(w), IPC_CTL, &m);
	if (!e)
		e = await(w, arena);
	i->ticket = 0;
	return !e && i->reply.found ? &i->reply : NULL;
}

static const uint64_t *keys(struct world *w, enum ipc_inquiry_kind kind, struct arena *arena, unsigned *n)
{
	struct ipc_inquiry q = { .kind = (uint8_t)kind };
	const struct ipc_reply *r = ask(w, &q, arena);
	uint64_t *all;
	uint32_t total;

	if (r && kind == IPC_ABOUT_SAS && !engine_can_have(w, r->total))
		r = NULL;
	all = r ? ARENA_ARRAY(arena, r->total, uint64_t) : NULL;
	total = r ? r->total : 0;
	for (*n = 0; r && r->n && r->n <= total - *n; r = *n < total ? ask(w, &q, arena) : NULL) {
		memcpy(all + *n, r->keys, r->n * sizeof *all);
		q.at = *n += r->n;
	}
	return all;
}

const uint64_t *inquire_sas(struct world *w, struct arena *arena, unsigned *n)
{
	return keys(w, IPC_ABOUT_SAS, arena, n);
}

const uint64_t *inquire_traps(struct world *w, struct arena *arena, unsigned *n)
{
	return keys(w, IPC_ABOUT_TRAPS, arena, n);
}

/* Those of R into OUT, which has room for TOTAL. */
static void add_children(struct world *w, const struct ipc_reply *r, uint32_t total, struct sa_record *out)
{
	for (unsigned i = 0; i < r->sa.n_children && out->n_children < total; i++) {
		struct child_record *c = &out->children[out->n_children];

		*c = r->sa.children[i];
		c->conf = engine_child(w, &r->parts[i]);
		out->n_children += !!c->conf;
	}
}

bool inquire_sa(struct world *w, uint64_t key, struct arena *arena, struct sa_record *out)
{
	struct ipc_inquiry q = { .kind = IPC_ABOUT_SA, .key = key };
	const struct ipc_reply *r = ask(w, &q, arena);
	uint32_t total = r ? r->total : 0;

	if (!r)
		return false;
	*out = r->sa;
	out->children = ARENA_ARRAY(arena, total, struct child_record);
	out->n_children = 0;
	while (r && r->sa.n_children) {
		add_children(w, r, total, out);
		q.at += r->sa.n_children;
		r = q.at < total ? ask(w, &q, arena) : NULL;
	}
	return true;
}

bool inquire_trap(struct world *w, uint64_t key, struct arena *arena, struct policy_record *out)
{
	const struct ipc_reply *r =
		ask(w, &(struct ipc_inquiry){ .kind = IPC_ABOUT_TRAP, .key = key }, arena);

	if (r)
		*out = r->trap;
	return r;
}

bool inquire_proven(struct world *w, uint64_t key, struct arena *arena, struct ike_proven *out)
{
	const struct ipc_reply *r =
		ask(w, &(struct ipc_inquiry){ .kind = IPC_ABOUT_PROOF, .key = key }, arena);
	const struct peer *p = r ? engine_peer(w, &r->part) : NULL;

	if (p)
		*out = (struct ike_proven){ r->id, p, r->certs };
	return p;
}

const struct counters *inquire_counters(
	struct world *w, const char *name, bool all, struct arena *arena, unsigned *n)
{
	struct ipc_inquiry q = { .kind = IPC_ABOUT_COUNTERS, .name = name, .all = all };
	const struct ipc_reply *r = ask(w, &q, arena);
	uint32_t total = r ? r->total : 0;
	struct counters *v = r ? ARENA_ARRAY(arena, total, struct counters) : NULL;

	for (*n = 0; r && r->n && r->n <= total - *n; r = *n < total ? ask(w, &q, arena) : NULL) {
		memcpy(v + *n, r->counters, r->n * sizeof *v);
		q.at = *n += r->n;
	}
	return v;
}

void inquire_counters_reset(struct world *w, const char *name, bool all)
{
	(void)!member_send(engine_member(w), IPC_CTL,
		&(struct ipc_message){ .kind = IPC_FORGET, .inquiry = { .name = name, .all = all } });
}

bool inquire_keys(struct world *w, uint64_t key, struct arena *arena, struct ike_key_record *out)
{
	const struct ipc_reply *r =
		ask(w, &(struct ipc_inquiry){ .kind = IPC_ABOUT_KEYS, .key = key }, arena);

	if (r)
		*out = r->secrets;
	return r;
}

bool inquire_awaited(struct world *w, uint32_t ticket, struct arena *arena, struct why *why)
{
	const struct ipc_reply *r =
		ask(w, &(struct ipc_inquiry){ .kind = IPC_ABOUT_WAIT, .key = ticket }, arena);

	if (r)
		*why = r->why;
	return r;
}

uint64_t inquire_next_try(struct world *w, const char *name)
{
	struct arena arena = { 0 };
	const struct ipc_reply *r =
		ask(w, &(struct ipc_inquiry){ .kind = IPC_ABOUT_TRY, .name = name }, &arena);
	uint64_t next = r ? r->next : HEAP_NEVER;

	arena_free(&arena);
	return next;
}

struct ike_load inquire_load(struct world *w, struct arena *arena, const char **drops)
{
	const struct ipc_reply *r = ask(w, &(struct ipc_inquiry){ .kind = IPC_ABOUT_LOAD }, arena);

	*drops = r && r->drops ? r->drops : "";
	return r ? r->load : (struct ike_load){ 0 };
}
