/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where people read: lines that fit the width of the terminal, and colours. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

struct arena;

/* What a colour means. */
enum paint { PAINT_GOOD, PAINT_NOTE, PAINT_BAD, PAINTS };

/* Columns of the terminal that OUT is; 0: it is none. */
unsigned term_width(FILE *out);

/* Its lines, or 0. */
unsigned term_height(FILE *out);

/* Whether OUT shows colours: a terminal that can, and NO_COLOR is not set (no-color.org). */
bool term_colours(FILE *out);

/* A stream whose lines go to OUT, broken between words where they are longer than WIDTH columns; what is
 * broken off is indented. A line goes out when it is complete or the stream is closed, which leaves OUT open.
 */
FILE *term_wrap(FILE *out, unsigned width);

/* TEXT in a colour, from ARENA, or as it is where COLOURS is false. */
const char *term_paint(bool colours, enum paint paint, const char *text, struct arena *arena);
