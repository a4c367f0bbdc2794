/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A back end made of those there are: each CHILD_SA is carried by the one that its configuration has been
 * given (datapath of child_conf, which choose() decides), so that the kernel and we can both carry some.
 * Routes, rules and guards are shared. */
#pragma once

#include "xfrm/choose.h"

extern const struct xfrm_backend xfrm_choice;

/* As its open(), with back ends that take the places of the kernel's and ours, borrowed. */
enum err choice_between(const struct xfrm_backend *kernel, const struct xfrm_backend *user,
	const struct xfrm_setup *setup, struct xfrm **out, struct text *why) MUST_CHECK;

/* What there is to choose from; it lives as long as X. */
const struct choice *choice_of(const struct xfrm *x);
/* What its back ends share; as long. */
struct route *choice_route(const struct xfrm *x);
