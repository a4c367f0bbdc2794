/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which addresses to use for a peer. */
#pragma once

#include "daemon/engine.h"

/* Answers by ANSWER, at once or, when a name has to be resolved first, later: the remote address is the first
 * of remote_addrs that is a single one; the local one is the one configured, else the machine's own choice.
 */
void reach_ask(struct world *w, const struct peer *peer, struct answer *answer);

/* The address this machine uses towards REMOTE, as the local_addrs of PEER allow; packets with the outer
 * mark. */
enum err reach_source(
	const struct peer *peer, const struct ip *remote, struct ip *source, struct text *why) MUST_CHECK;
