/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What certs is told of this machine: the certificates that are here, and what is needed to look up names. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct trust;

/* Whether there is anything but names that it is to be told: certificates, CRLs, RADIUS servers. */
bool copies_wanted(const struct trust *t);

/* T ends: it refers to no secret any more. */
void copies_stop(struct trust *t);

/* Tells it what it does not know yet. ERR_MISSING: it was lost; the next one knows nothing. */
enum err copies_send(struct trust *t) MUST_CHECK;
