/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What makes a version of a connection: all that is written in its section, as far as it says something. A
 * key counts with its value as it is understood where that can be printed: another spelling, or a default
 * that is written out, makes no other version. Any other key counts as it is written, unless that changes
 * nothing. */
#pragma once

#include "conf/tree.h"
#include "model/peer.h"

/* Sets the content of P, which was read from S, and of its children, and where it was written. */
void version_set(struct peer *p, const struct tree_section *s);
