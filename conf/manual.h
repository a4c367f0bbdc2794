/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of options for people: conf/OPTIONS.md. */
#pragma once

#include "base/text.h"

/* Appends all sections and keys, with types, defaults, what works, and where strongSwan does otherwise, in
 * Markdown. */
void conf_manual(struct text *out);
