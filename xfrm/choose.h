/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which data path a CHILD_SA takes. Pure. It follows from the configuration alone, not from what is
 * negotiated: the SPI, which tells the path, is drawn before the peer has chosen. */
#pragma once

#include "xfrm/xfrm.h"

struct choice {
	enum data_path setting;                /* the daemon's */
	const struct xfrm_caps *kernel, *user; /* NULL: not in use, for that reason: */
	const char *no_kernel, *no_user;
};

/* Decides for CHILD, whose own setting goes first. OUT is DATAPATH_KERNEL or DATAPATH_USER, and WHY gets the
 * reason, for status. ERR_UNSUPPORTED when it can take none: then WHY gets a sentence that says what to
 * change. */
enum err choose(const struct choice *c, const struct child_conf *child, enum data_path *out,
	struct text *why) MUST_CHECK;
