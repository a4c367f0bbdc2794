/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Policies that protect everything protect what is on their own side, too. */
#pragma once

#include "model/ts.h"

/* The addresses of those of LOCAL that lie inside a wider one of REMOTE ("0.0.0.0/0"), from ARENA. They are
 * on this side all the same: what is for them does not go into the tunnel, and what comes from them is not
 * the peer's. */
struct tss ours_of(struct tss local, struct tss remote, struct arena *arena);
