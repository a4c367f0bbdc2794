/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What certs is told of this machine: the certificates that are here, and what is needed to look up names. */
#pragma once

#include "base/err.h"

struct trust;

/* Tells it what it does not know yet. ERR_MISSING: it was lost; the next one knows nothing. */
enum err copies_send(struct trust *t) MUST_CHECK;
