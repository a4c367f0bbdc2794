/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's questions. */
#pragma once

#include "daemon/world.h"

/* Answers Q: most of them before it returns, by engine_answer; one that needs a name resolved later. */
void answers_ask(struct world *w, uint32_t ticket, const struct ike_question *q);

/* All leases, of the pools that are configured now. */
struct leases *answers_leases(struct world *w);
