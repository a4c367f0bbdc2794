/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates, keys and the users file as they change: what changes in the folders is read again a moment
 * later, and used from the next authentication on. And as time goes by: certificates of ours that expire soon
 * are told. */
#pragma once

#include "base/text.h"

#include <event2/event.h>

struct world;

enum { WATCH_QUIET = 500 /* ms without a change: a tool that writes several files is done */ };

/* What inotify tells, and a timer that begins anew with each change. */
struct watched {
	int fd; /* inotify; -1: none */
	struct event *readable, *quiet;
};

struct watch {
	struct watched creds, users;
	struct event *daily;
};

void watch_start(struct world *w);
void watch_stop(struct world *w);

/* Watches the folders and the users file of the configuration as it is now, and looks at our certificates. */
void watch_again(struct world *w);

/* A line for each of our certificates that has expired or will within CREDS_WARNING days, into OUT. */
void watch_expiring(struct world *w, struct text *out);
