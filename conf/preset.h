/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What peers of a kind need (peer = windows, …): values for keys that are not written. */
#pragma once

#include "conf/schema.h"
#include "conf/tree.h"

#include "base/names.h"

/* The names of the presets, for the row of the key. */
extern const struct name preset_words[];

/* The section S of a connection, or, where it names a preset, a copy from ARENA in which the preset's values
 * stand beside what is written, at the place where it is named. What is written stays; a key that is cleared
 * ("") stays cleared. */
const struct tree_section *preset_fill(const struct tree_section *s, struct arena *arena);

/* The values of one of PRESET_WORDS, a line each ("children.<child>.rekey_time = 0s"). */
void preset_describe(const struct name *preset, struct text *out);

/* The value that one of PRESET_WORDS has for KEY in sections of KIND; NULL: none. */
const char *preset_value(const struct name *preset, enum conf_section_kind kind, const char *key);
