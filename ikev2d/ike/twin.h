/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Twins: CHILD_SAs for the same packets on two IKE_SAs between the same two ends, as they are while one of
 * the IKE_SAs is authenticated anew. */
#pragma once

#include "ike/step.h"

/* CHILD is installed, and may be the twin of another from now on; it goes (it may not have been added). */
void twin_add(struct ike *ike, struct child *child);
void twin_remove(struct ike *ike, struct child *child);
/* The peer of SA may be at another address than before, or SA has children that were another's. */
void twin_follow(struct ike *ike, struct sa *sa);

/* Whether a twin of CHILD sends, other than BUT (NULL: any). */
bool twin_sends(const struct ike *ike, const struct child *child, const struct child *but);

/* The oldest twin of CHILD that waits for another one to make way; or NULL. */
struct child *twin_waiting(const struct ike *ike, const struct child *child);

/* The oldest twin of CHILD that is to stay, or NULL. Who has begun may have another gateway now (RFC 5685):
 * of the one it has left packets may come yet. */
struct child *twin_standing(const struct ike *ike, const struct child *child);

/* Whether SA has a child that is to stay and has no twin that is. */
bool twin_missing(const struct ike *ike, const struct sa *sa);

/* The child of another peer behind the same NAT that stands for the same packets as X, which D's peer asks
 * for, where the data path could not tell whose they are: of the two only the newer would get any. NULL:
 * there is none. */
const struct child *twin_stranger(const struct draft *d, const struct negotiation *x);
