/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual pages in roff's macros of that name: man(7). */
#pragma once

#include "base/text.h"

/* The head of the page NAME in SECTION of the manual, and what it is in a few words. */
void roff_head(struct text *out, const char *name, unsigned section, const char *what);

/* A heading; a paragraph; an entry of a list, TERM in bold, then ARGS (may be NULL) as they are, then TEXT.
 */
void roff_section(struct text *out, const char *title);
void roff_paragraph(struct text *out, const char *text);
void roff_entry(struct text *out, const char *term, const char *args, const char *text);

/* S on a line of its own, so that roff takes nothing in it for its own. */
void roff_line(struct text *out, const char *s);
