/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a member of the family does, and what it is handed by who starts it (family.h). */
#pragma once

#include "daemon/family.h"

/* Descriptors: its channels, its own, its root, and what all have (family_keeps). */
enum {
	FD_CHANNELS = 3,
	FD_OWN = FD_CHANNELS + FAMILY_CHANNELS,
	FD_ROOT = FD_OWN + FAMILY_FDS,
	FD_KEPT,
	FD_END,
};

/* Of its title, in front of its name, or the nursery's. */
#define MEMBERS_TITLE   "ikev2d: "
#define MEMBERS_NURSERY "nursery"

/* Whether P is never a copy (nursery.h): nobody who takes another one over knows its addresses. */
bool members_by_itself(enum ipc_process p);

/* The code of the program as a member, when it was started as one of that name (TITLE, argv[0], which is
 * overwritten); -1: it was not. */
int members_run(char *title);
