/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traffic without SAs: no packet thread sees it. What passes is led past our routes and past the guards;
 * what is dropped is dropped by these. */
#include "xfrm/user/state.h"

#include "xfrm/detour.h"

#include <stdlib.h>

struct user_shunt {
	struct detour *detour; /* of those that pass */
};

/* Without nftables there are no guards to pass by. */
static enum err add_pass(
	struct xfrm *x, struct user_shunt *s, const struct shunt_spec *spec, struct text *why)
{
	struct arena scratch = { 0 };
	struct text no_guard = text_in(&scratch);
	enum err err = detour_add(x->route, spec, &s->detour, why);

	if (!err) {
		err = route_shunt_add(
			x->route, spec->id, GUARD_PASS, spec->local_ts, spec->remote_ts, &no_guard);
		if (err == ERR_UNSUPPORTED)
			err = ERR_OK;
		if (err)
			text_add(why, "%s", text_str(&no_guard));
	}
	arena_free(&scratch);
	return err;
}

static void take_away(struct xfrm *x, uint32_t id, struct user_shunt *s)
{
	detour_del(x->route, s->detour);
	route_shunt_del(x->route, id);
	free(s);
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
	if (err)
		take_away(x, spec->id, s);
	else
		map_put(&x->shunts, spec->id, s);
	return err;
}

void user_shunt_del(struct xfrm *x, uint32_t id)
{
	struct user_shunt *s = map_take(&x->shunts, id);

	if (s)
		take_away(x, id, s);
}

void user_shunts_free(struct xfrm *x)
{
	struct user_shunt *s;
	size_t at = 0;

	while ((s = map_next(&x->shunts, &at))) {
		detour_del(NULL, s->detour);
		free(s);
	}
	map_free(&x->shunts);
}
