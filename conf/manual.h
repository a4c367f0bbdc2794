/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of options for people: conf/OPTIONS.md, and ikev2d.conf(5). */
#pragma once

#include "base/text.h"

/* Appends all sections and keys, with types, defaults, what works, and where strongSwan does otherwise, in
 * Markdown. */
void conf_manual(struct text *out);

/* Appends the same as a manual page, as roff. */
void conf_page(struct text *out);
