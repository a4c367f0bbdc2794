/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keywords of strongSwan for algorithms that we do not have: files that name them are still read. */
#pragma once

#include "base/arena.h"

/* WORDS, a proposal, without the keywords of algorithms we do not have, from ARENA: of each kind that WORDS
 * names there must be one left. "" where that is not so and the proposal cannot be used. *FOREIGN is the
 * first of those keywords; NULL, and WORDS is returned, where there is none. */
const char *proposal_without_foreign(
	const char *words, uint8_t protocol, struct arena *arena, const char **foreign);
