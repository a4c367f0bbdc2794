/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a CHILD_SA: made with its keys, installed in three parts, ended. */
#include "ike/child.h"

#include "ike/auth.h"
#include "ike/keys.h"
#include "ike/task.h"
#include "ike/trap.h"

#include <stdlib.h>

struct tss child_local_ts(const struct draft *d, const struct child_conf *conf)
{
	return tss_resolve(conf->local, &d->core.path.local.ip, d->step->scratch);
}

struct tss child_remote_ts(const struct draft *d, const struct child_conf *conf)
{
	return tss_resolve(conf->remote, &d->core.path.remote.ip, d->step->scratch);
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

static void install_sa(struct draft *d, struct child *c, bool inbound, struct bytes e, struct bytes a)
{
	struct ike_action *action = draft_action(d, ACTION_SA_ADD);

	action->ticket = c->tickets[inbound ? 0 : 1] = step_id(d->step->ike);
	action->sa_add = (struct sa_spec){
		.spi = inbound ? c->spi_in : c->spi_out,
		.inbound = inbound,
		.child = c->id,
		.policy = c->policy,
		.suite = c->suite,
		.encr_key = e,
		.integ_key = a,
		.encap = c->encap,
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
		.local_ts = c->local_ts,
		.remote_ts = c->remote_ts,
		.local = d->core.path.local.ip,
		.remote = d->core.path.remote.ip,
		.conf = c->conf,
	};
}

static struct child *child_new(struct draft *d, const struct child_deal *deal)
{
	struct ike *ike = d->step->ike;
	struct child *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	list_init(&c->of_sa);
	list_init(&c->waits);
	c->id = step_id(ike);
	c->policy = step_id(ike);
	c->reqid = trap_reqid(ike, deal->conf);
	c->conf = deal->conf;
	peer_ref(deal->conf->peer);
	c->spi_in = deal->spi_in;
	c->spi_out = deal->spi_out;
	c->suite = deal->suite;
	c->encap = d->core.encap && deal->conf->peer->encap != ENCAP_NO;
	c->local_ts = tss_copy(&c->arena, deal->local_ts);
	c->remote_ts = tss_copy(&c->arena, deal->remote_ts);
	return c;
}

bool child_make(struct draft *d, const struct child_deal *deal)
{
	struct child_keys k;
	struct child *c;

	if (map_get(&d->step->ike->spis, deal->spi_in) ||
		keys_child(&d->core, &deal->suite, d->hs.nonce_i, d->hs.nonce_r, d->step->scratch, &k))
		return false;
	c = child_new(d, deal);
	install_sa(d, c, true, deal->initiator ? k.e_r : k.e_i, deal->initiator ? k.a_r : k.a_i);
	install_sa(d, c, false, deal->initiator ? k.e_i : k.e_r, deal->initiator ? k.a_i : k.a_r);
	install_policy(d, c);
	c->ask_deadline = d->step->now + ASK_TIMEOUT;
	draft_edit(d, CHILD_ADDED, c, CHILD_INSTALLING);
	d->hs.first_child = c->id;
	return true;
}

void child_free(struct ike *ike, struct child *c)
{
	list_remove(&c->of_sa);
	waits_free(&c->waits);
	peer_part(ike, c->conf->peer);
	arena_free(&c->arena);
	free(c);
}

static bool installed(const struct child *c)
{
	return !c->tickets[0] && !c->tickets[1] && !c->tickets[2];
}

void child_answered(struct step *s, struct child *c, const struct ike_answer *answer)
{
	struct sa *sa = c->sa;
	struct draft d;

	map_take(&s->ike->installs, answer->ticket);
	for (unsigned i = 0; i < ARRAY_SIZE(c->tickets); i++)
		if (c->tickets[i] == answer->ticket)
			c->tickets[i] = 0;
	if (!answer->result && !installed(c))
		return;
	draft_open(&d, s, sa);
	if (answer->result) {
		d.why = answer->why;
		if (!d.why.what)
			d.why.what = "the data path refused to install the CHILD_SA";
	}
	if (sa->core.state == S_R_INSTALL) {
		draft_close(&d, auth_installed(&d, c, !answer->result));
		return;
	}
	if (answer->result) {
		tell_refused(s, c->conf->peer->name, sa, &d.why);
		task_add(sa, TASK_DELETE_CHILD, c);
	}
	draft_edit(&d, answer->result ? CHILD_REMOVED : CHILD_STATE, c, CHILD_INSTALLED);
	draft_close(&d, DRAFT_COMMIT);
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

void child_set(struct step *s, struct child *c, enum child_state state)
{
	struct ike_action *select;

	c->state = state;
	if (state != CHILD_INSTALLED)
		return;
	c->installed = s->now;
	select = step_action(s, ACTION_SA_SELECT);
	select->sa_select.policy = c->policy;
	select->sa_select.child = c->id;
	tell_sa(s, TELL_CHILD_UP, c->sa, c);
	waits_up(s, &c->waits, true, NULL);
}

static void uninstall(struct step *s, const struct child *c)
{
	for (int inbound = 0; inbound < 2; inbound++) {
		struct ike_action *del = step_action(s, ACTION_SA_DEL);

		del->sa_del.child = c->id;
		del->sa_del.inbound = inbound;
	}
	step_action(s, ACTION_POLICY_DEL)->policy_del.policy = c->policy;
}

void child_end(struct step *s, struct child *c, const struct why *why)
{
	struct ike *ike = s->ike;

	uninstall(s, c);
	if (c->installed)
		tell_sa(s, TELL_CHILD_DOWN, c->sa, c);
	waits_gone(s, &c->waits, why);
	map_take(&ike->children, c->id);
	map_take(&ike->spis, c->spi_in);
	for (unsigned i = 0; i < ARRAY_SIZE(c->tickets); i++)
		map_take(&ike->installs, c->tickets[i]);
	child_free(ike, c);
}
