/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is due: questions without answer, half-open SAs, repetitions, keepalives, liveness checks. */
#pragma once

#include "ike/step.h"

/* Does everything whose time has come, once each, in order of their times. */
void clock_run(struct step *s);

/* When the next is due; HEAP_NEVER: none. */
uint64_t clock_due(const struct ike *ike);
