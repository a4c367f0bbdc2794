/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The environment of updown scripts: the variables of strongSwan's updown plugin (version 1.1 of Pluto's
 * interface), and one of ours. What belongs to features that are not built in (virtual addresses) is
 * not there, as with strongSwan where they are not used. */
#pragma once

#include "daemon/updown_queue.h"
#include "model/sa.h"
#include "xfrm/xfrm.h"

enum { UPDOWN_RUNS_MAX = 256 /* pairs of selectors of one CHILD_SA */ };

/* Fills U's runs, from its arena: one for each pair of selectors of CHILD (of SA) that a packet can match.
 * PATH is that of the programs. What a peer says of itself cannot mean anything to a shell: quotes, `, $, \,
 * ;, &, |, <, >, (, ) and all that is not printable ASCII become "?". False when there were more pairs than
 * UPDOWN_RUNS_MAX, and the rest was left out. */
bool updown_env(struct updown *u, const struct sa_record *sa, const struct child_record *child,
	const struct xfrm_devices *devices, const char *path) MUST_CHECK;
