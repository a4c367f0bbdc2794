/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's counters of dropped packets: of this network namespace, all its IPsec together. */
#include "xfrm/kernel/state.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

enum { NAME_SIZE = 40 };

typedef void each_fn(void *ctx, unsigned i, const char *name, uint64_t count);

static void each_counter(each_fn *each, void *ctx)
{
	FILE *f = fopen("/proc/thread-self/net/xfrm_stat", "re");
	char name[NAME_SIZE];
	uint64_t count;

	if (!f)
		return;
	for (unsigned i = 0; i < DROPS_MAX && fscanf(f, "%39s %" SCNu64, name, &count) == 2; i++)
		each(ctx, i, name, count);
	fclose(f);
}

static void remember(void *ctx, unsigned i, const char *name, uint64_t count)
{
	struct xfrm *x = ctx;

	(void)name;
	x->drops_before[i] = count;
}

void kernel_drops_start(struct xfrm *x)
{
	each_counter(remember, x);
}

/* "XfrmInNoStates" is "xfrm-in-no-states". */
static void add_name(struct text *out, const char *name)
{
	for (const char *p = name; *p; p++) {
		char c = (char)tolower((unsigned char)*p);

		if (p != name && isupper((unsigned char)*p))
			text_put(out, "-", 1);
		text_put(out, &c, 1);
	}
}

struct printing {
	struct xfrm *x;
	struct text *out;
};

static void print(void *ctx, unsigned i, const char *name, uint64_t count)
{
	struct printing *p = ctx;

	if (count <= p->x->drops_before[i])
		return;
	if (p->out->n)
		text_put(p->out, " ", 1);
	add_name(p->out, name);
	text_add(p->out, "=%" PRIu64, count - p->x->drops_before[i]);
}

void kernel_drops(struct xfrm *x, struct text *out)
{
	struct printing p = { x, out };

	each_counter(print, &p);
}
