/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration as text that conf_load reads back. */
#pragma once

#include "base/text.h"
#include "conf/schema.h"
#include "model/conf.h"

/* Appends the connections and the daemon's settings, every key of them, defaults too. Secrets and certificates are left out,
 * and so is where something was written. */
void conf_print(struct peer *const *peers, unsigned n, const struct settings *settings, struct text *out);

/* The keys of KIND of the struct at BASE, a line each, so much to the right; and whether a key is one of
 * them: those that are read, and can be written. */
void conf_print_keys(enum conf_section_kind kind, const void *base, unsigned depth, struct text *out);
bool conf_prints(const struct conf_key *row);
