/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands, and who waits for what. A command ends when everything it waits for has ended; a client that
 * leaves cancels nothing. */
#include "ike/begin.h"
#include "ike/child.h"
#include "ike/conf.h"
#include "ike/life.h"
#include "ike/redirect.h"
#include "ike/revive.h"
#include "ike/step.h"
#include "ike/task.h"
#include "ike/trap.h"
#include "ike/want.h"

#include <stdlib.h>

static struct command *command_new(struct ike *ike, const struct ike_command *c)
{
	struct command *command = calloc(1, sizeof *command);

	if (!command)
		abort();
	command->ticket = c->ticket;
	command->kind = c->kind;
	list_append(&ike->commands, &command->of_ike);
	return command;
}

static void command_done(struct step *s, struct command *c, bool success, const struct why *why)
{
	struct why *copy = ARENA_NEW(s->scratch, struct why);
	struct ike_tell *t;

	if (c->ticket) {
		t = tell_new(s, TELL_DONE);
		t->tickets = memcpy(ARENA_NEW(s->scratch, uint32_t), &c->ticket, sizeof c->ticket);
		t->n_tickets = 1;
		t->success = success;
		t->matches = c->matches;
		t->terminated = c->terminated;
		if (!success && why)
			*copy = why_copy(s->scratch, why);
		t->why = success ? NULL : copy;
	}
	list_remove(&c->of_ike);
	free(c);
}

/* One of the things C waits for has ended. The first failure ends a command. */
static void command_step(struct step *s, struct command *c, bool success, const struct why *why)
{
	c->left--;
	if (!success)
		c->failed = true;
	c->terminated += success && c->kind == COMMAND_DOWN;
	if (!c->left)
		command_done(s, c, !c->failed, success ? NULL : why);
}

static void wait_add(struct command *c, struct node *waits)
{
	struct wait *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	w->command = c;
	c->matches++;
	c->left++;
	list_append(waits, &w->of_object);
}

static void waits_end(
	struct step *s, struct node *waits, enum ike_command_kind kind, bool success, const struct why *why)
{
	list_each_safe (n, waits) {
		struct wait *w = node_owner(n, struct wait, of_object);

		if (w->command->kind != kind)
			continue;
		list_remove(n);
		command_step(s, w->command, success, why);
		free(w);
	}
}

void waits_up(struct step *s, struct node *waits, bool success, const struct why *why)
{
	waits_end(s, waits, COMMAND_UP, success, why);
}

void waits_gone(struct step *s, struct node *waits, const struct why *why)
{
	static const struct why deleted = { .what = "it was deleted before it was up" };

	waits_end(s, waits, COMMAND_UP, false, why ? why : &deleted);
	waits_end(s, waits, COMMAND_DOWN, true, NULL);
}

void waits_move_up(struct node *from, struct node *to)
{
	list_each_safe (n, from)
		if (node_owner(n, struct wait, of_object)->command->kind == COMMAND_UP) {
			list_remove(n);
			list_append(to, n);
		}
}

void waits_free(struct node *waits)
{
	list_each_safe (n, waits)
		free(node_owner(n, struct wait, of_object));
	list_init(waits);
}

unsigned waits_tickets(const struct node *waits, uint32_t *out, unsigned max)
{
	unsigned n = 0;

	for (const struct node *w = waits->next; w != waits && n < max; w = w->next) {
		uint32_t ticket = node_owner(w, struct wait, of_object)->command->ticket;

		if (ticket)
			out[n++] = ticket;
	}
	return n;
}

bool waits_have(const struct node *waits, uint32_t ticket)
{
	for (const struct node *w = waits->next; w != waits; w = w->next)
		if (node_owner(w, struct wait, of_object)->command->ticket == ticket)
			return true;
	return false;
}

/* ---------------------------------------------------------------------- up */

/* Whether our delete of SA waits or is under way. */
static bool deletes_itself(const struct sa *sa)
{
	list_each (n, (struct node *)&sa->tasks)
		if (node_owner(n, struct task, of_sa)->kind == TASK_DELETE_IKE)
			return true;
	return false;
}

/* The state of CONF's child: standing, under way (then *WAITS is where to wait), or neither. */
enum presence { ABSENT, UNDER_WAY, STANDING };

/* What SA, an initiator's, is set up for; NULL when it is up. */
static const struct child_conf *first_child(const struct sa *sa)
{
	return sa->core.initiator ? sa->handshake->x.child : NULL;
}

static enum presence presence_in(struct sa *sa, const struct child_conf *conf, struct node **waits)
{
	struct task *t = task_creating(sa, conf, 0);

	list_each (m, &sa->children) {
		struct child *c = node_owner(m, struct child, of_sa);

		*waits = &c->waits;
		if (c->state != CHILD_DELETING && !c->redundant && !c->resource &&
			child_conf_same(c->conf, conf))
			return c->state == CHILD_INSTALLED ? STANDING : UNDER_WAY;
	}
	if (t) {
		*waits = &t->waits;
		return UNDER_WAY;
	}
	*waits = &sa->waits;
	return first_child(sa) && child_conf_same(first_child(sa), conf) ? UNDER_WAY : ABSENT;
}

static bool is_alive(const struct sa *sa)
{
	bool waits = sa->core.state == S_UP && !sa->up; /* to take the place of another, perhaps */

	return !waits && sa->core.state != S_REKEYED && sa->core.state < S_DELETING && !deletes_itself(sa);
}

static bool host_fits(const struct ip *wanted, const struct ip *is)
{
	return !wanted->v || ip_eq(wanted, is);
}

static bool is_between(const struct sa *sa, const struct hosts *hosts)
{
	const struct path *p = &sa->core.path;

	return !hosts || (host_fits(&hosts->local, &p->local.ip) && host_fits(&hosts->remote, &p->remote.ip));
}

static enum presence child_presence(
	struct ike *ike, const struct child_conf *conf, const struct hosts *hosts, struct node **waits)
{
	const struct conn *c = conn_find(ike, conf->peer->name);
	enum presence p = ABSENT;

	for (struct node *n = c ? c->sas.next : NULL; n && n != &c->sas && p == ABSENT; n = n->next) {
		struct sa *sa = node_owner(n, struct sa, of_conn);

		if (is_alive(sa) && is_between(sa, hosts))
			p = presence_in(sa, conf, waits);
	}
	return p;
}

/* An IKE_SA of CONF's connection on which its child can be made: one that is up, or that we are setting up.
 */
static struct sa *sa_for(struct ike *ike, const struct child_conf *conf, const struct hosts *hosts)
{
	const struct conn *c = conn_find(ike, conf->peer->name);

	for (struct node *n = c ? c->sas.next : NULL; n && n != &c->sas; n = n->next) {
		struct sa *sa = node_owner(n, struct sa, of_conn);

		if (is_alive(sa) && is_between(sa, hosts) && (sa->core.state == S_UP || sa->core.initiator))
			return sa;
	}
	return NULL;
}

static struct node *child_start_on(struct step *s, struct sa *sa, const struct child_conf *conf,
	const struct ts *local, const struct ts *remote)
{
	struct node *waits = task_create(sa, conf, local, remote);

	task_next(s, sa);
	sa_rearm(s->ike, sa);
	return waits;
}

struct node *child_start(
	struct step *s, const struct child_conf *conf, const struct ts *local, const struct ts *remote)
{
	struct sa *sa = sa_for(s->ike, conf, NULL);

	return sa ? child_start_on(s, sa, conf, local, remote)
		  : &init_start(s, conf, local, remote, NULL)->waits;
}

bool child_absent(struct ike *ike, const struct child_conf *conf)
{
	struct node *waits;

	return child_presence(ike, conf, NULL, &waits) == ABSENT;
}

bool child_stands(struct ike *ike, const struct child_conf *conf)
{
	struct node *waits;

	return child_presence(ike, conf, NULL, &waits) == STANDING;
}

/* Whether so many IKE_SAs are being set up, by whomever, or so much waits for answers, that somebody who
 * minds does not begin another one. */
static bool too_many_begun(const struct ike *ike)
{
	const struct settings *set = &ike->settings;

	return (set->init_limit_half_open && ike->begun >= set->init_limit_half_open) ||
	       (set->init_limit_job_load && ike->asks.count >= set->init_limit_job_load);
}

/* WHY gets the reason where CONF cannot be begun from here. */
static void child_up(struct step *s, struct command *command, const struct child_conf *conf,
	const struct hosts *hosts, struct why *why)
{
	const char *never = begin_never(conf->peer);
	struct node *waits;
	struct sa *sa;

	switch (child_presence(s->ike, conf, hosts, &waits)) {
	case STANDING: command->matches++; return;
	case UNDER_WAY: wait_add(command, waits); return;
	case ABSENT: break;
	}
	sa = sa_for(s->ike, conf, hosts);
	if (!sa && never) {
		command->failed = true;
		*why = begin_refusal(conf->peer, never, s->scratch);
		return;
	}
	wait_add(command, sa ? child_start_on(s, sa, conf, NULL, NULL)
			     : &init_start(s, conf, NULL, NULL, hosts)->waits);
}

/* A command ends when nothing is left; up() and down() hold one more while they look for what it means. */

static bool named(const char *wanted, const char *name)
{
	return !wanted || !strcmp(wanted, name);
}

/* A child's own name, or that of all the pairs that it is one of. */
static bool child_named(const char *wanted, const struct child_conf *c)
{
	return named(wanted, c->name) || named(wanted, c->group);
}

/* A child that C means and for which an IKE_SA would have to be begun, or NULL. */
static const struct child_conf *needs_ike_sa(struct ike *ike, const struct ike_command *c)
{
	struct node *waits;

	list_each (n, &ike->conns) {
		const struct peer *p = node_owner(n, struct conn, of_ike)->peer;

		for (unsigned k = 0; named(c->ike, p->name) && k < p->n_children; k++) {
			const struct child_conf *conf = &p->children[k];

			if (child_named(c->child, conf) && !sa_for(ike, conf, &c->hosts) &&
				child_presence(ike, conf, &c->hosts, &waits) == ABSENT)
				return conf;
		}
	}
	return NULL;
}

/* True after C was refused for the limits that it asks for. */
static bool beyond_limits(struct step *s, struct command *command, const struct ike_command *c)
{
	const struct child_conf *conf = c->limits && too_many_begun(s->ike) ? needs_ike_sa(s->ike, c) : NULL;
	struct why why = { 0 };

	if (!conf)
		return false;
	why.what = arena_printf(s->scratch,
		"establishing CHILD_SA '%s' not possible at the moment due to limits", conf->name);
	why.configured = arena_printf(s->scratch,
		"init_limit_half_open = %u and init_limit_job_load = %u in the section daemon",
		s->ike->settings.init_limit_half_open, s->ike->settings.init_limit_job_load);
	command_done(s, command, false, &why);
	return true;
}

static void up(struct step *s, struct command *command, const struct ike_command *c)
{
	struct why why = { .what = arena_printf(s->scratch, "%s config '%s' not found",
				   c->child ? "CHILD_SA" : "IKE_SA", c->child ? c->child : c->ike) };

	if (beyond_limits(s, command, c))
		return;
	command->left++;
	list_each (n, &s->ike->conns) {
		const struct peer *p = node_owner(n, struct conn, of_ike)->peer;

		for (unsigned k = 0; named(c->ike, p->name) && k < p->n_children; k++) {
			if (!child_named(c->child, &p->children[k]))
				continue;
			if (p->children[k].keep)
				want_add(s, &p->children[k], WANT_KEPT);
			child_up(s, command, &p->children[k], &c->hosts, &why);
		}
	}
	if (!--command->left)
		command_done(s, command, command->matches && !command->failed, &why);
}

/* -------------------------------------------------------------------- down */

static void sa_delete(struct step *s, struct sa *sa, bool force)
{
	sa->core.again = false;
	if (sa->core.state == S_UP && !force) {
		task_add(sa, TASK_DELETE_IKE, NULL);
		task_next(s, sa);
		return;
	}
	if (sa->core.state != S_DELETING || force)
		sa_abandon(s, sa);
}

/* A child that an exchange is just making is deleted when it is made, also by force: the peer waits for it.
 */
static bool being_made(const struct child *c)
{
	const struct sa *sa = c->sa;

	return (sa->ours->kind && sa->ours->made == c->id) ||
	       (sa->theirs->kind && sa->theirs->made == c->id) || sa->core.state == S_R_INSTALL;
}

static void child_delete(struct step *s, struct child *c, bool force)
{
	struct sa *sa = c->sa;
	struct draft d;

	if (sa->task && sa->task->kind == TASK_REKEY_CHILD && sa->task->child == c->id)
		sa->task->unwanted = true;
	if (c->state == CHILD_DELETING && !force)
		return;
	draft_open(&d, s, sa);
	if (!force || being_made(c)) {
		child_close(sa, c);
	} else {
		task_add(sa, TASK_DELETE_CHILD, c);
		draft_edit(&d, CHILD_REMOVED, c, CHILD_DELETING);
	}
	draft_close(&d, DRAFT_COMMIT);
}

static bool child_meant(const struct child *child, const struct ike_command *c)
{
	return child_named(c->child, child->conf) && (!c->child_id || c->child_id == child->id) &&
	       !(child->successor && child->state == CHILD_DELETING);
}

static bool task_meant(const struct task *t, const struct ike_command *c)
{
	return t && t->kind == TASK_CREATE_CHILD && c->child && child_named(c->child, t->conf);
}

/* A child that is yet to be asked for is not asked for; one that the peer may have made already is deleted
 * when its answer comes. */
static void tasks_cancel(struct step *s, struct command *command, struct sa *sa, const struct ike_command *c)
{
	list_each_safe (n, &sa->tasks)
		if (task_meant(node_owner(n, struct task, of_sa), c))
			task_free(s, node_owner(n, struct task, of_sa), NULL);
	if (task_meant(sa->task, c) && !sa->ours->made) {
		sa->task->unwanted = true;
		wait_add(command, &sa->task->waits);
	}
}

/* Children are meant when one is named; else the whole IKE_SA is. */
static void down_in(struct step *s, struct command *command, struct sa *sa, const struct ike_command *c)
{
	bool whole = !c->child && !c->child_id;

	/* A new one that may take the place of another gets what that one has to do; or it is redundant. */
	if (sa->core.state == S_UP && !sa->up && !c->force)
		return;
	if (whole) {
		wait_add(command, &sa->waits);
		sa_delete(s, sa, c->force);
		return;
	}
	list_each_safe (n, &sa->children) {
		struct child *child = node_owner(n, struct child, of_sa);

		if (!child_meant(child, c))
			continue;
		wait_add(command, &child->waits);
		child_delete(s, child, c->force);
	}
	tasks_cancel(s, command, sa, c);
	/* One that is only being set up goes with its IKE_SA. */
	if (first_child(sa) && c->child && child_named(c->child, first_child(sa))) {
		wait_add(command, &sa->waits);
		sa_delete(s, sa, c->force);
	}
}

/* What a person takes down stays down. */
static void stop_wanting(struct ike *ike, const struct ike_command *c)
{
	list_each (n, &ike->conns) {
		const struct peer *p = node_owner(n, struct conn, of_ike)->peer;

		for (unsigned k = 0; named(c->ike, p->name) && k < p->n_children; k++)
			if (!c->ike_id && !c->child_id && child_named(c->child, &p->children[k]))
				want_stop(ike, &p->children[k]);
	}
}

static void down(struct step *s, struct command *command, const struct ike_command *c)
{
	static const struct why nothing = { .what = "no matching SAs to terminate found" };

	command->left++;
	stop_wanting(s->ike, c);
	list_each_safe (n, &s->ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state != S_LINGER && named(c->ike, sa->core.peer->name) &&
			(!c->ike_id || c->ike_id == sa->id))
			down_in(s, command, sa, c);
	}
	if (!--command->left)
		command_done(s, command, command->matches, &nothing);
}

/* Whether SA has, or is to have, CONF's child; or another one. */
static bool has_child(const struct sa *sa, const struct child_conf *conf, bool other)
{
	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		if (child_conf_same(c->conf, conf) != other && !(other && c->state == CHILD_DELETING))
			return true;
	}
	list_each (n, (struct node *)&sa->tasks) {
		const struct task *t = node_owner(n, struct task, of_sa);

		if (t->kind == TASK_CREATE_CHILD && child_conf_same(t->conf, conf) != other)
			return true;
	}
	if (sa->task && sa->task->kind == TASK_CREATE_CHILD && child_conf_same(sa->task->conf, conf) != other)
		return true;
	return first_child(sa) && child_conf_same(first_child(sa), conf) != other;
}

void child_undo(struct step *s, struct conn *conn, const struct child_conf *conf)
{
	list_each_safe (n, &conn->sas) {
		struct sa *sa = node_owner(n, struct sa, of_conn);
		struct ike_command c = { .kind = COMMAND_DOWN };
		struct command *command;

		if (sa->core.state == S_LINGER || !has_child(sa, conf, false))
			continue;
		c.child = has_child(sa, conf, true) ? conf->name : NULL;
		command = command_new(s->ike, &c);
		command->left++;
		down_in(s, command, sa, &c);
		if (!--command->left)
			command_done(s, command, true, NULL);
	}
}

/* ------------------------------------------------------------------- rekey */

static void rekey_in(struct step *s, struct command *command, struct sa *sa, const struct ike_command *c)
{
	bool whole = !c->child && !c->child_id;

	if (whole) {
		command->matches++;
		if (!c->reauth)
			task_add(sa, TASK_REKEY_IKE, NULL);
		else if (!revive_under_way(s->ike, sa))
			sa->core.reauth_due = s->now;
	}
	list_each (n, &sa->children) {
		const struct child *child = node_owner(n, struct child, of_sa);

		if (whole || !child_meant(child, c) || child->state != CHILD_INSTALLED || child->successor)
			continue;
		command->matches++;
		task_add(sa, TASK_REKEY_CHILD, child);
	}
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

/* It is begun, and who gave the command does not wait for its end, as with strongSwan. */
static void rekey(struct step *s, struct command *command, const struct ike_command *c)
{
	static const struct why nothing = { .what = "no matching SAs to rekey found" };
	static const struct why not_ours = {
		.what = "the peer has begun the IKE_SA, so it is the peer that authenticates anew",
		.instead = "the same command there",
	};
	bool whole = !c->child && !c->child_id, of_peer = false;

	list_each_safe (n, &s->ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		if (!sa->up || sa->core.state != S_UP || !named(c->ike, sa->core.peer->name) ||
			(c->ike_id && c->ike_id != sa->id))
			continue;
		if (whole && c->reauth && !sa->core.began)
			of_peer = true;
		else
			rekey_in(s, command, sa, c);
	}
	command_done(s, command, command->matches, of_peer ? &not_ours : &nothing);
}

/* ----------------------------------------------------------------- policies */

static const struct child_conf *first_meant(const struct ike *ike, const struct ike_command *c)
{
	list_each (n, (struct node *)&ike->conns) {
		const struct peer *p = node_owner(n, struct conn, of_ike)->peer;

		for (unsigned k = 0; named(c->ike, p->name) && k < p->n_children; k++)
			if (child_named(c->child, &p->children[k]))
				return &p->children[k];
	}
	return NULL;
}

/* It is begun: where the ends of the tunnel are has to be found out first. */
static void trap(struct step *s, struct command *command, const struct ike_command *c)
{
	const struct child_conf *conf = first_meant(s->ike, c);
	bool set = c->kind == COMMAND_TRAP;
	struct why why = { .what = set ? "configuration name not found"
				       : arena_printf(s->scratch, "policy '%s' not found", c->child) };

	command_done(s, command, conf && trap_command(s, conf, set), &why);
}

/* It is begun: that the peer leaves is its business, and takes time. */
static void redirect(struct step *s, struct command *command, const struct ike_command *c)
{
	struct why why;

	redirect_command(s, c, &command->matches, &why);
	command_done(s, command, !why.what, &why);
}

/* It is done at once; that the peer hears of it takes time. */
static void limit(struct step *s, struct command *command, const struct ike_command *c)
{
	static const struct why none = { .what = "no matching SAs to limit found" };

	list_each_safe (n, &s->ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->id != c->ike_id || sa->core.state != S_UP || sa->core.began)
			continue;
		command->matches++;
		life_limit(s, sa, c->seconds);
	}
	command_done(s, command, command->matches, &none);
}

void command_run(struct step *s, const struct ike_command *c)
{
	struct command *command = command_new(s->ike, c);

	switch (c->kind) {
	case COMMAND_UP: up(s, command, c); break;
	case COMMAND_DOWN: down(s, command, c); break;
	case COMMAND_REKEY: rekey(s, command, c); break;
	case COMMAND_REDIRECT: redirect(s, command, c); break;
	case COMMAND_LIMIT: limit(s, command, c); break;
	case COMMAND_TRAP:
	case COMMAND_UNTRAP: trap(s, command, c); break;
	}
}
