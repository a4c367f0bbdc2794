/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the log: key=value, one after the other. */
#pragma once

#include "base/log.h"
#include "daemon/gate.h"
#include "model/why.h"

/* Appends " KEY=VALUE" (without the blank at the start), VALUE in quotes where it needs them, control
 * characters as \xHH. NULL adds nothing. */
void line_add(struct text *line, const char *key, const char *value);
void line_number(struct text *line, const char *key, uint64_t value);

/* All that WHY says; its sentence as "msg". */
void line_why(struct text *line, const struct why *why);

/* Whether a line that strangers can make us write may pass G at NOW (ms); says before it how many were left
 * out.
 */
bool line_pass(struct gate *g, uint64_t now);

/* Logs the one sentence TEXT under WORD. */
void line_say(enum log_level level, const char *word, const char *text);
