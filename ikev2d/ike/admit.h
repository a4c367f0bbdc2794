/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may begin an IKE_SA, and how long it may stay half open (RFC 7296, 2.6; RFC 8019, 4). What is counted
 * is counted for all, and for each address; of IPv6 for each /64, whose addresses are one host's as well. */
#pragma once

#include "ike/step.h"

/* Whether the request of IKE_SA_INIT or IKE_SESSION_RESUME with header H, which is not a repeated one, is to
 * be read. If not, it was answered with a cookie or dropped; nothing of it is kept. */
bool admit(struct step *s, const struct path *path, const struct wire_header *h, struct bytes datagram);

/* Milliseconds that a peer has for its IKE_AUTH from now on. */
uint64_t admit_patience(const struct step *s);

/* What came as the first request of SA, which is half open, was nonsense: that is held against its address.
 */
void admit_offence(struct step *s, const struct sa *sa);

/* SA is counted as what it is now; and no more, before it is freed. */
void admit_count(struct ike *ike, struct sa *sa);
void admit_forget(struct ike *ike, struct sa *sa);
