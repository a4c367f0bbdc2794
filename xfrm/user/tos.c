/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two directions, and the table of RFC 6040, figure 4. */
#include "xfrm/user/tos.h"

enum { DSCP = 0xfc, ECN = 3 };
enum ecn { NOT_ECT, ECT_1, ECT_0, CE, LOST };

uint8_t tos_outer(struct tos_copy copy, uint8_t inner)
{
	return (uint8_t)(inner & ((copy.dscp_out ? DSCP : 0) | (copy.ecn ? ECN : 0)));
}

bool tos_inner(struct tos_copy copy, uint8_t outer, uint8_t *inner)
{
	/* By what is inside (rows) and outside (columns). */
	static const uint8_t table[4][4] = {
		[NOT_ECT] = { [NOT_ECT] = NOT_ECT, [ECT_1] = NOT_ECT, [ECT_0] = NOT_ECT, [CE] = LOST },
		[ECT_1] = { [NOT_ECT] = ECT_1, [ECT_1] = ECT_1, [ECT_0] = ECT_1, [CE] = CE },
		[ECT_0] = { [NOT_ECT] = ECT_0, [ECT_1] = ECT_1, [ECT_0] = ECT_0, [CE] = CE },
		[CE] = { [NOT_ECT] = CE, [ECT_1] = CE, [ECT_0] = CE, [CE] = CE },
	};
	uint8_t dscp = (copy.dscp_in ? outer : *inner) & DSCP;
	uint8_t ecn = copy.ecn ? table[*inner & ECN][outer & ECN] : *inner & ECN;

	if (ecn == LOST)
		return false;
	*inner = dscp | ecn;
	return true;
}
