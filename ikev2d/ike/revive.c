/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels that come back. */
#include "ike/revive.h"

#include "ike/child.h"
#include "ike/conf.h"
#include "ike/task.h"

/* A new IKE_SA with the children of OLD, and the gateway TO if there is one; NULL when OLD has no children.
 */
static struct sa *start_again(struct step *s, struct sa *old, const struct gateway *to)
{
	struct sa *sa = NULL;

	list_each (n, &old->children) {
		const struct child *c = node_owner(n, struct child, of_sa);
		const struct child_conf *conf = child_conf_now(s->ike, c->conf);

		/* Packets ask for those of CPUs again. */
		if (c->state != CHILD_INSTALLED || c->successor || c->redundant || c->resource)
			continue;
		if (!sa && to)
			sa = init_redirected(s, conf, old, to);
		else if (!sa)
			sa = init_start(s, conf, NULL, NULL, &old->core.hosts);
		else if (!child_conf_same(sa->handshake->x.child, conf))
			task_create(sa, conf, NULL, NULL);
	}
	return sa;
}

/* The IKE_SA that is to go in the place of SA, or NULL. */
static struct sa *replacement(const struct ike *ike, const struct sa *sa)
{
	struct sa *fresh = map_get(&ike->sas, sa->reauthenticated_by);

	return fresh && fresh->core.reauthenticates == sa->spi ? fresh : NULL;
}

bool revive_under_way(const struct ike *ike, const struct sa *sa)
{
	return replacement(ike, sa) || sa->core.reauthenticates;
}

static void link_up(struct sa *fresh, struct sa *old)
{
	fresh->core.reauthenticates = old->spi;
	old->reauthenticated_by = fresh->spi;
}

/* The old one goes when the new one is complete. */
static void replace(struct step *s, struct sa *sa, const struct gateway *to)
{
	struct sa *fresh = start_again(s, sa, to);

	if (fresh)
		link_up(fresh, sa);
	else
		task_add(sa, TASK_DELETE_IKE, NULL);
}

void revive_reauth(struct step *s, struct sa *sa)
{
	if (!sa->core.began)
		return;
	/* What is under way may fail, or be what has to be done anew itself. */
	if (revive_under_way(s->ike, sa)) {
		sa->core.reauth_due = s->now + BUSY_TIME;
		return;
	}
	if (!s->ike->settings.make_before_break) {
		sa->core.again = true;
		task_add(sa, TASK_DELETE_IKE, NULL);
		return;
	}
	replace(s, sa, NULL);
}

void revive_moved(struct step *s, struct sa *sa, const struct gateway *to)
{
	if (!revive_under_way(s->ike, sa))
		replace(s, sa, to);
}

void revive_ended(struct step *s, struct sa *sa)
{
	if (sa->core.again)
		(void)start_again(s, sa, NULL);
	sa->core.again = false;
}

void revive_adopted(struct ike *ike, struct sa *from, struct sa *into)
{
	struct sa *old = map_get(&ike->sas, from->core.reauthenticates), *fresh = replacement(ike, from);

	into->core.again |= from->core.again;
	from->core.again = false;
	from->core.reauthenticates = 0;
	if (old)
		link_up(into, old);
	if (fresh)
		link_up(fresh, into);
}

/* Whether all that was asked for with SA is there or has failed. */
static bool complete(const struct sa *sa)
{
	if (sa->core.state != S_UP || sa->ours->kind)
		return false;
	list_each (n, (struct node *)&sa->tasks)
		if (node_owner(n, struct task, of_sa)->kind == TASK_CREATE_CHILD)
			return false;
	list_each (n, (struct node *)&sa->children)
		if (node_owner(n, struct child, of_sa)->state == CHILD_INSTALLING)
			return false;
	return true;
}

void revive_check(struct step *s, struct sa *sa)
{
	struct sa *old;

	if (!sa->core.reauthenticates || !complete(sa))
		return;
	old = map_get(&s->ike->sas, sa->core.reauthenticates);
	sa->core.reauthenticates = 0;
	if (!old || old->core.state != S_UP)
		return;
	task_add(old, TASK_DELETE_IKE, NULL);
	task_next(s, old);
	sa_rearm(s->ike, old);
}
