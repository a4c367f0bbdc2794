/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exchanges of our own on an established SA: one in flight, the others wait. */
#pragma once

#include "ike/step.h"

/* Queues a task; dropped when the SA has too many or the same one waits already. */
void task_add(struct sa *sa, enum task_kind kind, const struct child *child);

/* Starts the first task that waits, if nothing is in flight. */
void task_next(struct step *s, struct sa *sa);

/* Tells the peer that SA is over, once, and does not wait for its answer. */
void task_farewell(struct step *s, struct sa *sa);

void tasks_free(struct sa *sa);
