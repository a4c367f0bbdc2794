/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sinks of the log. */
#include "daemon/logging.h"

#include "daemon/syslog.h"

#include <stdio.h>
#include <time.h>

static const char *const levels[] = { "error", "warn", "notice", "detail" };

/* "time=2026-01-31T12:00:00.123Z level=notice event=sa-up conn=…" */
static void to_stderr(void *ctx, enum log_level level, const char *word, const char *line)
{
	struct timespec now;
	char date[32] = "";
	struct tm tm;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm))
		strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(stderr, "time=%s.%03ldZ level=%s event=%s %s\n", date, now.tv_nsec / 1000000, levels[level],
		word, line);
}

static void to_syslog(void *ctx, enum log_level level, const char *word, const char *line)
{
	(void)ctx;
	syslog_line(level, word, line);
}

void logging_start(const struct options *o)
{
	if (!o->foreground)
		syslog_start();
	log_to(o->foreground ? to_stderr : to_syslog, NULL);
	log_upto(o->detail ? LOG_DETAIL : LOG_NOTICE);
}
