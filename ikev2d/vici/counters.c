/* SPDX-License-Identifier: GPL-2.0-or-later */
/* get-counters and reset-counters. */
#include "vici/commands.h"

#include <inttypes.h>

static const char not_counted[] = "no counters found for this connection";

static void put_counters(struct vici_out *out, const struct counters *c)
{
	vici_put_section(out, c->name);
	for (unsigned i = 0; i < COUNTERS; i++)
		vici_put_pairf(out, counter_name(i), "%" PRIu64, c->v[i]);
	vici_put_section_end(out);
}

void vici_do_get_counters(struct vici_call *c)
{
	const char *name = vici_str(c->args, "name");
	bool all = vici_yes(vici_str(c->args, "all"));
	unsigned n;
	const struct counters *v = c->host->counters(c->host->ctx, name, all, c->arena, &n);

	vici_put_section(c->out, "counters");
	for (unsigned i = 0; i < n; i++)
		put_counters(c->out, &v[i]);
	vici_put_section_end(c->out);
	vici_put_result(c->out, n || all ? NULL : &(struct why){ .what = not_counted }, c->arena);
}

void vici_do_reset_counters(struct vici_call *c)
{
	c->host->counters_reset(c->host->ctx, vici_str(c->args, "name"), vici_yes(vici_str(c->args, "all")));
	vici_put_result(c->out, NULL, c->arena);
}
