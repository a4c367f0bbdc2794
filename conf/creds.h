/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared secrets, private keys and authorities of a file. */
#pragma once

#include "conf/report.h"
#include "model/conf.h"

/* Reads S, a section "secrets" or "authorities", into C. */
void secrets_read(const struct tree_section *s, struct conf *c, struct report *r);
void authorities_read(const struct tree_section *s, struct conf *c, struct report *r);

/* The authority that S describes, with what it points to in ARENA. */
void authority_read(const struct tree_section *s, enum origin origin, struct arena *arena,
	struct authority *out, struct report *r);
