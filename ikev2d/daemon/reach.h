/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses to use for a peer. */
#pragma once

#include "daemon/engine.h"

/* Answers Q, an ASK_ROUTE, by ANSWER, at once or, when a name has to be resolved first, later: the remote
 * address is the one that Q wants, else the first of remote_addrs that is a single one; the local one is the
 * one that Q wants, else the one configured, else the machine's own choice. */
void reach_ask(struct world *w, const struct ike_question *q, struct answer *answer);

/* Answers Q, an ASK_PATHS: a path to each of the remote addresses that can be reached. It leaves from the
 * local address in use where that is still good: as local_addrs have it, and on the device that packets leave
 * through. */
void reach_paths(const struct ike_question *q, struct answer *answer);
