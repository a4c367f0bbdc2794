/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What shunts let pass is led past our routes: these would take it into a tunnel, or give it a source that a
 * tunnel's policy protects. */
#pragma once

#include "xfrm/route.h"
#include "xfrm/xfrm.h"

struct detour; /* the rules of one shunt */

/* Makes the rules for SPEC, which lets pass; all or nothing. *OUT is the caller's, to be given to detour_del.
 * ERR_UNSUPPORTED, ERR_RANGE: as pass_rules (pass.h) and route_pass_add. */
enum err detour_add(
	struct route *r, const struct shunt_spec *spec, struct detour **out, struct text *why) MUST_CHECK;

/* Takes them away, and frees B (NULL: nothing). R NULL: rules have gone, or go, with everything. */
void detour_del(struct route *r, struct detour *b);
