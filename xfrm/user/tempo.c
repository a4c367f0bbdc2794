/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams begin when batches come fast, and go on as long as rests gather something. */
#include "xfrm/user/tempo.h"

/* The batch of N reads that ends GAP ns after a rest shows what that was worth. Where it gathered something,
 * the stream goes on, and the next one is like it: senders have bursts. Where somebody may have waited in
 * vain, twice as many batches are wanted before the next; where nothing came for long, nobody has.
 * What gathered while the thread overslept, has waited too long for whatever it is worth. */
static void judge(struct tempo *t, uint64_t gap, unsigned n)
{
	if (!t->late && n >= TEMPO_WORTH) {
		t->wanted = TEMPO_RUN_AGAIN;
		return;
	}
	t->quick = 0;
	if (t->late)
		t->wanted = TEMPO_RUN_MOST;
	else if (gap < (uint64_t)2 * TEMPO_QUICK && t->wanted < TEMPO_RUN)
		t->wanted = 2 * TEMPO_RUN;
	else if (gap < (uint64_t)2 * TEMPO_QUICK && t->wanted < TEMPO_RUN_MOST)
		t->wanted *= 2;
}

static void count(struct tempo *t, uint64_t gap)
{
	if (gap < TEMPO_QUICK) {
		t->quick++;
		return;
	}
	t->quick = 0;
	if (t->wanted > TEMPO_RUN)
		t->wanted /= 2;
}

unsigned tempo_rest(struct tempo *t, uint64_t now, unsigned n)
{
	if (!t->wanted)
		t->wanted = TEMPO_RUN;
	if (t->rested)
		judge(t, now - t->since, n);
	else
		count(t, now - t->since);
	t->rested = t->quick >= t->wanted && n < TEMPO_ENOUGH;
	t->since = t->rested ? now + TEMPO_REST : now;
	return t->rested ? TEMPO_REST : 0;
}

void tempo_woke(struct tempo *t, uint64_t now)
{
	t->late = now - t->since > TEMPO_LATE;
	t->since = now;
}
