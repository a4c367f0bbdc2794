/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function an action, and the table that joins them. */
#include "daemon/actions.h"

#include "daemon/accounts.h"
#include "daemon/answers.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "daemon/parley.h"
#include "daemon/tells.h"
#include "xfrm/choice.h"
#include "xfrm/device.h"

/* WHY gets a sentence on failure. */
typedef enum err carry(struct world *w, const struct ike_action *a, struct text *why);

static enum err do_send(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	if (a->send.path.tcp)
		streams_send(&w->streams, &a->send.path, a->send.data);
	else
		sockets_send(&w->sockets, &a->send.path, a->send.data);
	return ERR_OK;
}

static enum err do_keepalive(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	sockets_keepalive(&w->sockets, &a->send.path);
	return ERR_OK;
}

static enum err do_eap_end(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	parley_end(w, a->eap_end.conversation);
	return ERR_OK;
}

static enum err do_sa_add(struct world *w, const struct ike_action *a, struct text *why)
{
	struct sa_spec spec = a->sa_add;

	if (vici_captures(w->vici, spec.conf->peer->name))
		vici_capture_child(w->vici, &spec);
	if (spec.tcp && !streams_to_relay(&w->streams, &spec.local, &spec.remote, why))
		return ERR_MISSING;
	return w->backend->sa_add(w->xfrm, &spec, why);
}

static enum err do_sa_del(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	accounts_sa_gone(w, a->sa_del.child, a->sa_del.inbound);
	w->backend->sa_del(w->xfrm, a->sa_del.child, a->sa_del.inbound);
	return ERR_OK;
}

static enum err do_sa_move(struct world *w, const struct ike_action *a, struct text *why)
{
	struct addr local = a->sa_move.local, remote = a->sa_move.remote;
	enum err e;

	if (a->sa_move.tcp && !streams_to_relay(&w->streams, &local, &remote, why))
		return ERR_MISSING;
	e = w->backend->sa_move(w->xfrm, a->sa_move.child, &local, &remote, a->sa_move.encap);
	if (e)
		text_add(why, "the SA cannot be moved to its new addresses: %s", err_name(e));
	return e;
}

static enum err do_sa_select(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	w->backend->sa_select(w->xfrm, a->sa_select.policy, a->sa_select.child);
	return ERR_OK;
}

static enum err do_policy_add(struct world *w, const struct ike_action *a, struct text *why)
{
	return w->backend->policy_add(w->xfrm, &a->policy_add, why);
}

static enum err do_policy_del(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	w->backend->policy_del(w->xfrm, a->policy_del.policy);
	return ERR_OK;
}

static enum err do_vip_add(struct world *w, const struct ike_action *a, struct text *why)
{
	return device_vip_add(choice_route(w->xfrm), &a->vip.ip, &a->vip.remote, why);
}

static enum err do_vip_del(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	device_vip_del(choice_route(w->xfrm), &a->vip.ip);
	return ERR_OK;
}

static enum err do_lease_free(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	leases_put(answers_leases(w), &a->vip.ip);
	return ERR_OK;
}

static enum err do_tell(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	tells_tell(w, &a->tell);
	return ERR_OK;
}

static carry *const table[] = {
	[ACTION_SEND] = do_send,
	[ACTION_KEEPALIVE] = do_keepalive,
	[ACTION_EAP_END] = do_eap_end,
	[ACTION_SA_ADD] = do_sa_add,
	[ACTION_SA_DEL] = do_sa_del,
	[ACTION_SA_MOVE] = do_sa_move,
	[ACTION_SA_SELECT] = do_sa_select,
	[ACTION_POLICY_ADD] = do_policy_add,
	[ACTION_POLICY_DEL] = do_policy_del,
	[ACTION_VIP_ADD] = do_vip_add,
	[ACTION_VIP_DEL] = do_vip_del,
	[ACTION_LEASE_FREE] = do_lease_free,
	[ACTION_TELL] = do_tell,
};

static void carry_out(struct world *w, const struct ike_action *a)
{
	struct answer *answer = answer_new(a->ticket);
	struct text why = text_in(&answer->arena);

	answer->a.result = table[a->kind](w, a, &why);
	if (answer->a.result)
		answer->a.why.what = why.n ? text_str(&why) : err_name(answer->a.result);
	if (a->ticket) {
		engine_answer(w, answer);
		return;
	}
	if (answer->a.result)
		line_say(LOG_WARN, "data-path", answer->a.why.what);
	answer_free(answer);
}

void actions_carry_out(struct world *w, const struct ike_action *a)
{
	if (a->kind == ACTION_ASK)
		answers_ask(w, a->ticket, &a->ask);
	else
		carry_out(w, a);
}
