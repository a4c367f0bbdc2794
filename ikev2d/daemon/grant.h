/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process that speaks IKE may have guard install: nothing that the configuration does not say. What
 * two peers agree on is never more than that, so that whoever asks for more is not itself any more. */
#pragma once

#include "model/sa.h"

/* Whether S, or P, is within what its child is configured as: selectors (a dynamic one is one address),
 * marks, interface IDs, mode, reqid, and an SA's algorithms. False: WHY gets a sentence. */
bool grant_sa(const struct sa_spec *s, struct text *why);
bool grant_policy(const struct policy_spec *p, struct text *why);
