/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The language of swanctl.conf and strongswan.conf:
 *
 *	settings := (section | key | include)*
 *	section  := name [":" path ("," path)*] "{" settings "}"
 *	key      := name "=" value, up to the end of the line, a "}" or a "#"
 *	include  := "include" path or pattern
 *	path     := name ("." name)*
 *
 * A name has no blanks and none of . , : { } = " #, unless it stands in quotes (an addition of ours). A value
 *is the words up to its end with one blank between them; a quoted word keeps its blanks and knows \n, \r, \t,
 * \" and \\, and a backslash at the end of a line joins two lines. A section opened again is continued, the
 *later value of a key wins, "key =" clears what would be inherited. Included files (relative to the file that
 * includes them) continue the section the include stands in; a pattern may match nothing, a plain file must
 * be there. */
#pragma once

#include "conf/files.h"
#include "conf/report.h"

enum { PARSER_INCLUDES_MAX = 16 /* one within another */, PARSER_FILES_MAX = 4096 /* in all */ };

/* Reads PATH and what it includes into T. Faults are reported by file and line; the first one ends it. */
enum err parser_read(
	struct tree *t, const char *path, const struct conf_files *files, struct report *report) MUST_CHECK;

/* Gives every section the keys and sections of those it refers to; what it has itself wins, then what it
 * inherits, in the order of its references. Refused: references to nothing and circles. */
enum err parser_inherit(struct tree *t, struct report *report) MUST_CHECK;
