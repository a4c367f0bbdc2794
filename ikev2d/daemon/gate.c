/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counting by the second. */
#include "daemon/gate.h"

bool gate_pass(struct gate *g, uint64_t now, unsigned *held)
{
	if (g->second != now / 1000) {
		g->second = now / 1000;
		g->passed = 0;
	}
	*held = 0;
	if (g->passed == GATE_PER_SECOND) {
		g->held++;
		return false;
	}
	g->passed++;
	*held = g->held;
	g->held = 0;
	return true;
}
