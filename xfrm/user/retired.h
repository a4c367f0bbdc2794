/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control thread has let go while packet threads may still see it: it ends with the last snapshot
 * that was there before (snapshot.h). */
#pragma once

struct retired {
	struct retired *next;
	void (*end)(struct retired *r, void *ctx); /* frees it */
};

/* Puts R, the first member of what is to end by END, on LIST. */
static inline void retire(struct retired **list, struct retired *r, void (*end)(struct retired *r, void *ctx))
{
	*r = (struct retired){ *list, end };
	*list = r;
}
