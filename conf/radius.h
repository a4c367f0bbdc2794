/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The section "radius" of ours, and "eap-radius" of strongSwan's, which have the same keys. */
#pragma once

#include "conf/report.h"
#include "model/conf.h"

/* Reads S into OUT; what it borrows is taken from ARENA. */
void radius_read(
	const struct tree_section *s, struct radius_conf *out, struct arena *arena, struct report *r);
