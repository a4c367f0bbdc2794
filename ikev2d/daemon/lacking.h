/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Key exchanges that the library of this machine may not have: ML-KEM came with OpenSSL 3.5. */
#pragma once

#include "model/peer.h"

/* Takes out of PEER's proposals what the library has not, once, and says so, unless they are the default; a
 * proposal in which nothing is left of its kind goes, and PEER cannot be used, with the reason, when none is
 * left. */
void lacking_take_out(struct peer *peer);

/* Whether the library has T; of other types than key exchanges it has all. */
bool lacking_has(const struct transform *t);

/* All key exchanges that the library has: bit I for the one of number I. The first questions to it take some
 * milliseconds and a quarter of a MiB; another process can ask it as well, */
uint64_t lacking_ask(void);
/* and this one need not any more: HERE is what that was answered. */
void lacking_learn(uint64_t here);

/* Says in one line of the log what is not to be had here, if anything. */
void lacking_say(void);
