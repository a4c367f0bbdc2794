/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All timers of the core. One heap holds, for each SA, the earliest of its times:
 *
 *   ask_deadline   a question was not answered: it counts as failed
 *   child's        an installation was not answered: it counts as failed
 *   deadline       half open for too long, or lingering for long enough
 *   window.due     our request was not answered: it is repeated at growing intervals, then given up
 *   keepalive_due  we are behind a NAT: one octet keeps its mapping (RFC 3948, 4)
 *   dpd_due        nothing was heard of the peer: an empty INFORMATIONAL asks whether it lives (RFC
 * 7296, 2.4)
 */
#include "ike/clock.h"

#include "ike/child.h"
#include "ike/task.h"
#include "ike/trap.h"

static void run_cell(struct step *s, struct sa *sa, unsigned column, const struct ike_answer *answer)
{
	struct draft d;

	draft_open(&d, s, sa);
	d.answer = answer;
	draft_close(&d, table_cell(sa->core.state, column)(&d));
}

/* Repeats the request in flight, or gives it up. True when SA may be gone. */
static bool repeat(struct step *s, struct sa *sa)
{
	const struct settings *set = &s->ike->settings;
	struct window *w = &sa->window;
	struct ike_action *a;

	if (w->tries >= set->retransmit_tries) {
		run_cell(s, sa, COLUMN_GIVE_UP, NULL);
		return true;
	}
	w->tries++;
	w->interval = w->interval * set->retransmit_base / 1000;
	if (set->retransmit_limit && w->interval > set->retransmit_limit)
		w->interval = set->retransmit_limit;
	w->due = s->now + step_jitter(s, w->interval);
	a = step_action(s, ACTION_SEND);
	a->send.path = w->request_path;
	a->send.data = arena_bytes(s->scratch, bytes_of(w->request, w->request_n));
	return false;
}

static void keep_alive(struct step *s, struct sa *sa)
{
	step_action(s, ACTION_KEEPALIVE)->send.path = sa->core.path;
	sa->core.keepalive_due = s->now + s->ike->settings.keep_alive;
}

static void check_liveness(struct step *s, struct sa *sa)
{
	uint64_t delay = sa->core.peer->dpd_delay, quiet_until = sa->core.last_in + delay;

	if (quiet_until > s->now) {
		sa->core.dpd_due = quiet_until;
		return;
	}
	sa->core.dpd_due = s->now + delay;
	task_add(sa, TASK_LIVENESS, NULL);
	task_next(s, sa);
}

static void sa_due(struct step *s, struct sa *sa)
{
	const struct sa_core *c = &sa->core;

	if (c->ask && c->ask_deadline <= s->now) {
		run_cell(s, sa, COLUMN_FAILED, &(struct ike_answer){ .ticket = c->ask, .result = ERR_BUSY });
		return;
	}
	if (c->deadline && c->deadline <= s->now) {
		run_cell(s, sa, COLUMN_DEADLINE, NULL);
		return;
	}
	if (child_overdue(s, sa))
		return;
	if (sa->window.request && sa->window.due <= s->now && repeat(s, sa))
		return;
	if (c->keepalive_due && c->keepalive_due <= s->now)
		keep_alive(s, sa);
	if (c->dpd_due && c->dpd_due <= s->now)
		check_liveness(s, sa);
	sa_rearm(s->ike, sa);
}

void clock_run(struct step *s)
{
	struct heap_node *n;

	while ((n = heap_first(&s->ike->timers)) && n->due <= s->now)
		sa_due(s, node_owner(n, struct sa, timer));
	while ((n = heap_first(&s->ike->trap_timers)) && n->due <= s->now)
		trap_due(s, node_owner(n, struct trap, timer));
}
