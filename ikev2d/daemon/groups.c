/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/groups.h"

static void add_groups(
	const char **v, unsigned *n, const struct ipc_octets *from, size_t max, struct arena *arena)
{
	for (unsigned i = 0; i < from->n; i++)
		if (from->v[i].n <= max && !memchr(from->v[i].p, 0, from->v[i].n))
			v[(*n)++] = arena_text(arena, from->v[i]);
}

struct strings groups_enrolled(const struct ipc_octets *in, struct arena *arena)
{
	const char **v = ARENA_ARRAY(arena, in->n, const char *);
	unsigned n = 0;

	add_groups(v, &n, in, IPC_EAP_NAME_MAX, arena);
	return (struct strings){ v, n };
}

struct strings groups_relayed(const struct radius_conf *c, const struct ipc_relayed *r, struct arena *arena)
{
	const char **v = ARENA_ARRAY(arena, r->classes.n + r->filters.n, const char *);
	unsigned n = 0;

	if (c->class_group)
		add_groups(v, &n, &r->classes, RADIUS_CLASS_GROUP_MAX, arena);
	if (c->filter_id && r->esp)
		add_groups(v, &n, &r->filters, RADIUS_VALUE_MAX, arena);
	return (struct strings){ v, n };
}

bool groups_among(const struct strings *wanted, const struct ipc_octets *groups)
{
	for (unsigned i = 0; i < wanted->n; i++)
		for (unsigned k = 0; k < groups->n; k++)
			if (bytes_eq(bytes_str(wanted->v[i]), groups->v[k]))
				return true;
	return false;
}
