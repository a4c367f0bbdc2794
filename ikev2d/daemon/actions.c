/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function an action, and the table that joins them. */
#include "daemon/actions.h"

#include "daemon/accounts.h"
#include "daemon/answers.h"
#include "daemon/datapath_esp.h"
#include "daemon/engine.h"
#include "daemon/line.h"
#include "daemon/parley.h"
#include "daemon/tells.h"
#include "xfrm/choice.h"
#include "xfrm/device.h"

#include <stdlib.h>

/* WHY gets a sentence on failure. */
typedef enum err carry(struct world *w, const struct ike_action *a, struct text *why);

static enum err do_send(struct world *w, const struct ike_action *a, struct text *why)
{
	(void)why;
	datapath_esp_fence(w);
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
	if (a->tell.n_tickets || tells_seen(w, &a->tell))
		datapath_esp_fence(w);
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

/* An answer that waits until it is known how the orders above FROM up to TO went. */
struct due {
	struct due *next;
	struct answer *answer;
	uint64_t from, to;
	enum ike_action_kind kind; /* ACTION_SA_ADD, ACTION_POLICY_ADD */
	uint32_t id;
	bool inbound;
};

static bool installs(const struct ike_action *a)
{
	return a->ticket && (a->kind == ACTION_SA_ADD || a->kind == ACTION_POLICY_ADD);
}

static void put_off(struct world *w, const struct ike_action *a, struct answer *answer, uint64_t from)
{
	struct due *d = calloc(1, sizeof *d), **at = &w->due;

	if (!d)
		abort();
	*d = (struct due){ .answer = answer, .from = from, .to = datapath_esp_given(w), .kind = a->kind };
	d->id = a->kind == ACTION_SA_ADD ? a->sa_add.child : a->policy_add.id;
	d->inbound = a->kind == ACTION_SA_ADD && a->sa_add.inbound;
	while (*at)
		at = &(*at)->next;
	*at = d;
}

static void take_back(struct world *w, const struct due *d)
{
	if (d->kind == ACTION_SA_ADD)
		w->backend->sa_del(w->xfrm, d->id, d->inbound);
	else
		w->backend->policy_del(w->xfrm, d->id);
}

/* All that was given is done. */
static void conclude(struct world *w, const struct due *d)
{
	struct ike_answer *a = &d->answer->a;
	const char *what = NULL;

	a->result = datapath_esp_went(w, d->from, d->to, &what);
	if (a->result) {
		a->why.what = what ? arena_str(&d->answer->arena, what) : err_name(a->result);
		take_back(w, d);
	}
	engine_answer(w, d->answer);
}

void actions_gather(struct world *w, bool on)
{
	struct due *d;

	datapath_esp_ahead(w, on);
	if (!on)
		datapath_esp_settle(w);
	while (!on && (d = w->due)) {
		w->due = d->next;
		conclude(w, d);
		free(d);
	}
}

static void carry_out(struct world *w, const struct ike_action *a)
{
	struct answer *answer = answer_new(a->ticket);
	struct text why = text_in(&answer->arena);
	const uint64_t from = datapath_esp_given(w);

	answer->a.result = table[a->kind](w, a, &why);
	if (answer->a.result)
		answer->a.why.what = why.n ? text_str(&why) : err_name(answer->a.result);
	if (!answer->a.result && installs(a) && datapath_esp_goes_ahead(w) && datapath_esp_given(w) != from) {
		put_off(w, a, answer, from);
		return;
	}
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
