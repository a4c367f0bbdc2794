/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses to use for a peer. */
#pragma once

#include "daemon/engine.h"

/* Answers Q, an ASK_ROUTE, by ANSWER, at once or, when a name has to be resolved first, later: the remote
 * address is the one that Q wants, else the first of remote_addrs that is a single one; the local one is the
 * one that Q wants, else the one configured, else the machine's own choice. */
void reach_ask(struct world *w, const struct ike_question *q, struct answer *answer);
