/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came by one call, opened and written to devices: by one thread, or beside others that have taken what
 * came before it and after it from the same source. Pure but for what is written, and the waiting. */
#pragma once

#include "xfrm/user/inbound.h"
#include "xfrm/user/join.h"
#include "xfrm/user/turns.h"

enum {
	INTAKE_PACKETS = 256, /* opened at once beside others: a turn costs little then, and comes soon */
	INTAKE_CHUNK = 64,    /* opened at once by a thread alone */
};

struct intake {
	struct lane *lane;
	struct join join; /* with its function */
	struct arrival v[INTAKE_PACKETS];
	size_t headers[INTAKE_PACKETS];
};

/* Carries all of the N bundles at B, and returns how many packets those were. */
unsigned intake_carry(struct intake *in, struct bundle *b, unsigned n);

/* The same of who holds TICKET of T for them, which is done then; *SLEPT: it slept until its turn. What there
 * is more than INTAKE_PACKETS it opens when it is its turn. */
unsigned intake_beside(
	struct intake *in, struct bundle *b, unsigned n, struct turns *t, uint64_t ticket, bool *slept);
