/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which connections can be begun from here. */
#pragma once

#include "ike/step.h"

/* What keeps us from ever beginning with P, the end of a sentence, or NULL: by EAP (RFC 7296, 2.16), or
 * several times (RFC 4739), only who begins can prove who it is. */
const char *begin_never(const struct peer *p);

/* That P cannot be begun from here, since WHAT; from ARENA. */
struct why begin_refusal(const struct peer *p, const char *what, struct arena *arena);

/* Ends D's IKE_SA with it. */
enum verdict begin_refuse(struct draft *d, const char *what);
