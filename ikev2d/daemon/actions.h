/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core wants done, done. */
#pragma once

#include "daemon/world.h"

/* Carries out the list in its order. Actions with a ticket get their answer queued. */
void actions_carry_out(struct world *w, const struct ike_action *list);
