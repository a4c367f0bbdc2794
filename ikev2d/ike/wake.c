/* SPDX-License-Identifier: GPL-2.0-or-later */
/* After a suspend. */
#include "ike/wake.h"

#include "ike/mobike.h"
#include "ike/move.h"
#include "ike/task.h"
#include "ike/want.h"

/* Whether SA or one of its children may not live any longer. The peer, which was awake, has ended it then. */
static bool is_outlived(const struct step *s, const struct sa *sa)
{
	bool outlived = sa->core.life_end && sa->core.life_end <= s->now;

	list_each (n, (struct node *)&sa->children) {
		const struct child *c = node_owner(n, struct child, of_sa);

		outlived |= c->state == CHILD_INSTALLED && c->life_end && c->life_end <= s->now;
	}
	return outlived;
}

static void renew(struct step *s, struct sa *sa)
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
			renew(s, sa);
		else
			check(s, sa);
	}
	wants_hasten(s);
}
