/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "xfrm/detour.h"

#include <stdlib.h>

struct detour {
	struct arena arena;
	struct rule_matches rules; /* that were made */
};

static enum err add_rule(struct route *r, struct detour *b, const struct rule_match *match, struct text *why)
{
	enum err err = route_pass_add(r, match, why);

	if (!err)
		b->rules.v[b->rules.n++] = *match;
	return err;
}

/* What this machine sends itself has no source before the route is found. Such a packet passes when its
 * source will then be one of those that do. */
static enum err add_rules(struct route *r, struct detour *b, struct rule_matches rules, struct text *why)
{
	enum err err = ERR_OK;

	b->rules.v = ARENA_ARRAY(&b->arena, 2 * (size_t)rules.n, struct rule_match);
	for (unsigned i = 0; !err && i < rules.n; i++) {
		struct rule_match m = rules.v[i];

		err = add_rule(r, b, &m, why);
		if (err || !m.from.bits || !route_chooses(r, &m.to, &m.from))
			continue;
		m.from = pass_unchosen(m.from.ip.v);
		err = add_rule(r, b, &m, why);
	}
	return err;
}

enum err detour_add(struct route *r, const struct shunt_spec *spec, struct detour **out, struct text *why)
{
	struct arena scratch = { 0 };
	struct rule_matches rules;
	struct detour *b;
	enum err err = pass_rules(spec->local_ts, spec->remote_ts, &scratch, &rules, why);

	if (!err) {
		b = calloc(1, sizeof *b);
		if (!b)
			abort();
		err = add_rules(r, b, rules, why);
		if (err)
			detour_del(r, b);
		else
			*out = b;
	}
	arena_free(&scratch);
	return err;
}

void detour_del(struct route *r, struct detour *b)
{
	if (!b)
		return;
	while (r && b->rules.n)
		route_pass_del(r, &b->rules.v[--b->rules.n]);
	arena_free(&b->arena);
	free(b);
}
