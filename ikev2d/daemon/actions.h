/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core wants done, done. */
#pragma once

#include "daemon/world.h"

/* Carries out A. One with a ticket gets its answer, now or later. */
void actions_carry_out(struct world *w, const struct ike_action *a);

/* From now on (ON) what installs SAs and policies may wait for more of that to be answered; or what waits is
 * answered now, and all else from now on at once. */
void actions_gather(struct world *w, bool on);
