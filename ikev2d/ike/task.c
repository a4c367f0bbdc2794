/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The queue of our own exchanges. */
#include "ike/task.h"

#include <stdlib.h>

void task_add(struct sa *sa, enum task_kind kind, const struct child *child)
{
	uint32_t id = child ? child->id : 0;
	struct task *t;
	unsigned n = 0;

	list_each (p, &sa->tasks) {
		t = node_owner(p, struct task, of_sa);
		if ((t->kind == kind && t->child == id) || ++n == TASKS_MAX)
			return;
	}
	t = calloc(1, sizeof *t);
	if (!t)
		abort();
	*t = (struct task){ .kind = kind, .child = id, .spi = child ? child->spi_in : 0 };
	list_append(&sa->tasks, &t->of_sa);
}

static void start(struct draft *d, const struct task *t)
{
	struct message m = { 0 };

	if (t->kind == TASK_DELETE_CHILD) {
		message_add_delete(&m, d->step->scratch, PROTO_ESP, &t->spi, 1);
		d->request_child = t->child;
	}
	if (t->kind == TASK_DELETE_IKE) {
		message_add_delete(&m, d->step->scratch, PROTO_IKE, NULL, 0);
		d->core.state = S_DELETING;
	}
	draft_request(d, INFORMATIONAL, d->sa->window.next, &m);
}

void task_next(struct step *s, struct sa *sa)
{
	struct draft d;
	struct task *t;

	if (sa->core.state != S_UP || sa->window.request || list_empty(&sa->tasks))
		return;
	t = node_owner(sa->tasks.next, struct task, of_sa);
	list_remove(&t->of_sa);
	draft_open(&d, s, sa);
	start(&d, t);
	free(t);
	draft_close(&d, DRAFT_COMMIT);
}

void task_farewell(struct step *s, struct sa *sa)
{
	struct draft d;
	struct task t = { .kind = TASK_DELETE_IKE };

	draft_open(&d, s, sa);
	start(&d, &t);
	draft_close(&d, DRAFT_COMMIT);
}

void tasks_free(struct sa *sa)
{
	list_each_safe (p, &sa->tasks)
		free(node_owner(p, struct task, of_sa));
	list_init(&sa->tasks);
}
