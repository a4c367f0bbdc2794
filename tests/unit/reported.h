/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A userspace path without sockets and devices, for reports of who carries packets: it has two children and a
 * policy of each, and aborts when it is told what is not so. */
#pragma once

struct xfrm;

struct xfrm *reported_new(void);
void reported_free(struct xfrm *x);
