/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The undo journal: a text file with what this daemon has changed on the machine. A thing is written down
 * before it is made ("+ THING") and struck out after it was taken back ("- THING"), so that whatever a killed
 * process leaves behind stands in the file it leaves behind. THING is one line, its text is its identity. Who
 * makes things knows how to take them back; the journal does not.
 *
 * Lines are written, not synchronised to the disk: they must outlive the process, and nothing they speak of
 * outlives the kernel. */
#pragma once

#include "base/err.h"
#include "base/text.h"

struct journal;

enum { JOURNAL_THING = 200 }; /* a thing's text with its NUL */

/* Opens or makes the file PATH; what stands in it stands again, without owners. A last line that was cut off
 * is ignored, a line nobody understands is skipped and logged. ERR_BUSY when another process has it open. */
enum err journal_open(const char *path, struct journal **out, struct text *why) MUST_CHECK;

/* Forgets everything; the file goes when nothing stands in it, and stays otherwise. NULL does nothing. */
void journal_close(struct journal *j);

/* Whether THING stands there; and whether somebody owns it. */
bool journal_has(const struct journal *j, const char *thing);
bool journal_owned(const struct journal *j, const char *thing);

/* One more owner of THING. FIRST tells whether it is the only one: then the line is in the file, and the
 * caller makes the thing (which may be there: a line without owners is a predecessor's). */
enum err journal_take(struct journal *j, const char *thing, bool *first, struct text *why) MUST_CHECK;

/* One owner less; true when that was the last: the caller takes the thing back and strikes it out. False too
 * for what nobody owns. */
bool journal_release(struct journal *j, const char *thing);
void journal_strike(struct journal *j, const char *thing);
/* What is struck out from now on (ON) is so in memory, and in the file before anything is written down there,
 * or when this ends; a successor takes back what is gone already, which does no harm. NULL does nothing. */
void journal_gather(struct journal *j, bool on);

/* Asks UNDO about everything that stands, newest first, and whether it has owners; what it says true of is
 * struck out. */
typedef bool journal_undo_fn(void *ctx, const char *thing, bool owned);
void journal_undo(struct journal *j, journal_undo_fn *undo, void *ctx);
