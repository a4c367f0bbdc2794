/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core's news: to the log, to VICI's clients, to who waits for a command. */
#pragma once

#include "daemon/world.h"

void tells_tell(struct world *w, const struct ike_tell *t);

/* Whether anybody outside of the daemon acts on T. */
bool tells_seen(const struct world *w, const struct ike_tell *t);

/* Whether T has what is told of its kind. */
bool tells_whole(const struct ike_tell *t);

/* The child that T is about, in its record; NULL when it is about none. */
const struct child_record *tells_child(const struct ike_tell *t);

/* LEVEL in strongSwan's numbers: 0 is always heard, 1 is a person's, more is for those who look for a fault.
 */
int tells_vici_level(enum log_level level);
