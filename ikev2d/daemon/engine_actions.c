/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core wants: what is meant, whether it may have that, and what the machine then has because of it.
 */
#include "daemon/actions.h"
#include "daemon/clock.h"
#include "daemon/datapath.h"
#include "daemon/engine_inside.h"
#include "daemon/grant.h"
#include "daemon/parley.h"
#include "daemon/tells.h"

/* ---------------------------------------------------------- what parts mean */

const struct peer *engine_peer(const struct world *w, const struct ipc_part *part)
{
	return part->peer ? map_get(&w->engine->handed, part->peer) : NULL;
}

const struct child_conf *engine_child(const struct world *w, const struct ipc_part *part)
{
	const struct peer *p = engine_peer(w, part);

	return p && part->nth < p->n_children ? &p->children[part->nth] : NULL;
}

const struct auth_conf *engine_round(const struct world *w, const struct ipc_part *part)
{
	const struct peer *p = engine_peer(w, part);
	const struct auth_conf *a = p ? part->remote ? &p->remote : &p->local : NULL;

	for (unsigned i = 0; a && i < part->nth; i++)
		a = a->next;
	return a;
}

bool engine_take_released(void *ctx, const struct ipc_message *m)
{
	struct engine *e = member_ctx(ctx);
	const struct peer *p = map_take(&e->handed, m->released.number);

	if (p && dict_get(&e->named, p->name) == p)
		(void)dict_take(&e->named, p->name);
	peer_unref(p);
	return p;
}

/* ------------------------------------------------------------------- actions */

/* Whether all children that R, a record, has are known. */
static bool resolve_record(const struct world *w, const struct sa_record *r, const struct ipc_part *parts)
{
	for (unsigned i = 0; r && i < r->n_children; i++)
		if (!(r->children[i].conf = engine_child(w, &parts[i])))
			return false;
	return true;
}

static bool resolve_question(const struct world *w, const struct ipc_action *m, struct ike_question *q)
{
	q->peer = engine_peer(w, &m->part);
	q->auth = m->has_round ? engine_round(w, &m->part) : NULL;
	return q->peer && (q->auth || !m->has_round) && grant_question(q) &&
	       (q->kind != ASK_EAP || !parley_waits(w, q->eap.conversation));
}

/* A, as it came in M, with what it means; false: that is nothing. */
static bool resolve(const struct world *w, const struct ipc_action *m, struct ike_action *a)
{
	*a = m->action;
	switch (a->kind) {
	case ACTION_ASK: return resolve_question(w, m, &a->ask);
	case ACTION_SA_ADD: return (a->sa_add.conf = engine_child(w, &m->part));
	case ACTION_POLICY_ADD: return (a->policy_add.conf = engine_child(w, &m->part));
	case ACTION_TELL:
		return resolve_record(w, a->tell.record, m->parts) &&
		       resolve_record(w, a->tell.old_record, m->old_parts) && tells_whole(&a->tell);
	default: return true;
	}
}

/* Whether the numbers in A are of this core: what others have left is not for it to touch. */
static bool is_own(const struct engine *e, const struct ike_action *a)
{
	switch (a->kind) {
	case ACTION_SA_ADD: return a->sa_add.child > e->base && a->sa_add.policy > e->base;
	case ACTION_SA_DEL: return a->sa_del.child > e->base;
	case ACTION_SA_MOVE: return a->sa_move.child > e->base;
	case ACTION_SA_SELECT:
		return a->sa_select.policy > e->base && (!a->sa_select.child || a->sa_select.child > e->base);
	case ACTION_POLICY_ADD: return a->policy_add.id > e->base;
	case ACTION_POLICY_DEL: return a->policy_del.policy > e->base;
	default: return true;
	}
}

static bool asks_for_addresses(const struct engine *e)
{
	const struct peer *p;
	size_t at = 0;

	while ((p = map_next(&e->handed, &at)))
		if (p->n_vips)
			return true;
	return false;
}

/* What the machine has because of A, if it may have it. A conversation is asked about with each packet, and
 * ends once. */
static bool brings(
	const struct held *h, const struct ike_action *a, enum held_kind *kind, struct held_thing *thing)
{
	switch (a->kind) {
	case ACTION_ASK:
		*kind = HELD_TALK;
		*thing = held_number(a->ask.eap.conversation);
		return a->ask.kind == ASK_EAP && !held_has(h, HELD_TALK, *thing);
	case ACTION_SA_ADD:
		*kind = a->sa_add.inbound ? HELD_SA_IN : HELD_SA_OUT;
		*thing = held_number(a->sa_add.child);
		return true;
	case ACTION_POLICY_ADD:
		*kind = a->policy_add.trap ? HELD_TRAP : HELD_POLICY;
		*thing = held_number(a->policy_add.id);
		return true;
	case ACTION_VIP_ADD:
		*kind = HELD_VIP;
		*thing = held_ip(&a->vip.ip);
		return true;
	case ACTION_TELL:
		*kind = HELD_IKE;
		*thing = held_number(a->tell.sa);
		return a->tell.kind == TELL_SA_REKEYED || a->tell.kind == TELL_SA_UP;
	default: return false;
	}
}

static bool has_room(const struct engine *e, const struct ike_action *a, struct text *why)
{
	struct held_thing thing;
	enum held_kind kind;
	bool good = !brings(&e->held, a, &kind, &thing) || held_room(&e->held, kind, 1);

	if (!good)
		text_add(why, "more than %zu of what there can be of its kind", e->held.n[kind]);
	return good;
}

/* What is proved with is the connection's, and belongs to an exchange. */
static bool may_prove(struct engine *e, const struct ike_question *q, struct text *why)
{
	switch (q->kind) {
	case ASK_PPK:
	case ASK_PPK_CONFIRM: return grant_ppk(q, why);
	case ASK_CHECK: return grant_proof(q, why);
	case ASK_PROOF:
		return grant_proof(q, why) &&
		       begun_prove(&e->begun, q->octets, grant_proofs(q->peer), clock_ms(), why);
	default: return true;
	}
}

/* Whether the configuration has A; else WHY gets a sentence. */
static bool is_granted(struct engine *e, const struct ike_action *a, struct text *why)
{
	switch (a->kind) {
	case ACTION_ASK: return may_prove(e, &a->ask, why);
	case ACTION_SA_ADD: return grant_sa(&a->sa_add, why);
	case ACTION_POLICY_ADD: return grant_policy(&a->policy_add, why);
	case ACTION_VIP_ADD:
		if (!asks_for_addresses(e))
			text_add(why, "a virtual address, and no connection has vips");
		return !why->n;
	default: return true;
	}
}

/* Addresses are given back by who has them. */
static bool is_idle(const struct engine *e, const struct ike_action *a)
{
	switch (a->kind) {
	case ACTION_VIP_DEL: return !held_has(&e->held, HELD_VIP, held_ip(&a->vip.ip));
	case ACTION_LEASE_FREE: return !held_has(&e->held, HELD_LEASE, held_ip(&a->vip.ip));
	default: return false;
	}
}

static void see(struct engine *e, uint32_t number)
{
	if (number > e->numbers)
		e->numbers = number;
}

/* What the machine has from now on for it, and what no more. */
static void note(struct engine *e, const struct ike_action *a)
{
	struct held *h = &e->held;
	struct held_thing thing;
	enum held_kind kind;

	see(e, a->ticket);
	switch (a->kind) {
	case ACTION_SEND: begun_sent(&e->begun, a->send.data, clock_ms()); break;
	case ACTION_EAP_END: held_drop(h, HELD_TALK, held_number(a->eap_end.conversation)); break;
	case ACTION_SA_ADD: see(e, a->sa_add.child); break;
	case ACTION_SA_DEL:
		held_drop(h, a->sa_del.inbound ? HELD_SA_IN : HELD_SA_OUT, held_number(a->sa_del.child));
		break;
	case ACTION_POLICY_ADD:
		see(e, a->policy_add.id);
		see(e, a->policy_add.reqid);
		break;
	case ACTION_POLICY_DEL:
		held_drop(h, HELD_POLICY, held_number(a->policy_del.policy));
		held_drop(h, HELD_TRAP, held_number(a->policy_del.policy));
		break;
	case ACTION_VIP_DEL: held_drop(h, HELD_VIP, held_ip(&a->vip.ip)); break;
	case ACTION_LEASE_FREE: held_drop(h, HELD_LEASE, held_ip(&a->vip.ip)); break;
	case ACTION_TELL:
		see(e, a->tell.sa);
		if (a->tell.kind == TELL_SA_REKEYED || a->tell.kind == TELL_SA_DOWN)
			held_drop(h, HELD_IKE,
				held_number(a->tell.kind == TELL_SA_DOWN ? a->tell.sa : a->tell.old));
		for (unsigned i = 0; a->tell.kind == TELL_DONE && i < a->tell.n_tickets; i++)
			engine_order_done(e, a->tell.tickets[i]);
		break;
	default: break;
	}
	if (brings(h, a, &kind, &thing))
		held_add(h, kind, thing);
	if (h->n[HELD_IKE] > e->most)
		e->most = h->n[HELD_IKE];
}

void engine_note_lease(struct world *w, const struct ip *ip)
{
	if (w->engine)
		held_add(&w->engine->held, HELD_LEASE, held_ip(ip));
}

/* Whether A may wait for more of its kind: nobody sees when it is done. */
static bool may_wait(const struct world *w, const struct ike_action *a)
{
	switch (a->kind) {
	case ACTION_SA_DEL:
	case ACTION_POLICY_DEL: return true;
	case ACTION_TELL: return a->tell.kind == TELL_CHILD_DOWN && !tells_seen(w, &a->tell);
	default: return false;
	}
}

void engine_gather(void *ctx, bool on)
{
	struct engine *e = ctx;

	e->gathers = on;
	actions_gather(e->world, on);
	datapath_gather(e->world, on);
}

/* What was to go before A, goes. */
static void order(struct engine *e, const struct ike_action *a)
{
	if (e->gathers && !may_wait(e->world, a)) {
		datapath_gather(e->world, false);
		datapath_gather(e->world, true);
	}
}

bool engine_take_action(void *ctx, const struct ipc_message *m)
{
	struct engine *e = member_ctx(ctx);
	struct world *w = e->world;
	struct ike_action a;
	struct arena scratch = { 0 };
	struct text why = text_in(&scratch);
	bool good = resolve(w, &m->action, &a) && is_own(e, &a) && is_granted(e, &a, &why) &&
		    has_room(e, &a, &why);

	if (good && !is_idle(e, &a)) {
		pulse_begin(&w->pulse);
		note(e, &a);
		order(e, &a);
		actions_carry_out(w, &a);
	} else if (!good && why.n) {
		log_say(LOG_ERROR, "not-granted", "msg=\"%s\"", text_str(&why));
	}
	arena_free(&scratch);
	return good;
}
