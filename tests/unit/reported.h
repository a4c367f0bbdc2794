/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A userspace path without sockets and devices, for reports of who carries packets: it has two children and a
 * policy of each, and aborts when it is told what is not so. */
#pragma once

struct xfrm;

#include <stddef.h>

struct xfrm *reported_new(void);
void reported_free(struct xfrm *x);

/* Messages of IKE that it was told of. */
unsigned reported_ike(const struct xfrm *x);
/* What is done when it is told of one. */
void reported_then(struct xfrm *x, void (*then)(void));
/* It says that it has N SAs and policies together. */
void reported_pretend(struct xfrm *x, size_t n);
