/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line, one event: a stable word, then text with key=value. Where lines go is decided by whoever sets the
 * sink (the daemon: stderr, syslog, VICI; tests: a list). The core does not log; it returns records. */
#pragma once

#include "base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_NOTICE, LOG_DETAIL };

typedef void log_sink(void *ctx, enum log_level level, const char *word, const char *line);

/* Where lines go from now on; NULL drops them. */
void log_to(log_sink *sink, void *ctx);

/* Lines above LEVEL are dropped (LOG_NOTICE at the start). */
void log_upto(enum log_level level);

/* Says one thing. WORD names the kind of event ("start", "sa-up", …) and never changes its meaning. */
void log_say(enum log_level level, const char *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
