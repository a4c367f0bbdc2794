/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What may be the cause when no answer comes. All of it is hearsay of who has proved nothing: it ends
 * nothing, it is only told in the end. */
#pragma once

#include "ike/step.h"

/* WHO (ICMP) says that a datagram of ours that begins with SPIS has not arrived. */
void silence_unreachable(struct ike *ike, struct bytes spis, const struct ip *who, enum ike_unreachable what);

/* The answer at hand came from another address than was asked; it is dropped. */
enum verdict silence_elsewhere(struct draft *d);

/* WHY, from ARENA, says that the request of SA in flight was not answered, and what is known of the cause. */
void silence_explain(const struct sa *sa, struct arena *arena, struct why *why);
