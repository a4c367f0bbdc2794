/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DSCP and ECN at the ends of a tunnel (RFC 4301, 5.1.2; RFC 6040). Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is copied between the headers inside and outside. */
struct tos_copy {
	bool dscp_out, dscp_in, ecn;
};

/* The field of the outer header for a packet with INNER. */
uint8_t tos_outer(struct tos_copy copy, uint8_t inner);

/* The field of the packet inside, which has *INNER, once it leaves the tunnel that brought it under OUTER.
 * False when it must be dropped: congestion was marked on a packet that cannot say so (RFC 6040, 4.2). */
bool tos_inner(struct tos_copy copy, uint8_t outer, uint8_t *inner);
