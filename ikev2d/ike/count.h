/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the core counts: of all IKE_SAs together and of each connection. A message is counted once, when it is
 * taken or made; repetitions are not. */
#pragma once

#include "ike/step.h"

/* PEER: whose IKE_SA it is about, or NULL while nobody knows. */
void count(struct ike *ike, const struct peer *peer, enum counter what);

/* A message that came (IN) or is sent. Those by which a responder learns whose connection it is are not
 * counted for that, as with strongSwan. */
void count_message(struct ike *ike, const struct peer *peer, bool in, const struct wire_header *h);

void counts_free(struct ike *ike);
