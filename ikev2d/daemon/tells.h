/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's news: to the log, to VICI's clients, to who waits for a command. */
#pragma once

#include "daemon/world.h"

void tells_tell(struct world *w, const struct ike_tell *t);
