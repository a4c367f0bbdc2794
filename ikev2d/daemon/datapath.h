/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The data path in use, and its reports to the core. */
#pragma once

#include "daemon/world.h"

enum err datapath_start(struct world *w, struct text *why) MUST_CHECK;

/* The settings are others: they say when what is installed is compared with what should be. */
void datapath_configure(struct world *w);

/* Takes everything away from the machine again. */
void datapath_stop(struct world *w);

/* Decides which data path carries each child of PEER, once; where none can, PEER becomes one that cannot be
 * used, with the reason. */
void datapath_assign(struct world *w, struct peer *peer);

/* Sets the counters, and the data path's name and reason, in SA's children; the latter out of ARENA. */
void datapath_fill(struct world *w, struct sa_record *sa, struct arena *arena);

/* Counters of dropped packets, appended to OUT. */
void datapath_drops(struct world *w, struct text *out);

/* What packets are carried with and how many at once, appended to OUT. */
void datapath_pace(struct world *w, struct text *out);

/* Which settings of this machine hold them back, one sentence a line, appended to OUT. */
void datapath_advice(struct world *w, struct text *out);

/* What is taken away waits for more of that (ON), or goes now and from now on at once. */
void datapath_gather(struct world *w, bool on);

/* Compares what is installed with what should be (also done now and then, and logged): a line for each
 * difference, appended to OUT. What can be repaired is. */
void datapath_audit(struct world *w, struct text *out);

/* Why a data path is not in use; NULL: it is. */
void datapath_in_use(const struct world *w, const char **no_kernel, const char **no_user);

/* Says what there is, in one line of the log. */
void datapath_say(const struct world *w);
