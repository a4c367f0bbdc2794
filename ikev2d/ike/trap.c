/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps. */
#include "ike/trap.h"

#include "ike/conf.h"
#include "ike/marks.h"
#include "ike/resource.h"
#include "ike/task.h"
#include "ike/want.h"

#include <stdlib.h>

/* The next trap of CONF behind AT (NULL: the first), in any version; or NULL. */
static struct trap *trap_next(const struct ike *ike, const struct child_conf *conf, const struct trap *at)
{
	const struct conn *c = conn_find(ike, conf->peer->name);

	for (struct node *n = at  ? at->of_conn.next
			      : c ? c->traps.next
				  : NULL;
		n && n != &c->traps; n = n->next) {
		struct trap *t = node_owner(n, struct trap, of_conn);

		if (child_conf_same(t->conf, conf))
			return t;
	}
	return NULL;
}

static struct trap *trap_find(const struct ike *ike, const struct child_conf *conf)
{
	return trap_next(ike, conf, NULL);
}

bool trap_exists(const struct ike *ike, const struct child_conf *conf)
{
	return trap_find(ike, conf);
}

uint32_t trap_reqid(struct ike *ike, const struct child_conf *conf)
{
	const struct trap *t = trap_find(ike, conf);

	if (conf->reqid)
		return conf->reqid;
	return t ? t->reqid : step_id(ike);
}

bool trap_marks(const struct ike *ike, const struct child_conf *conf, struct sa_marks *out)
{
	const struct trap *t = trap_find(ike, conf);

	if (t)
		*out = t->marks;
	return t;
}

/* Where the ends of the tunnel are must be known first: dynamic selectors and routes depend on it. */
static void trap_ask(struct step *s, struct trap *t)
{
	struct ike_action *a = step_action(s, ACTION_ASK);

	t->state = TRAP_ROUTING;
	t->ask = a->ticket = step_id(s->ike);
	a->ask.kind = ASK_ROUTE;
	a->ask.peer = t->conf->peer;
	map_put(&s->ike->trap_asks, t->ask, t);
	heap_set(&s->ike->trap_timers, &t->timer, s->now + ASK_TIMEOUT);
}

/* That of a CHILD_SA of CONF; 0: there is none. */
static uint32_t reqid_of_child(const struct ike *ike, const struct child_conf *conf)
{
	const struct conn *c = conn_find(ike, conf->peer->name);

	for (struct node *n = c->sas.next; n != &c->sas; n = n->next)
		list_each (m, &node_owner(n, struct sa, of_conn)->children)
			if (child_conf_same(node_owner(m, struct child, of_sa)->conf, conf))
				return node_owner(m, struct child, of_sa)->reqid;
	return 0;
}

struct trap *trap_add(struct step *s, const struct child_conf *conf)
{
	struct trap *t = calloc(1, sizeof *t), *before = trap_find(s->ike, conf);

	if (!t)
		abort();
	t->id = step_id(s->ike);
	t->reqid = conf->reqid ? conf->reqid : before ? before->reqid : reqid_of_child(s->ike, conf);
	t->reqid = t->reqid ? t->reqid : step_id(s->ike);
	t->marks = marks_of_trap(s->ike, conf);
	t->conf = conf;
	peer_ref(conf->peer);
	list_append(&conn_get(s->ike, conf->peer->name)->traps, &t->of_conn);
	map_put(&s->ike->policies, t->id, t);
	trap_ask(s, t);
	return t;
}

static void trap_failed(struct step *s, struct trap *t, const struct ike_answer *answer)
{
	struct ike_tell *tell = tell_new(s, TELL_LOG);

	tell->level = LOG_WARN;
	tell->group = "CHD";
	tell->name = t->conf->peer->name;
	tell->alert = t->state == TRAP_ROUTING ? NULL : "install-child-policy-failed";
	tell->text = arena_printf(s->scratch, "the trap of child %s is not set: %s; trying again in %d s",
		t->conf->name, answer->why.what ? answer->why.what : err_name(answer->result),
		TRAP_RETRY / 1000);
	heap_set(&s->ike->trap_timers, &t->timer, s->now + TRAP_RETRY);
}

static void trap_install(struct step *s, struct trap *t, const struct ike_answer *answer)
{
	struct ike_action *a = step_action(s, ACTION_POLICY_ADD);

	t->state = TRAP_SETTING;
	t->local = answer->local;
	t->remote = answer->remote;
	t->ask = a->ticket = step_id(s->ike);
	map_put(&s->ike->trap_asks, t->ask, t);
	a->policy_add = (struct policy_spec){
		.id = t->id,
		.reqid = t->reqid,
		.trap = true,
		.protocol = t->conf->offers.v[0].protocol,
		.mode = t->conf->mode,
		.local_ts = tss_resolve(t->conf->local, &answer->local, s->scratch),
		.remote_ts = tss_resolve(t->conf->remote, &answer->remote, s->scratch),
		.local = answer->local,
		.remote = answer->remote,
		.marks = t->marks,
		.conf = t->conf,
	};
	heap_set(&s->ike->trap_timers, &t->timer, s->now + ASK_TIMEOUT);
}

/* Takes T away, from the data path too. */
static void trap_remove(struct step *s, struct trap *t)
{
	if (t->state != TRAP_ROUTING)
		step_action(s, ACTION_POLICY_DEL)->policy_del.policy = t->id;
	trap_free(s->ike, t);
}

/* Whether the successor of T, which is stale, protects its packets. */
static bool trap_succeeded(const struct ike *ike, const struct trap *t)
{
	for (struct trap *o = trap_find(ike, t->conf); o; o = trap_next(ike, t->conf, o))
		if (!o->stale && o->state == TRAP_SET)
			return true;
	return false;
}

/* What has come to nothing may be asked for again, but not at once: for a peer that refuses there would be a
 * negotiation for each packet. */
static void rest(struct step *s, struct trap *t)
{
	t->tries++;
	heap_set(&s->ike->trap_timers, &t->timer, s->now + want_pause(s, t->tries, TRAP_FIRST, TRAP_RETRY));
}

static bool rests(const struct trap *t)
{
	return t->state == TRAP_SET && t->timer.place;
}

/* No SA sends for T: the data path hears that its question is over, for as long as it thinks that one is not,
 * it asks no other. What is being negotiated meanwhile is waited for. */
static void rested(struct step *s, struct trap *t)
{
	heap_set(&s->ike->trap_timers, &t->timer, HEAP_NEVER);
	if (!child_absent(s->ike, t->conf))
		return;
	t->asked = t->beside = false;
	step_action(s, ACTION_SA_SELECT)->sa_select.policy = t->id;
}

void trap_up(struct ike *ike, const struct child_conf *conf, uint32_t reqid)
{
	for (struct trap *t = trap_find(ike, conf); t; t = trap_next(ike, conf, t)) {
		if (t->reqid != reqid)
			continue;
		if (rests(t))
			heap_set(&ike->trap_timers, &t->timer, HEAP_NEVER);
		t->asked = t->beside;
		t->beside = false;
		t->tries = 0;
	}
}

void trap_lost(struct step *s, const struct child_conf *conf)
{
	for (struct trap *t = trap_find(s->ike, conf); t; t = trap_next(s->ike, conf, t))
		if (t->asked && t->state == TRAP_SET && !rests(t))
			rest(s, t);
}

/* The predecessors of T, which protected its packets until now, go; a late one goes at once. */
static void trap_set(struct step *s, struct trap *t)
{
	struct trap *other, *next;

	t->state = TRAP_SET;
	heap_set(&s->ike->trap_timers, &t->timer, HEAP_NEVER);
	if (t->asked && child_absent(s->ike, t->conf))
		rest(s, t);
	if (t->stale) {
		if (trap_succeeded(s->ike, t))
			trap_remove(s, t);
		return;
	}
	for (other = trap_find(s->ike, t->conf); other; other = next) {
		next = trap_next(s->ike, t->conf, other);
		if (other->stale)
			trap_remove(s, other);
	}
}

void trap_answered(struct step *s, struct trap *t, const struct ike_answer *answer)
{
	map_take(&s->ike->trap_asks, t->ask);
	t->ask = 0;
	if (answer->result)
		trap_failed(s, t, answer);
	else if (t->state == TRAP_ROUTING)
		trap_install(s, t, answer);
	else
		trap_set(s, t);
}

/* What was asked has failed, or was not answered: it is tried again from the start. */
void trap_due(struct step *s, struct trap *t)
{
	if (t->state == TRAP_SET) {
		rested(s, t);
		return;
	}
	if (t->state == TRAP_SETTING)
		step_action(s, ACTION_POLICY_DEL)->policy_del.policy = t->id;
	map_take(&s->ike->trap_asks, t->ask);
	trap_ask(s, t);
}

void trap_free(struct ike *ike, struct trap *t)
{
	map_take(&ike->trap_asks, t->ask);
	map_take(&ike->policies, t->id);
	heap_set(&ike->trap_timers, &t->timer, HEAP_NEVER);
	list_remove(&t->of_conn);
	peer_part(ike, t->conf->peer);
	free(t);
}

/* Takes all traps of CONF away, those of earlier configurations too. */
static void remove_all(struct step *s, const struct child_conf *conf)
{
	struct trap *t;

	while ((t = trap_find(s->ike, conf)))
		trap_remove(s, t);
}

bool trap_command(struct step *s, const struct child_conf *conf, bool set)
{
	bool found = trap_exists(s->ike, conf);

	if (set && !found)
		trap_add(s, conf)->by_command = true;
	else if (!set)
		remove_all(s, conf);
	return set || found;
}

void trap_retire(struct step *s, const struct child_conf *conf, const struct child_conf *now)
{
	bool by_command = false;

	for (struct trap *t = trap_find(s->ike, conf); t; t = trap_next(s->ike, conf, t)) {
		by_command |= t->by_command;
		t->stale = true;
	}
	if (!now || !(now->start_action & ACTION_TRAP || by_command))
		remove_all(s, conf);
	else if (!(now->start_action & ACTION_TRAP))
		trap_add(s, now)->by_command = true;
}

void trap_follow(struct ike *ike, const struct child_conf *conf)
{
	for (struct trap *t = trap_find(ike, conf); t; t = trap_next(ike, conf, t))
		if (!t->stale) {
			peer_ref(conf->peer);
			peer_part(ike, t->conf->peer);
			t->conf = conf;
		}
}

void traps_renew(struct step *s, struct conn *c)
{
	struct node *last = c->traps.prev, *n = &c->traps;

	/* Their successors come behind them. */
	while (n != last) {
		struct trap *t, *successor;

		n = n->next;
		t = node_owner(n, struct trap, of_conn);
		if (t->stale)
			continue;
		t->stale = true;
		successor = trap_add(s, t->conf);
		successor->by_command = t->by_command;
		successor->asked = t->asked;
		successor->tries = t->tries;
	}
}

/* ----------------------------------------------------------------- acquire */

/* Whether the data path has SAs of a child of CONF that is not up yet: a packet that asks now is not for it.
 */
static bool is_being_installed(const struct ike *ike, const struct child_conf *conf)
{
	struct conn *conn = conn_find(ike, conf->peer->name);

	if (!conn)
		return false;
	list_each (n, &conn->sas)
		list_each (m, &node_owner(n, struct sa, of_conn)->children) {
			const struct child *c = node_owner(m, struct child, of_sa);

			if (c->state == CHILD_INSTALLING && child_conf_same(c->conf, conf))
				return true;
		}
	return false;
}

void acquire(
	struct step *s, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote)
{
	struct trap *t = map_get(&s->ike->policies, policy);
	struct child *c = t ? NULL : resource_asked(s->ike, policy);
	const struct child_conf *conf = t ? t->conf : c ? c->conf : NULL;

	if (t) {
		t->asked = true;
		t->beside = is_being_installed(s->ike, conf);
	}
	if (t && rests(t))
		return;
	if (conf && child_absent(s->ike, conf))
		(void)child_start(s, child_conf_now(s->ike, conf), local, remote);
	else if (c && resource)
		resource_start(s, c, resource);
}
