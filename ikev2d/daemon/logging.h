/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the log goes. */
#pragma once

#include "base/log.h"
#include "daemon/daemon.h"

/* From now on lines go to stderr (O->foreground) or to the system log. */
void logging_start(const struct options *o);
