/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system log. Apart, because <syslog.h> has names of its own for the levels of base/log.h. */
#pragma once

void syslog_start(void);

/* LEVEL is an enum log_level. */
void syslog_line(unsigned level, const char *word, const char *line);
