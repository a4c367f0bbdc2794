/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of virtual addresses of a file. */
#pragma once

#include "conf/report.h"
#include "model/conf.h"

/* Reads S, the section "pools", into C. */
void pools_read(const struct tree_section *s, struct conf *c, struct report *r);

/* The pool that S describes, with what it points to in ARENA. */
void pool_read(const struct tree_section *s, enum origin origin, struct arena *arena, struct vip_pool *p,
	struct report *r);
