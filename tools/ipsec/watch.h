/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A screen that is drawn anew each second and whenever an SA changes. */
#pragma once

#include "ipsec.h"

/* Writes to x->out and x->err what there is now; the exit code. */
typedef int watch_draw(struct ipsec *x, void *ctx);

/* Shows what DRAW writes until q or Ctrl-C; a daemon that goes away may come back. DONE, or USAGE where X
 * does not write to a terminal. */
int watch(struct ipsec *x, watch_draw *draw, void *ctx);
