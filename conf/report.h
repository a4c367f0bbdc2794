/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wrong with a configuration, and what is worth knowing: one line each, "FILE:LINE: section.key: …",
 * without a final newline. All faults are collected, not only the first. */
#pragma once

#include "conf/tree.h"

enum { REPORT_ERRORS_MAX = 20, REPORT_NOTES_MAX = 100 };

/* Zero but for the two texts. */
struct report {
	struct text *why, *notes;
	unsigned errors, n_notes;
	const char *later; /* the first line of report_later since this was cleared, with the arena of WHY */
	uint64_t noted; /* kinds of sections, a bit each, of which was noted that they have no effect yet */
};

/* Says what is wrong with the key KEY of S (NULL: with S itself; S NULL: with the file) at AT. Beyond
 * REPORT_ERRORS_MAX only "(more errors are not shown)" is added, once. */
void report_error(struct report *r, struct tree_place at, const struct tree_section *s, const char *key,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same for what is accepted but has no effect or may surprise. */
void report_note(struct report *r, struct tree_place at, const struct tree_section *s, const char *key,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same for what is accepted, but keeps a connection from being used. */
void report_later(struct report *r, struct tree_place at, const struct tree_section *s, const char *key,
	const char *format, ...) __attribute__((format(printf, 5, 6)));

/* S in quotes, cut short where it is long, control characters as \xHH: fit for a log. From ARENA. */
const char *report_quote(const char *s, struct arena *arena);
