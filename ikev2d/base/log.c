/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A line is put together here and handed to the sink. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

enum { LINE_MAX_OCTETS = 2048 };

static log_sink *sink;
static void *sink_ctx;
static enum log_level upto = LOG_NOTICE;

void log_to(log_sink *s, void *ctx)
{
	sink = s;
	sink_ctx = ctx;
}

void log_upto(enum log_level level)
{
	upto = level;
}

void log_say(enum log_level level, const char *word, const char *format, ...)
{
	char line[LINE_MAX_OCTETS];
	va_list args;

	if (!sink || level > upto)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	sink(sink_ctx, level, word, line);
}
