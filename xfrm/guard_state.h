/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files behind guard.h share. */
#pragma once

#include "base/map.h"
#include "xfrm/guard.h"
#include "xfrm/sieve.h"

struct guard {
	struct sieve *sieve;
	struct map policies; /* struct guarded, by id */
	struct map shunts;   /* struct sieved, by shunt_key */
	struct map forwards; /* struct forwarded, by id */
	uint32_t group;      /* of our devices, and mark of our outer packets */
	bool forwarding;     /* the chains for what is forwarded are there */
};

/* Of guard_forward.c: forgets what it knows. */
void guard_forward_close(struct guard *g);
