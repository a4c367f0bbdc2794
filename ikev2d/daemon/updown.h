/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Updown scripts (children.<child>.updown): a command of the administrator's when a CHILD_SA has come up, and
 * when it has gone; with strongSwan's variables, one run for each pair of selectors, and none when it is
 * rekeyed. What is run when it goes gets the same values as what was run when it came.
 *
 * When the daemon stops, the scripts of what was up are run too, and waited for. After a crash nobody runs
 * them, as with strongSwan: a script that must not do something twice has to look first. */
#pragma once

#include "daemon/world.h"

enum err updown_start(struct world *w, struct text *why) MUST_CHECK;

/* Everything is gone now: runs what is left, and waits until the loop is broken, by the stop timer or by
 * another signal. The loop must serve nothing else any more that needs more than VICI's clients. */
void updown_stop(struct world *w);

/* What of T concerns scripts. */
void updown_told(struct world *w, const struct ike_tell *t);
