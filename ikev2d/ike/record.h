/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Status of IKE_SAs as plain data. */
#pragma once

#include "ike/state.h"

/* All there is to say of SA, copied into ARENA. */
void record_make(const struct sa *sa, struct arena *arena, struct sa_record *out);
/* The same of the SA of CHILD with no other children than CHILD and OLD (NULL: without), of which there may
 * be thousands. */
void record_make_of(
	const struct child *child, const struct child *old, struct arena *arena, struct sa_record *out);
