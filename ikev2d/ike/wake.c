/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a suspend. */
#include "ike/wake.h"

#include "ike/mobike.h"
#include "ike/move.h"
#include "ike/task.h"
#include "ike/want.h"

/* Whether C is to go on as long as it may: it is not just about to go. */
static bool is_lasting(const struct child *c)
{
	return c->state == CHILD_INSTALLED && !c->successor && !c->redundant;
}

/* Whether SA or one of its children may not live any longer. The peer, which was awake, has ended it then. */
static bool is_outlived(const struct step *s, const struct sa *sa)
{
	bool outlived = sa->core.life_end && sa->core.life_end <= s->now;

	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		outlived |= is_lasting(c) && c->life_end && c->life_end <= s->now;
	}
	return outlived;
}

/* SA is set up anew, once there is a way to its peer: who wakes is seldom in a network yet, and an attempt
 * without one would be the last. Until then nobody answers, so that it ends all the same if there is none for
 * long. */
static void mark_outlived(struct sa *sa)
{
	struct sa_core *c = &sa->core;

	c->outlived = true;
	c->life_end = c->rekey_due = c->reauth_due = 0;
	list_each (n, &sa->children) {
		struct child *child = node_owner(n, struct child, of_sa);

		if (is_lasting(child))
			child->life_end = child->rekey_due = 0;
	}
}

void wake_renew(struct step *s, struct sa *sa)
{
	struct draft d;

	draft_open(&d, s, sa);
	tell_log(&d, "IKE", "IKE_SA %s has outlived its time while this machine slept: it is set up anew",
		sa->core.peer->name);
	d.core.again = true;
	draft_close(&d, DRAFT_COMMIT);
	sa_abandon(s, sa);
}

/* The request in flight goes out again, whatever it was; else one that asks for nothing but an answer. */
static void check(struct step *s, struct sa *sa)
{
	bool up = sa->core.state == S_UP;

	sa->window.hasty = up;
	sa->window.cut_off = false;
	if (sa->window.request)
		move_request(s, sa);
	else if (up)
		task_first(sa, TASK_LIVENESS);
	if (up)
		mobike_woken(s, sa);
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

void wake_all(struct step *s)
{
	list_each_safe (n, &s->ike->sas_list) {
		struct sa *sa = node_owner(n, struct sa, of_ike);

		if (sa->core.state == S_UP && sa->core.began && sa->up && is_outlived(s, sa))
			mark_outlived(sa);
		check(s, sa);
	}
	wants_hasten(s);
}
