/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Status of IKE_SAs as plain data. */
#pragma once

#include "ike/state.h"

/* All there is to say of SA, copied into ARENA. */
void record_make(const struct sa *sa, struct arena *arena, struct sa_record *out);
