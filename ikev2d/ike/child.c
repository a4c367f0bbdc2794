/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a CHILD_SA: made with its keys, installed in three parts, ended. */
#include "ike/child.h"

#include "ike/auth.h"
#include "ike/cfg.h"
#include "ike/conf.h"
#include "ike/create.h"
#include "ike/keys.h"
#include "ike/life.h"
#include "ike/marks.h"
#include "ike/negotiate.h"
#include "ike/resource.h"
#include "ike/task.h"
#include "ike/trap.h"
#include "ike/twin.h"
#include "ike/want.h"

#include <stdlib.h>

struct tss child_local_ts(const struct draft *d, const struct child_conf *conf)
{
	return tss_resolve_all(conf->local, cfg_ends(d, true), d->step->scratch);
}

struct tss child_remote_ts(const struct draft *d, const struct child_conf *conf)
{
	return tss_resolve_all(conf->remote, cfg_ends(d, false), d->step->scratch);
}

struct child *child_find(const struct ike *ike, uint32_t id)
{
	struct child *c = id ? map_get(&ike->children, id) : NULL;

	return c && c->state != CHILD_LATE ? c : NULL;
}

struct child *child_by_spi(const struct sa *sa, uint32_t spi, bool inbound)
{
	list_each (n, &sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		if ((inbound ? c->spi_in : c->spi_out) == spi)
			return c;
	}
	return NULL;
}

static uint32_t padding_of(const struct child *c, bool inbound)
{
	return inbound || c->unpadded || c->mode != MODE_TUNNEL ? 0 : c->conf->tfc_padding;
}

static void install_sa(struct draft *d, struct child *c, bool inbound, struct bytes e, struct bytes a)
{
	struct ike_action *action = draft_action(d, ACTION_SA_ADD);

	action->ticket = c->tickets[inbound ? 0 : 1] = step_id(d->step->ike);
	action->sa_add = (struct sa_spec){
		.spi = inbound ? c->spi_in : c->spi_out,
		.inbound = inbound,
		.child = c->id,
		.policy = c->policy,
		.reqid = c->reqid,
		.awaited = inbound && !c->by_us,
		.per_cpu = c->per_cpu,
		.resource = c->resource,
		.patient = !inbound && c->per_cpu && !c->by_us && (c->replaces || c->resource),
		.marks = c->marks,
		.mode = c->mode,
		.suite = c->suite,
		.encr_key = e,
		.integ_key = a,
		.encap = c->encap,
		.tcp = d->core.path.tcp,
		.tfc_padding = padding_of(c, inbound),
		.whole = !inbound && c->mode == MODE_IPTFS && c->whole,
		.local = d->core.path.local,
		.remote = d->core.path.remote,
		.local_ts = c->local_ts,
		.remote_ts = c->remote_ts,
		.conf = c->conf,
	};
}

static void install_policy(struct draft *d, struct child *c)
{
	struct ike_action *action = draft_action(d, ACTION_POLICY_ADD);

	action->ticket = c->tickets[2] = step_id(d->step->ike);
	action->policy_add = (struct policy_spec){
		.id = c->policy,
		.reqid = c->reqid,
		.per_cpu = c->per_cpu,
		.protocol = c->suite.protocol,
		.mode = c->mode,
		.local_ts = c->local_ts,
		.remote_ts = c->remote_ts,
		.local = d->core.path.local.ip,
		.remote = d->core.path.remote.ip,
		.marks = c->marks,
		.conf = c->conf,
	};
}

/* The child that X replaces, or NULL. */
static struct child *replaced(const struct draft *d, const struct negotiation *x)
{
	return x->kind == N_REKEY_CHILD ? child_find(d->step->ike, x->old) : NULL;
}

static bool same_packets(const struct child *a, const struct child *b)
{
	return tss_eq(a->local_ts, b->local_ts) && tss_eq(a->remote_ts, b->remote_ts);
}

/* Whether a child of CONF and SUITE goes in UDP, for which AH has no form (RFC 3948, 1), or in TCP. */
static bool in_udp(const struct sa_core *core, const struct child_conf *conf, const struct suite *suite)
{
	return suite->protocol != PROTO_AH &&
	       (core->path.tcp || (core->encap && conf->peer->encap != ENCAP_NO));
}

/* The same packets in the same mode: one policy, which each of them may send for. */
static bool one_policy(const struct child *c, const struct child *other)
{
	return other && other->mode == c->mode && other->per_cpu == c->per_cpu && same_packets(other, c);
}

/* What a new one has of the one it replaces, and in common with those that carry the same packets for CPUs.
 */
static void join_kin(struct draft *d, struct child *c, const struct child *old, const struct child *kin)
{
	const struct child *like = old ? old : kin;

	c->reqid = like ? like->reqid : trap_reqid(d->step->ike, c->conf);
	if (like)
		c->marks = like->marks;
	else if (!trap_marks(d->step->ike, c->conf, &c->marks))
		c->marks = marks_of_child(d, c->conf);
	c->replaces = old ? old->id : 0;
	c->policy = one_policy(c, old)   ? old->policy
		    : one_policy(c, kin) ? kin->policy
					 : step_id(d->step->ike);
}

static struct child *child_new(struct draft *d, const struct negotiation *x)
{
	const struct child *old = replaced(d, x);
	bool wanted = x->child->per_cpu_sas != PER_CPU_NO;
	struct ike *ike = d->step->ike;
	struct child *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	list_init(&c->of_sa);
	ring_init(&c->of_twins);
	ring_init(&c->of_neighbours);
	ring_init(&c->of_policy);
	list_init(&c->waits);
	c->id = step_id(ike);
	c->conf = x->child;
	peer_ref(c->conf->peer);
	c->spi_in = x->spi;
	c->spi_out = x->spi_out;
	c->suite = x->suite;
	c->post_quantum = d->core.post_quantum || suite_post_quantum(&x->suite);
	c->mode = x->mode;
	c->unpadded = x->unpadded;
	c->whole = x->whole;
	c->encap = in_udp(&d->core, c->conf, &c->suite);
	arena_expect(&c->arena, arena_octets(x->local_ts.n * sizeof *x->local_ts.v) +
					arena_octets(x->remote_ts.n * sizeof *x->remote_ts.v));
	c->local_ts = tss_copy(&c->arena, x->local_ts);
	c->remote_ts = tss_copy(&c->arena, x->remote_ts);
	c->per_cpu = wanted && (old ? old->per_cpu : x->per_cpu);
	c->resource = !c->per_cpu ? 0 : old ? old->resource : x->resource;
	join_kin(d, c, old, resource_kin(d->sa, c));
	return c;
}

/* Whether OTHER sends, or may send, what C does. */
static bool same_sender(const struct child *other, const struct child *c)
{
	return other->policy == c->policy && other->resource == c->resource;
}

/* Another child of the same IKE_SA whose policy this is too; SENDING: and that sends what C is to send. */
static const struct child *policy_sharer(const struct child *c, bool sending)
{
	list_each (n, &c->sa->children) {
		const struct child *other = node_owner(n, struct child, of_sa);

		if (other != c && other->policy == c->policy &&
			(!sending || (other->selected && same_sender(other, c))))
			return other;
	}
	return NULL;
}

/* Whether another child of the same configuration sends what C, for a CPU or in the place of OLD (NULL:
 * nothing) that was one of several, is to send: by whatever policy, since all are of the same packets. */
static bool kin_sends(const struct child *c, const struct child *old)
{
	bool several = c->resource || (old && old->per_cpu);

	list_each (n, &c->sa->children) {
		const struct child *other = node_owner(n, struct child, of_sa);

		if (several && other != c && other->selected && child_conf_same(other->conf, c->conf))
			return true;
	}
	return false;
}

static bool is_shared(const struct sa *sa, uint32_t policy)
{
	list_each (n, (struct node *)&sa->children)
		if (node_owner(n, struct child, of_sa)->policy == policy)
			return true;
	return false;
}

struct child *child_make(struct draft *d, struct negotiation *x, bool initiator)
{
	const struct secrets secrets = { x->shared, x->more };
	struct child_keys k;
	struct child *c;

	if (map_get(&d->step->ike->spis, x->spi) ||
		keys_child(&d->core, &x->suite, &secrets, x->nonce_i, x->nonce_r, d->step->scratch, &k))
		return NULL;
	c = child_new(d, x);
	c->by_us = initiator;
	install_sa(d, c, true, initiator ? k.e_r : k.e_i, initiator ? k.a_r : k.a_i);
	install_sa(d, c, false, initiator ? k.e_i : k.e_r, initiator ? k.a_i : k.a_r);
	if (!is_shared(d->sa, c->policy))
		install_policy(d, c);
	c->ask_deadline = d->step->now + ASK_TIMEOUT;
	draft_edit(d, CHILD_ADDED, c, CHILD_INSTALLING);
	x->made = c->id;
	return c;
}

void child_free(struct ike *ike, struct child *c)
{
	list_remove(&c->of_sa);
	twin_remove(ike, c);
	resource_remove(ike, c);
	waits_free(&c->waits);
	peer_part(ike, c->conf->peer);
	arena_free(&c->arena);
	free(c);
}

/* Its state once it is installed: what was decided meanwhile stands. */
enum child_state child_settled(const struct child *c)
{
	return c->state == CHILD_DELETING ? CHILD_DELETING : CHILD_INSTALLED;
}

static bool installed(const struct child *c)
{
	return !c->tickets[0] && !c->tickets[1] && !c->tickets[2];
}

/* Whether another one may be had in the place of C, which cannot be installed since somebody else has an SA
 * with its SPI. A rekeying is tried again anyhow, for CPUs packets ask again, and what the peer has asked
 * for, it asks for again. */
static bool may_be_anew(const struct draft *d, const struct child *c)
{
	const struct negotiation *x = &d->ours;

	if (x->kind && x->made == c->id && (x->kind != N_CREATE || !d->sa->task || d->sa->task->unwanted))
		return false;
	return d->core.state == S_UP && c->state == CHILD_INSTALLING && c->by_us && !c->anew &&
	       !c->replaces && !c->resource;
}

static enum verdict ask_anew(struct draft *d, struct child *c)
{
	tell_log(d, "CHD", "CHILD_SA %s is asked for once more, with another SPI: %s", c->conf->name,
		d->why.what);
	draft_edit(d, CHILD_ANEW, c, c->state);
	if (d->ours.kind && d->ours.made == c->id) {
		draft_forget(&d->ours);
		d->task_end = TASK_AGAIN;
	}
	d->why = (struct why){ 0 };
	return DRAFT_COMMIT;
}

/* What is told to the peer of a child whose installation is over depends on the exchange it belongs to. */
static enum verdict child_outcome(struct draft *d, struct child *c, bool success)
{
	if (d->core.state == S_R_INSTALL)
		return auth_installed(d, c, success);
	if (d->theirs.kind && d->theirs.made == c->id)
		return create_answer(d, c, success);
	if (d->ours.kind && d->ours.made == c->id)
		return create_made(d, c, success);
	if (!success) {
		tell_refused(d->step, c->conf->peer->name, d->sa, &d->why);
		d->delete_spi = c->spi_in;
		d->delete_protocol = c->suite.protocol;
	}
	draft_edit(d, success ? CHILD_STATE : CHILD_REMOVED, c, child_settled(c));
	return DRAFT_COMMIT;
}

void child_answered(struct step *s, struct child *c, const struct ike_answer *answer)
{
	bool policy;
	struct draft d;

	policy = c->tickets[2] == answer->ticket;
	map_take(&s->ike->installs, answer->ticket);
	for (unsigned i = 0; i < ARRAY_SIZE(c->tickets); i++)
		if (c->tickets[i] == answer->ticket)
			c->tickets[i] = 0;
	if (!answer->result && !installed(c))
		return;
	draft_open(&d, s, c->sa);
	if (answer->result) {
		d.why = answer->why;
		if (!d.why.what)
			d.why.what = "the data path refused to install the CHILD_SA";
		d.why.alert = policy ? "install-child-policy-failed" : "install-child-sa-failed";
	} else {
		d.refusal = negotiate_too_late(&d, c);
	}
	if (answer->result == ERR_EXISTS && !policy && may_be_anew(&d, c))
		draft_close(&d, ask_anew(&d, c));
	else
		draft_close(&d, child_outcome(&d, c, !answer->result && !d.refusal));
}

bool child_overdue(struct step *s, struct sa *sa)
{
	list_each (n, &sa->children) {
		struct child *c = node_owner(n, struct child, of_sa);

		for (unsigned i = 0; i < ARRAY_SIZE(c->tickets); i++)
			if (c->tickets[i] && c->ask_deadline <= s->now) {
				child_answered(s, c,
					&(struct ike_answer){ .ticket = c->tickets[i],
						.result = ERR_BUSY,
						.why.what = "the data path did not answer in time; see its "
							    "log" });
				return true;
			}
	}
	return false;
}

static void child_select(struct step *s, struct child *c)
{
	struct ike_action *select = step_action(s, ACTION_SA_SELECT);

	select->sa_select.policy = c->policy;
	select->sa_select.child = c->id;
	list_each (n, &c->sa->children) {
		struct child *other = node_owner(n, struct child, of_sa);

		if (!same_sender(other, c))
			continue;
		other->selected = false;
		other->switch_due = 0;
	}
	c->selected = true;
}

void child_used(struct step *s, struct child *c)
{
	if (c->state == CHILD_INSTALLED && !c->selected && !c->successor && !c->redundant)
		child_select(s, c);
}

void child_switch(struct step *s, struct child *c)
{
	c->switch_due = 0;
	if (!c->redundant)
		child_select(s, c);
}

/* The others that replaced the same child have lost: the peer deletes them, and if it does not, we do. */
static void child_won(struct step *s, const struct child *c)
{
	list_each (n, &c->sa->children) {
		struct child *other = node_owner(n, struct child, of_sa);

		if (other == c || other->replaces != c->replaces)
			continue;
		other->redundant = true;
		other->rekey_due = 0;
		other->life_end = s->now + REKEYED_TIME;
	}
}

/* Whether others send what C, which has just replaced OLD (NULL: nothing), is for; in another mode perhaps.
 */
static bool others_send(const struct ike *ike, const struct child *c, const struct child *old)
{
	return policy_sharer(c, true) || twin_sends(ike, c, NULL) ||
	       (old && old->selected && same_packets(old, c));
}

static void child_started(struct step *s, struct child *c)
{
	struct child *old = c->replaces ? child_find(s->ike, c->replaces) : NULL;

	if (old && old->sa != c->sa)
		old = NULL;
	c->installed = s->now;
	c->rekey_due = life_soft(s, c->conf->rekey_time, c->conf->rand_time);
	c->life_end = c->conf->life_time ? s->now + c->conf->life_time : 0;
	c->inactive_due = life_idle(c) ? s->now + life_idle(c) : 0;
	if (old) {
		old->replaced = true;
		old->successor = c->id;
	}
	if (old && c->by_us)
		child_won(s, c);
	/* Who answered goes on as before until the peer uses the new SA or deletes the old one, which may
	 * have another successor by now; the old one may be a twin. */
	if (c->by_us || !(others_send(s->ike, c, old) || kin_sends(c, old)))
		child_select(s, c);
	else if (!policy_sharer(c, true))
		c->switch_due = s->now + SWITCH_TIME;
	if (old)
		tell_rekeyed(s, c, old);
	else
		tell_sa(s, TELL_CHILD_UP, c->sa, c);
	if (old && c->by_us)
		child_close(c->sa, old);
}

/* The redundant one of two never carries anything. */
static void child_lost(struct step *s, struct child *c)
{
	c->redundant = true;
	c->installed = s->now;
	child_close(c->sa, c);
}

void child_close(struct sa *sa, struct child *c)
{
	if (c->state == CHILD_DELETING)
		return;
	c->state = CHILD_DELETING;
	task_add(sa, TASK_DELETE_CHILD, c);
}

void child_set(struct step *s, struct child *c, enum child_state state, bool redundant)
{
	bool fresh = c->state == CHILD_INSTALLING && state == CHILD_INSTALLED;

	c->state = state;
	if (!fresh)
		return;
	twin_add(s->ike, c);
	resource_add(s->ike, c);
	if (redundant)
		child_lost(s, c);
	else if (c->redundant)
		c->installed = s->now; /* of the peer's, which deletes it */
	else
		child_started(s, c);
	if (c->over)
		child_close(c->sa, c);
	else if (c->spent)
		child_outdated(s, c);
	waits_up(s, &c->waits, true, NULL);
	if (!c->resource) {
		trap_up(s->ike, c->conf, c->reqid);
		want_up(s->ike, c->conf);
	}
}

void child_outdated(struct step *s, struct child *c)
{
	if (c->state == CHILD_INSTALLED && !c->successor && !c->redundant)
		c->rekey_due = s->now;
}

void child_move(struct step *s, struct child *c)
{
	struct ike_action *move = step_action(s, ACTION_SA_MOVE);

	c->encap = in_udp(&c->sa->core, c->conf, &c->suite);
	move->sa_move.child = c->id;
	move->sa_move.local = c->sa->core.path.local;
	move->sa_move.remote = c->sa->core.path.remote;
	move->sa_move.encap = c->encap;
	move->sa_move.tcp = c->sa->core.path.tcp;
}

static void uninstall(struct step *s, const struct child *c, bool inbound)
{
	struct ike_action *del = step_action(s, ACTION_SA_DEL);

	del->sa_del.child = c->id;
	del->sa_del.inbound = inbound;
}

/* Who comes after C on its policy: one that stays, else one that is being deleted. */
static struct child *next_on_policy(const struct child *c)
{
	struct child *next = NULL;

	list_each (n, &c->sa->children) {
		struct child *other = node_owner(n, struct child, of_sa);

		if (other == c || !same_sender(other, c) || other->redundant || !other->installed)
			continue;
		if (!next || other->state == CHILD_INSTALLED)
			next = other;
	}
	return next;
}

/* The successor of C that waits to send in another mode, or NULL. */
static struct child *successor_waiting(const struct ike *ike, const struct child *c)
{
	struct child *successor = child_find(ike, c->successor);

	return successor && successor->switch_due ? successor : NULL;
}

/* The next one sends from now on, or a twin that waited for that; the last one takes the policy away. */
static void pass_on_policy(struct step *s, const struct child *c)
{
	struct child *next = next_on_policy(c), *twin = twin_waiting(s->ike, c);

	next = next ? next : successor_waiting(s->ike, c);
	if (c->selected && next)
		child_select(s, next);
	else if (c->selected && twin && !twin_sends(s->ike, twin, c))
		child_select(s, twin);
	if (!policy_sharer(c, false))
		step_action(s, ACTION_POLICY_DEL)->policy_del.policy = c->policy;
}

/* The child that C took the place of, while it is still there; or NULL. */
static struct child *predecessor(const struct child *c)
{
	list_each (n, &c->sa->children) {
		struct child *other = node_owner(n, struct child, of_sa);

		if (other->successor == c->id)
			return other;
	}
	return NULL;
}

/* What C replaced has another successor, if there is one. */
static void unlink_versions(struct child *c)
{
	struct child *heir = NULL, *before = predecessor(c);

	list_each (n, &c->sa->children) {
		struct child *other = node_owner(n, struct child, of_sa);

		if (other != c && c->replaces && other->replaces == c->replaces && !other->redundant &&
			(other->installed || other->state != CHILD_DELETING))
			heir = other;
	}
	if (before)
		before->successor = c->successor ? c->successor : heir ? heir->id : 0;
}

static void child_forget(struct ike *ike, struct child *c)
{
	map_take(&ike->children, c->id);
	map_take(&ike->spis, c->spi_in);
	for (unsigned i = 0; i < ARRAY_SIZE(c->tickets); i++)
		map_take(&ike->installs, c->tickets[i]);
	child_free(ike, c);
}

/* What is configured now for a child that is gone and was not replaced. */
static void child_gone(struct step *s, const struct child_conf *before, enum ending ending)
{
	const struct child_conf *conf = child_conf_in_force(s->ike, before);

	if (!conf)
		return;
	if (ending == END_BY_PEER)
		want_action(s, conf, conf->close_action);
	else if (ending == END_BY_DEATH || ending == END_BY_CRASH)
		want_action(s, conf, conf->dpd_action);
	if (ending == END_BY_CRASH)
		want_now(s, conf);
	else
		want_lost(s, conf);
}

/* Whether what has replaced C carries its packets already. */
static bool goes_on(const struct ike *ike, const struct child *c)
{
	const struct child *successor = child_find(ike, c->successor);

	return successor && successor->installed;
}

/* Packets for C may come up to END; it is kept in SA. */
static void child_keep(struct ike *ike, struct child *c, struct sa *sa, uint64_t end)
{
	c->state = CHILD_LATE;
	c->late_end = end;
	/* It sends no more: no twin waits for it. */
	c->selected = false;
	twin_remove(ike, c);
	resource_remove(ike, c);
	c->sa = sa;
	list_remove(&c->of_sa);
	list_append(&sa->late, &c->of_sa);
	map_put(&ike->spis, c->spi_in, sa);
	sa_rearm(ike, sa);
}

/* Whether one for all CPUs, which may have replaced the general one since there are to be none beside it,
 * carries what C, for a CPU, did: what is under way on that is not lost. */
static bool goes_beside(const struct child *c)
{
	if (!c->resource || !c->installed)
		return false;
	list_each (n, &c->sa->children) {
		const struct child *other = node_owner(n, struct child, of_sa);

		if (!other->resource && other->state == CHILD_INSTALLED && !other->redundant &&
			child_conf_same(other->conf, c->conf))
			return true;
	}
	return false;
}

void child_end(struct step *s, struct child *c, enum ending ending, const struct why *why)
{
	struct child *twin = c->installed ? twin_standing(s->ike, c) : NULL;
	bool last;

	/* What it has replaced, or was to replace, is still there, and goes on. */
	if (predecessor(c) || child_find(s->ike, c->replaces))
		c->redundant = true;
	last = !c->redundant && !goes_on(s->ike, c);
	/* Before its outbound SA goes: no packet finds the policy without one, and the counters can be told.
	 */
	pass_on_policy(s, c);
	if (c->installed && last)
		tell_sa(s, TELL_CHILD_DOWN, c->sa, c);
	uninstall(s, c, false);
	unlink_versions(c);
	waits_gone(s, &c->waits, why);
	if (last && !c->resource)
		child_gone(s, c->conf, ending);
	resource_freed(c);
	if (twin || c->replaced || goes_beside(c))
		child_keep(s->ike, c, twin ? twin->sa : c->sa, s->now + LATE_TIME);
	else
		child_late_end(s, c);
}

void child_expire(struct step *s, struct child *c)
{
	task_add(c->sa, TASK_DELETE_CHILD, c);
	child_end(s, c, END_BY_US, NULL);
}

void child_late_leave(struct step *s, struct child *c)
{
	struct child *twin = twin_standing(s->ike, c);

	if (twin)
		child_keep(s->ike, c, twin->sa, c->late_end);
	else
		child_late_end(s, c);
}

void child_late_end(struct step *s, struct child *c)
{
	uninstall(s, c, true);
	child_forget(s->ike, c);
}
