/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for the calls. */
#include "xfrm/user/pace.h"

#include <inttypes.h>

static const char *const words[PACE_MAX] = {
	[PACE_READ] = "read",
	[PACE_SENT] = "sent",
	[PACE_RECEIVED] = "received",
	[PACE_WRITTEN] = "written",
	[PACE_RESTED] = "rested",
	[PACE_SHARED] = "shared",
};

void pace_print(const struct pace *p, struct text *out)
{
	for (enum pace_call call = 0; call < PACE_MAX; call++) {
		uint64_t calls = atomic_load_explicit(&p->calls[call], memory_order_relaxed);
		uint64_t packets = atomic_load_explicit(&p->packets[call], memory_order_relaxed);

		if (calls)
			text_add(out, " %s=%" PRIu64 ".%" PRIu64, words[call], packets / calls,
				packets % calls * 10 / calls);
	}
}
