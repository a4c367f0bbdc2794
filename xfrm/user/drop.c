/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words for why packets are dropped. */
#include "xfrm/user/drop.h"

#include <inttypes.h>

static const char *const words[DROP_MAX] = {
	[DROP_MALFORMED] = "malformed",
	[DROP_NEIGHBOUR] = "neighbour-discovery",
	[DROP_NO_POLICY] = "no-policy",
	[DROP_NO_SA] = "no-sa",
	[DROP_TOO_BIG] = "too-big",
	[DROP_SEQUENCE] = "sequence-exhausted",
	[DROP_LIFETIME] = "lifetime",
	[DROP_CRYPTO] = "crypto",
	[DROP_SEND] = "send",
	[DROP_SHORT] = "short",
	[DROP_SPI] = "unknown-spi",
	[DROP_REPLAY] = "replay",
	[DROP_AUTH] = "authentication",
	[DROP_PADDING] = "padding",
	[DROP_NEXT_HEADER] = "next-header",
	[DROP_DUMMY] = "dummy",
	[DROP_SELECTORS] = "selectors",
	[DROP_ECN] = "ecn",
	[DROP_DEVICE] = "device",
	[DROP_KEEPALIVE] = "keepalive",
	[DROP_REPORT] = "report",
};

void drop_print(const struct drops *d, struct text *out)
{
	for (enum drop why = DROP_NONE + 1; why < DROP_MAX; why++) {
		uint64_t n = atomic_load_explicit(&d->n[why], memory_order_relaxed);

		if (n)
			text_add(out, "%s%s=%" PRIu64, out->n ? " " : "", words[why], n);
	}
}
