/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stateless cookies against floods of half-open SAs (RFC 7296, 2.6). */
#pragma once

#include "ike/step.h"

/* Whether the IKE_SA_INIT request at hand must first prove its address; COOKIE gets what to answer then. */
bool cookie_needed(struct draft *d, struct bytes *cookie);
