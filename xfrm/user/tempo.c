/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams begin when batches come fast, and go on as long as rests gather something. */
#include "xfrm/user/tempo.h"

/* Whether the batch that ends NOW belongs to a stream. One after a rest shows what came in the meantime: a
 * single packet would have been no dearer without it. */
static bool is_quick(const struct tempo *t, uint64_t now, unsigned n)
{
	return t->rested ? n > 1 : now - t->since < TEMPO_QUICK;
}

unsigned tempo_rest(struct tempo *t, uint64_t now, unsigned n)
{
	if (!is_quick(t, now, n))
		t->quick = 0;
	else if (t->quick < TEMPO_RUN)
		t->quick++;
	t->rested = t->quick == TEMPO_RUN && n < TEMPO_ENOUGH;
	t->since = t->rested ? now + TEMPO_REST : now;
	return t->rested ? TEMPO_REST : 0;
}
