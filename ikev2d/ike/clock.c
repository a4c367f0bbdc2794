/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All timers of the core. One heap holds, for each SA, the earliest of its times:
 *
 *   ask_deadline   a question was not answered: it counts as failed; each exchange has its own; or the rest
 *                  of the peer's exchange did not come
 *   deadline       half open for too long, replaced and not deleted, or lingering for long enough
 *   window.due     our request was not answered: it is repeated at growing intervals, then given up; a large
 *                  one in smaller datagrams; soon, for once, where the IKE_SA has just gone to another path
 *   fragments.due  a message of the peer has not come whole
 *   not_before     a task of ours was put off
 *   mobike.ask_deadline  the question which paths there are was not answered: it is asked again
 *
 * and those of life.c. */
#include "ike/clock.h"

#include "ike/create.h"
#include "ike/fragment.h"
#include "ike/init.h"
#include "ike/life.h"
#include "ike/mobike.h"
#include "ike/task.h"
#include "ike/trap.h"
#include "ike/want.h"

static void run_cell(struct step *s, struct sa *sa, unsigned column, const struct ike_answer *answer)
{
	struct draft d;

	draft_open(&d, s, sa);
	d.answer = answer;
	draft_close(&d, table_cell(sa->core.state, column)(&d));
}

/* Once more beside the usual times, which begin anew and are as many as ever. False: not now. */
static bool repeat_soon(struct step *s, struct sa *sa)
{
	struct window *w = &sa->window;

	if (!w->soon)
		return false;
	w->soon = false;
	w->due = s->now + step_jitter(s, w->interval);
	step_send(s, &w->request_path, bytes_of(w->request, w->request_n));
	return true;
}

/* Repeats the request in flight, or gives it up. True when SA may be gone. */
static bool repeat(struct step *s, struct sa *sa)
{
	const struct settings *set = &s->ike->settings;
	struct window *w = &sa->window;

	if (repeat_soon(s, sa))
		return false;
	if (init_over_tcp(s, sa))
		return true;
	if (w->tries >= (w->exchange == IKE_SESSION_RESUME ? RESUME_TRIES : set->retransmit_tries)) {
		run_cell(s, sa, COLUMN_GIVE_UP, NULL);
		return true;
	}
	w->tries++;
	w->interval = w->interval * set->retransmit_base / 1000;
	if (set->retransmit_limit && w->interval > set->retransmit_limit)
		w->interval = set->retransmit_limit;
	w->due = s->now + step_jitter(s, w->interval);
	if (w->tries % FRAGMENTS_TRIES == 0 && fragment_request_again(s, sa))
		return true;
	step_send(s, &w->request_path, bytes_of(w->request, w->request_n));
	mobike_unanswered(s, sa);
	return false;
}

/* Whether what X waits for did not come; then it has failed, and SA may be gone. */
static bool late_answer(struct step *s, struct sa *sa, bool ours)
{
	const struct negotiation *x = ours ? sa->ours : sa->theirs;
	struct ike_answer failed = { .ticket = x->ask, .result = ERR_BUSY };
	bool waits = x->ask || x->state == N_AWAIT;
	struct draft d;

	if (!waits || x->ask_deadline > s->now)
		return false;
	draft_open(&d, s, sa);
	d.answer = &failed;
	draft_close(&d, create_answered(&d, ours ? &d.ours : &d.theirs));
	return true;
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
	if (late_answer(s, sa, true) || late_answer(s, sa, false))
		return;
	if (fragments_late(s, sa) || mobike_overdue(s, sa))
		return;
	if (sa->window.request && sa->window.due <= s->now && repeat(s, sa))
		return;
	if (!life_run(s, sa))
		return;
	task_next(s, sa);
	sa_rearm(s->ike, sa);
}

/* One may make another due. */
void clock_run(struct step *s)
{
	struct heap_node *n;

	while (clock_due(s->ike) <= s->now) {
		while ((n = heap_first(&s->ike->timers)) && n->due <= s->now)
			sa_due(s, node_owner(n, struct sa, timer));
		while ((n = heap_first(&s->ike->trap_timers)) && n->due <= s->now)
			trap_due(s, node_owner(n, struct trap, timer));
		wants_due(s);
	}
}

uint64_t clock_due(const struct ike *ike)
{
	const struct heap *const heaps[] = { &ike->timers, &ike->trap_timers, &ike->want_timers };
	uint64_t due = HEAP_NEVER;

	for (unsigned i = 0; i < ARRAY_SIZE(heaps); i++) {
		const struct heap_node *n = heap_first(heaps[i]);

		due = n && n->due < due ? n->due : due;
	}
	return due;
}
