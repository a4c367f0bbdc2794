/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading one section by the table of options. */
#pragma once

#include "conf/report.h"
#include "conf/schema.h"
#include "model/peer.h"

/* Sets the fields of the struct at BASE from the keys of S, a section of KIND, and to their defaults where a
 * key is not written; lists and texts are taken from ARENA. What is wrong is reported. */
void section_read(const struct tree_section *s, enum conf_section_kind kind, void *base, struct arena *arena,
	struct report *report);

/* What kind of section S is, in one of kind PARENT; CONF_SECTIONS_MAX where it is unknown, which is reported.
 * What has no effect, or none yet, is noted. */
enum conf_section_kind section_kind(
	const struct tree_section *s, enum conf_section_kind parent, struct report *report);

/* Reports the keys of S, which is of a kind that has none. */
void section_without_keys(const struct tree_section *s, enum conf_section_kind kind, struct report *report);

/* Where S and its keys were written, from ARENA. */
struct source section_source(const struct tree_section *s, struct arena *arena);
