/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic without SAs: no packet thread sees it. What passes is led past our routes by rules, and past the
 * guards; what is dropped is dropped by them. */
#include "xfrm/user/state.h"

#include <stdlib.h>

struct user_shunt {
	struct arena arena;
	struct rule_matches rules; /* that were made */
};

static void shunt_free(struct user_shunt *s)
{
	arena_free(&s->arena);
	free(s);
}

static enum err add_rule(
	struct xfrm *x, struct user_shunt *s, const struct rule_match *match, struct text *why)
{
	enum err err = route_pass_add(x->route, match, why);

	if (!err)
		s->rules.v[s->rules.n++] = *match;
	return err;
}

/* What this machine sends itself has no source before the route is found. Such a packet passes when its
 * source will then be one of those that do. */
static enum err add_rules(struct xfrm *x, struct user_shunt *s, struct rule_matches rules, struct text *why)
{
	enum err err = ERR_OK;

	s->rules.v = ARENA_ARRAY(&s->arena, 2 * (size_t)rules.n, struct rule_match);
	for (unsigned i = 0; !err && i < rules.n; i++) {
		struct rule_match m = rules.v[i];

		err = add_rule(x, s, &m, why);
		if (err || !m.from.bits || !route_chooses(x->route, &m.to, &m.from))
			continue;
		m.from = pass_unchosen(m.from.ip.v);
		err = add_rule(x, s, &m, why);
	}
	return err;
}

/* Without nftables there are no guards to pass by. */
static enum err add_pass(
	struct xfrm *x, struct user_shunt *s, const struct shunt_spec *spec, struct text *why)
{
	struct arena scratch = { 0 };
	struct text no_guard = text_in(&scratch);
	struct rule_matches rules;
	enum err err = pass_rules(spec->local_ts, spec->remote_ts, &scratch, &rules, why);

	if (!err) {
		err = route_shunt_add(
			x->route, spec->id, GUARD_PASS, spec->local_ts, spec->remote_ts, &no_guard);
		if (err && err != ERR_UNSUPPORTED)
			text_add(why, "%s", text_str(&no_guard));
		else
			err = add_rules(x, s, rules, why);
	}
	arena_free(&scratch);
	return err;
}

static void take_away(struct xfrm *x, uint32_t id, struct user_shunt *s)
{
	while (s->rules.n)
		route_pass_del(x->route, &s->rules.v[--s->rules.n]);
	route_shunt_del(x->route, id);
}

enum err user_shunt_add(struct xfrm *x, const struct shunt_spec *spec, struct text *why)
{
	struct user_shunt *s;
	enum err err;

	if (map_get(&x->shunts, spec->id)) {
		text_add(why, "the shunt %u is there already", spec->id);
		return ERR_EXISTS;
	}
	s = calloc(1, sizeof *s);
	if (!s)
		abort();
	err = spec->drop
		      ? route_shunt_add(x->route, spec->id, GUARD_DROP, spec->local_ts, spec->remote_ts, why)
		      : add_pass(x, s, spec, why);
	if (err) {
		take_away(x, spec->id, s);
		shunt_free(s);
	} else {
		map_put(&x->shunts, spec->id, s);
	}
	return err;
}

void user_shunt_del(struct xfrm *x, uint32_t id)
{
	struct user_shunt *s = map_take(&x->shunts, id);

	if (!s)
		return;
	take_away(x, id, s);
	shunt_free(s);
}

void user_shunts_free(struct xfrm *x)
{
	struct user_shunt *s;
	size_t at = 0;

	while ((s = map_next(&x->shunts, &at)))
		shunt_free(s);
	map_free(&x->shunts);
}
