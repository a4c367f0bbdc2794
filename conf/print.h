/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration as text that conf_load reads back. */
#pragma once

#include "model/conf.h"

/* Appends the connections and the daemon's settings, every key of them, defaults too. Secrets and certificates are left out,
 * and so is where something was written. */
void conf_print(struct peer *const *peers, unsigned n, const struct settings *settings, struct text *out);
