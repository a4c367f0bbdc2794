/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times of an established IKE_SA and of its children. */
#include "ike/life.h"

#include "base/buf.h"
#include "base/heap.h"
#include "ike/child.h"
#include "ike/conf.h"
#include "ike/revive.h"
#include "ike/task.h"

uint64_t life_soft(struct step *s, uint64_t time, uint64_t jitter)
{
	uint64_t most = jitter < time ? jitter : time;

	return time ? s->now + time - (most ? rng_u64(s->rng) % most : 0) : 0;
}

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return !a ? b : !b ? a : a < b ? a : b;
}

void life_nat(struct step *s, struct sa_core *core)
{
	uint64_t keep_alive = s->ike->settings.keep_alive;

	core->keepalive_due = core->nat_local && !core->path.tcp && keep_alive ? s->now + keep_alive : 0;
}

void life_begin(struct step *s, struct sa_core *core, const struct sa_core *old)
{
	const struct peer *p = core->peer;
	uint64_t now = s->now;

	core->established = now;
	life_nat(s, core);
	core->dpd_due = p->dpd_delay ? now + p->dpd_delay : 0;
	core->rekey_due = life_soft(s, p->rekey_time, p->rand_time);
	core->life_end = p->rekey_time ? now + p->rekey_time + p->over_time : 0;
	if (old) {
		core->reauth_due = old->reauth_due;
		core->reauth_end = old->reauth_end;
		core->proof_end = old->proof_end;
	} else {
		core->reauth_due = life_soft(s, p->reauth_time, p->rand_time);
		core->reauth_end = p->reauth_time ? now + p->reauth_time + p->over_time : 0;
	}
	core->life_end = sooner(core->life_end, core->reauth_end);
}

static void put_lifetime(const struct draft *d, uint64_t seconds, struct message *m)
{
	struct wr w = wr_of(arena_alloc(d->step->scratch, 4), 4);

	wr_u32(&w, seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX);
	message_add_notify(m, d->step->scratch, AUTH_LIFETIME, wr_done(&w));
}

void life_announce(const struct draft *d, struct message *m)
{
	const struct peer *p = d->core.peer;
	uint64_t valid = p->cert_expiry == CERT_END_KEEP ? 0 : d->hs.valid,
		 seconds = sooner(sooner(p->reauth_time / 1000, valid), d->hs.auth_left / 1000);

	if (seconds)
		put_lifetime(d, seconds, m);
}

void life_limit(struct step *s, struct sa *sa, uint32_t seconds)
{
	struct sa_core *c = &sa->core;
	const struct peer *p = c->peer;

	c->reauth_end = sooner(s->now + (uint64_t)seconds * 1000, c->proof_end);
	c->life_end =
		sooner(p->rekey_time ? c->established + p->rekey_time + p->over_time : 0, c->reauth_end);
	task_add(sa, TASK_LIMIT, NULL);
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

void life_remind(const struct draft *d, struct message *m)
{
	uint64_t end = d->core.reauth_end, now = d->step->now;

	put_lifetime(d, end > now + 1000 ? (end - now) / 1000 : 1, m);
}

/* The peer's authentication counts for MS. */
static void authenticated_for(struct draft *d, uint64_t ms)
{
	d->core.reauth_end = sooner(d->core.reauth_end, d->step->now + ms);
	d->core.life_end = sooner(d->core.life_end, d->core.reauth_end);
}

/* The initiator makes a new one a tenth earlier, but not more than a day, so that it stands in time. */
static void reauthenticate_within(struct draft *d, uint64_t ms)
{
	uint64_t early = ms / 10 < REAUTH_EARLY ? ms / 10 : REAUTH_EARLY;

	if (d->core.initiator)
		d->core.reauth_due = sooner(d->core.reauth_due, d->step->now + ms - early);
}

void life_certified(struct draft *d)
{
	enum cert_end end = d->core.peer->cert_expiry;
	uint64_t ms = (uint64_t)d->hs.valid * 1000;

	if (!ms || end == CERT_END_KEEP)
		return;
	if (end == CERT_END_REAUTH)
		reauthenticate_within(d, ms);
	authenticated_for(d, ms);
	d->core.proof_end = d->step->now + ms;
}

/* A RADIUS server may say otherwise later; a certificate inside EAP does not. */
void life_resumed(struct draft *d, uint64_t ms)
{
	const char *method = d->hs.eap.method;

	reauthenticate_within(d, ms);
	authenticated_for(d, ms);
	if (!method || eap_method_number(method) != EAP_METHOD_RADIUS)
		d->core.proof_end = sooner(d->core.proof_end, d->step->now + ms);
}

void life_authenticated(struct draft *d, struct bytes seconds)
{
	struct rd r = rd_of(seconds);
	uint64_t ms = (uint64_t)rd_u32(&r) * 1000;

	if (!rd_done(&r) || !ms || !d->core.initiator)
		return;
	reauthenticate_within(d, ms);
	authenticated_for(d, ms);
	tell_log(d, "IKE", "peer wants us to authenticate anew within %llu s",
		(unsigned long long)(ms / 1000));
}

static void earlier(uint64_t *due, uint64_t at)
{
	if (at && at < *due)
		*due = at;
}

uint64_t life_due(const struct sa *sa)
{
	const struct sa_core *c = &sa->core;
	uint64_t due = HEAP_NEVER;

	earlier(&due, c->keepalive_due);
	earlier(&due, c->dpd_due);
	earlier(&due, c->rekey_due);
	earlier(&due, c->state == S_UP ? c->reauth_due : 0);
	earlier(&due, c->life_end);
	earlier(&due, sa->ticket_due);
	list_each (n, (struct node *)&sa->children) {
		const struct child *child = node_owner(n, struct child, of_sa);

		if (child->state == CHILD_INSTALLING)
			earlier(&due, child->ask_deadline);
		if (child->state != CHILD_INSTALLED)
			continue;
		earlier(&due, child->rekey_due);
		earlier(&due, child->inactive_due);
		earlier(&due, child->switch_due);
		earlier(&due, child->life_end);
	}
	list_each (n, (struct node *)&sa->late)
		earlier(&due, node_owner(n, struct child, of_sa)->late_end);
	return due;
}

static bool is_due(const struct step *s, uint64_t at)
{
	return at && at <= s->now;
}

static void keep_alive(struct step *s, struct sa *sa)
{
	step_action(s, ACTION_KEEPALIVE)->send.path = sa->core.path;
	sa->core.keepalive_due = s->now + s->ike->settings.keep_alive;
}

/* When were the children last used? The answer comes to life_used. */
static void ask_usage(struct step *s, struct sa *sa)
{
	struct ike_action *a = step_action(s, ACTION_ASK);
	unsigned n = 0;
	uint32_t *v;

	list_each (c, &sa->children)
		n++;
	v = ARENA_ARRAY(s->scratch, n, uint32_t);
	n = 0;
	list_each (c, &sa->children)
		v[n++] = node_owner(c, struct child, of_sa)->id;
	map_take(&s->ike->asks, sa->core.usage_ask);
	a->ticket = sa->core.usage_ask = step_id(s->ike);
	a->ask.kind = ASK_USAGE;
	a->ask.peer = sa->core.peer;
	a->ask.children = v;
	a->ask.n_children = n;
	map_put(&s->ike->asks, a->ticket, sa);
}

/* The peer was silent: its ESP packets count as well, so the data path is asked before it is, and if that
 * does not answer soon, the peer is asked all the same. */
static void check_liveness(struct step *s, struct sa *sa)
{
	uint64_t delay = sa->core.peer->dpd_delay, quiet_until = sa->core.last_in + delay;

	if (quiet_until > s->now) {
		sa->core.dpd_due = quiet_until;
	} else if (!list_empty(&sa->children) && !sa->core.usage_ask) {
		sa->core.dpd_due = s->now + USAGE_TIME;
		ask_usage(s, sa);
	} else {
		sa->core.dpd_due = s->now + delay;
		task_add(sa, TASK_LIVENESS, NULL);
	}
}

static void say(struct step *s, const struct sa *sa, const char *format, const char *name, const char *alert)
{
	struct draft d;

	draft_open(&d, s, (struct sa *)sa);
	tell_log(&d, "CHD", format, name)->alert = alert;
	draft_close(&d, DRAFT_COMMIT);
}

/* One for a CPU goes where there are to be none any more. */
static void rekey_or_close(const struct step *s, struct sa *sa, struct child *c)
{
	if (c->resource && child_conf_now(s->ike, c->conf)->per_cpu_sas == PER_CPU_NO)
		child_close(sa, c);
	else
		task_add(sa, TASK_REKEY_CHILD, c);
}

static void children_due(struct step *s, struct sa *sa)
{
	bool idle = false;

	list_each_safe (n, &sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		if (c->state != CHILD_INSTALLED)
			continue;
		if (is_due(s, c->life_end)) {
			say(s, sa, "CHILD_SA %s has lived for as long as it may: it is closed", c->conf->name,
				NULL);
			child_expire(s, c);
			continue;
		}
		if (is_due(s, c->switch_due))
			child_switch(s, c);
		if (is_due(s, c->rekey_due)) {
			c->rekey_due = 0;
			rekey_or_close(s, sa, c);
		}
	}
	list_each (n, &sa->children)
		idle |= is_due(s, node_owner(n, struct child, of_sa)->inactive_due);
	list_each_safe (n, &sa->late)
		if (is_due(s, node_owner(n, struct child, of_sa)->late_end))
			child_late_end(s, node_owner(n, struct child, of_sa));
	if (!idle)
		return;
	list_each (n, &sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		/* Not again before the answer, unless there is none. */
		c->inactive_due = c->inactive_due ? s->now + ASK_TIMEOUT : 0;
	}
	ask_usage(s, sa);
}

/* Neither rekeying nor authentication has succeeded in time: the SA ends, but the peer is told. */
static void overdue(struct step *s, struct sa *sa)
{
	sa->core.life_end = 0;
	say(s, sa, "IKE_SA %s has lived for as long as it may: it is closed", sa->core.peer->name,
		"ike-sa-expired");
	task_add(sa, TASK_DELETE_IKE, NULL);
}

uint64_t life_idle(const struct child *c)
{
	return sooner(c->conf->inactivity, (uint64_t)c->sa->core.idle * 1000);
}

static uint64_t last_used(const struct child *c, const struct ike_usage *u)
{
	uint64_t last = u->last_in > u->last_out ? u->last_in : u->last_out;

	return last > c->installed ? last : c->installed;
}

/* The child was last used then: it is closed if that was too long ago. */
static void judge_inactivity(struct step *s, struct sa *sa, struct child *c, const struct ike_usage *u)
{
	uint64_t last = last_used(c, u);

	if (!life_idle(c) || c->state != CHILD_INSTALLED)
		return;
	c->inactive_due = last + life_idle(c);
	if (c->inactive_due > s->now)
		return;
	c->inactive_due = 0;
	if (!c->conf->inactivity || last + c->conf->inactivity > s->now)
		return;
	say(s, sa, "CHILD_SA %s was idle for as long as it may be: it is closed", c->conf->name, NULL);
	child_close(sa, c);
}

/* All of its children are idle for longer than its peer may be. */
static bool is_idle(const struct step *s, const struct sa *sa, const struct ike_answer *answer)
{
	bool idle = sa->core.idle && answer->usage.n;

	for (unsigned i = 0; i < answer->usage.n; i++) {
		const struct ike_usage *u = &answer->usage.v[i];
		const struct child *c = child_find(s->ike, u->child);

		if (c && c->sa == sa)
			idle &= last_used(c, u) + (uint64_t)sa->core.idle * 1000 <= s->now;
	}
	return idle;
}

static void end_idle(struct step *s, struct sa *sa)
{
	sa->core.idle = 0;
	say(s, sa, "IKE_SA %s was idle for as long as its peer may be: it is closed", sa->core.peer->name,
		"ike-sa-idle");
	task_add(sa, TASK_DELETE_IKE, NULL);
}

void life_used(struct step *s, struct sa *sa, const struct ike_answer *answer)
{
	bool idle = is_idle(s, sa, answer);

	for (unsigned i = 0; i < answer->usage.n; i++) {
		const struct ike_usage *u = &answer->usage.v[i];
		struct child *c = child_find(s->ike, u->child);

		if (u->last_in > sa->core.last_in)
			sa->core.last_in = u->last_in;
		if (c && c->sa == sa)
			judge_inactivity(s, sa, c, u);
	}
	if (idle)
		end_idle(s, sa);
	if (sa->core.dpd_due)
		check_liveness(s, sa);
	map_take(&s->ike->asks, sa->core.usage_ask);
	sa->core.usage_ask = 0;
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

bool life_run(struct step *s, struct sa *sa)
{
	struct sa_core *c = &sa->core;

	if (child_overdue(s, sa))
		return false;
	if (is_due(s, c->keepalive_due))
		keep_alive(s, sa);
	if (is_due(s, c->dpd_due))
		check_liveness(s, sa);
	children_due(s, sa);
	if (is_due(s, c->rekey_due)) {
		c->rekey_due = 0;
		task_add(sa, TASK_REKEY_IKE, NULL);
	}
	if (is_due(s, sa->ticket_due)) {
		sa->ticket_due = 0;
		task_add(sa, TASK_TICKET, NULL);
	}
	if (c->state == S_UP && is_due(s, c->reauth_due)) {
		c->reauth_due = 0;
		revive_reauth(s, sa);
	}
	if (is_due(s, c->life_end) && !sa->up) {
		/* One that never took over is the redundant one of two. Who made it has had the time to
		 * delete it, or has forgotten it before the answer came. */
		sa_abandon(s, sa);
		return false;
	}
	if (is_due(s, c->life_end))
		overdue(s, sa);
	return true;
}
