/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's question for virtual addresses (ASK_LEASE). */
#pragma once

#include "daemon/leases.h"
#include "ike/ike.h"

/* Answers Q out of LEASES, where the pools of CONF are configured: OUT gets an address for each that is asked
 * for, at least one, and the attributes of the pools of Q's connection; or the reason why there is none. From
 * ARENA. */
void lease_answer(struct leases *leases, const struct conf *conf, const struct ike_question *q,
	struct arena *arena, struct ike_answer *out);
