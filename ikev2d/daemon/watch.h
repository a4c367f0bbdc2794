/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and keys as files change: what changes in the folders is read again a moment later, and used
 * from the next authentication on. And as time goes by: certificates of ours that expire soon are told. */
#pragma once

#include "base/text.h"

#include <event2/event.h>

struct world;

enum { WATCH_QUIET = 500 /* ms without a change: a tool that writes several files is done */ };

struct watch {
	int fd; /* inotify; -1: none */
	struct event *readable, *quiet, *daily;
};

void watch_start(struct world *w);
void watch_stop(struct world *w);

/* Watches the folders of the configuration as it is now, and looks at our certificates. */
void watch_again(struct world *w);

/* A line for each of our certificates that has expired or will within CREDS_WARNING days, into OUT. */
void watch_expiring(struct world *w, struct text *out);
