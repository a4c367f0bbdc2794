/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines to syslog(3), facility daemon. */
#include "daemon/syslog.h"

#include <syslog.h>

void syslog_start(void)
{
	openlog("ikev2d", LOG_PID, LOG_DAEMON);
}

void syslog_line(unsigned level, const char *word, const char *line)
{
	static const int severities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

	syslog(severities[level], "event=%s %s", word, line);
}
