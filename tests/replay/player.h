/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a record (daemon/tape.h) to a fresh core: the same events at the same times with the same random
 * octets must lead to the same actions. */
#pragma once

#include "base/text.h"

struct played {
	bool equal;
	unsigned steps;
	bool secrets; /* the record has them, so that keys, seals and proofs were compared too */
};

/* Plays the file whose octets are RECORD. SAID gets what there is to say, in whole lines: the first
 * difference, with the actions of both; or why it is no record that can be played. */
struct played player_play(struct bytes record, struct text *said);
