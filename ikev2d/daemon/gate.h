/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lets a few things a second through: for lines that a stranger can make us write. */
#pragma once

#include "base/bytes.h"

enum { GATE_PER_SECOND = 10 };

/* All zero is open. */
struct gate {
	uint64_t second;
	unsigned passed, held;
};

/* Whether one more may pass at NOW (ms). *HELD gets how many were held back since the last one that passed.
 */
bool gate_pass(struct gate *g, uint64_t now, unsigned *held);
