/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps. */
#include "ike/trap.h"

#include "ike/conf.h"
#include "ike/task.h"

#include <stdlib.h>

static struct trap *trap_find(const struct ike *ike, const struct child_conf *conf)
{
	list_each (n, &ike->traps) {
		struct trap *t = node_owner(n, struct trap, of_ike);

		if (child_conf_same(t->conf, conf))
			return t;
	}
	return NULL;
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

struct trap *trap_add(struct step *s, const struct child_conf *conf)
{
	struct trap *t = calloc(1, sizeof *t), *before = trap_find(s->ike, conf);

	if (!t)
		abort();
	t->id = step_id(s->ike);
	t->reqid = conf->reqid ? conf->reqid : before ? before->reqid : step_id(s->ike);
	t->conf = conf;
	peer_ref(conf->peer);
	list_append(&s->ike->traps, &t->of_ike);
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
		.local_ts = tss_resolve(t->conf->local, &answer->local, s->scratch),
		.remote_ts = tss_resolve(t->conf->remote, &answer->remote, s->scratch),
		.local = answer->local,
		.remote = answer->remote,
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
	list_each (n, &ike->traps) {
		const struct trap *other = node_owner(n, struct trap, of_ike);

		if (!other->stale && other->state == TRAP_SET && child_conf_same(other->conf, t->conf))
			return true;
	}
	return false;
}

/* The predecessors of T, which protected its packets until now, go; a late one goes at once. */
static void trap_set(struct step *s, struct trap *t)
{
	t->state = TRAP_SET;
	heap_set(&s->ike->trap_timers, &t->timer, HEAP_NEVER);
	if (t->stale) {
		if (trap_succeeded(s->ike, t))
			trap_remove(s, t);
		return;
	}
	list_each_safe (n, &s->ike->traps) {
		struct trap *other = node_owner(n, struct trap, of_ike);

		if (other->stale && child_conf_same(other->conf, t->conf))
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

/* It is tried again from the start: what was asked has failed, or was not answered. */
void trap_due(struct step *s, struct trap *t)
{
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
	list_remove(&t->of_ike);
	peer_part(ike, t->conf->peer);
	free(t);
}

bool trap_command(struct step *s, const struct child_conf *conf, bool set)
{
	bool found = trap_exists(s->ike, conf);

	if (set && !found)
		trap_add(s, conf)->by_command = true;
	list_each_safe (n, &s->ike->traps)
		if (!set && child_conf_same(node_owner(n, struct trap, of_ike)->conf, conf))
			trap_remove(s, node_owner(n, struct trap, of_ike));
	return set || found;
}

/* Traps of the old configuration that have no successor go at once, the others when it is set. */
void traps_retire(struct step *s)
{
	list_each_safe (n, &s->ike->traps) {
		struct trap *t = node_owner(n, struct trap, of_ike);
		const struct child_conf *c = child_conf_named(s->ike->peers, s->ike->n_peers, t->conf);

		if (!t->stale || (c && c->start_action & ACTION_TRAP))
			continue;
		if (c && t->by_command)
			trap_add(s, c)->by_command = true;
		else
			trap_remove(s, t);
	}
}

void traps_stale(struct ike *ike)
{
	list_each (t, &ike->traps)
		node_owner(t, struct trap, of_ike)->stale = true;
}

/* ----------------------------------------------------------------- acquire */

void acquire(struct step *s, uint32_t policy, const struct ts *local, const struct ts *remote)
{
	const struct trap *t = map_get(&s->ike->policies, policy);

	if (t && child_absent(s->ike, t->conf))
		(void)child_start(s, t->conf, local, remote);
}
