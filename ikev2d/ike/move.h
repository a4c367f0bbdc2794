/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IKE_SAs that get other outer addresses: by a NAT whose mapping has changed (RFC 7296, 2.23), or by MOBIKE
 * (mobike.h). */
#pragma once

#include "ike/step.h"

/* D's IKE_SA goes on along PATH, and so does its request in flight; it is told. Its children stay where they
 * are. */
void move_ike(struct draft *d, const struct path *path);

/* The children of D's IKE_SA follow its path and its encapsulation. */
void move_children(struct draft *d);

/* Whether D's IKE_SA has another address at one of its ends than before this step. */
bool move_elsewhere(const struct draft *d);

/* An authenticated packet of the peer came along PATH: if a NAT is before the peer, and none before us, its
 * mapping has changed, and all follows; in TCP, if it began, it has connected anew (RFC 9329). */
void move_follow(struct draft *d, const struct path *path);

/* The data path saw such a packet from REMOTE on the child with number CHILD. */
void move_mapping(struct step *s, uint32_t child, const struct addr *remote);

/* The request of SA in flight goes out again to where SA is, as if it were new: it may have been lost before.
 */
void move_request(struct step *s, struct sa *sa);

/* For commit only: the children of SA, and its request in flight, go to where it is. */
void move_commit(struct draft *d, struct sa *sa);
