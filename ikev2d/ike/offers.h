/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our SPIs of exchanges under way: no SA has them yet, and the peer may use them before its answer has come.
 */
#pragma once

#include "ike/state.h"

/* What was negotiated BEFORE in an exchange of SA becomes AFTER; NULL: nothing. */
void offers_follow(
	struct ike *ike, struct sa *sa, const struct negotiation *before, const struct negotiation *after);

/* Whether SPI is one of a CHILD_SA, of an IKE_SA. */
bool offers_child(const struct ike *ike, uint32_t spi);
bool offers_ike(const struct ike *ike, uint64_t spi);
