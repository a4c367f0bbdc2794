/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Unix socket of VICI: accepts clients and moves their bytes to and from the VICI server. */
#pragma once

#include "base/list.h"
#include "daemon/gate.h"
#include "daemon/rights.h"

#include <event2/event.h>

struct control {
	struct event_base *base;
	struct vici *vici;
	struct node clients;
	unsigned n_clients, n_with[VICI_SEES_KEYS + 1]; /* all, and by rights */
	struct gate full;                               /* for lines that say so */
	int fd;                                         /* -1: not listening */
	struct event *acceptable;
	const char *path;
	struct rights rights;
	const char *link; /* for stock clients; NULL: none */
};

void control_start(struct control *c, struct event_base *base, struct vici *vici);

/* Listens at PATH, which the caller keeps; he holds the lock on its directory, so one that is there is a
 * leftover. Who connects may do what RIGHTS say. */
enum err control_listen(
	struct control *c, const char *path, const struct rights *rights, struct text *why) MUST_CHECK;

/* Offers the socket at LINK too, where stock clients look; false when something else is there. */
bool control_offer(struct control *c, const char *link);

/* Accepts no more, and hears nobody any more; what was made in the file system goes. */
void control_shut(struct control *c);

/* Sends what fits of what waits, and closes all clients: to them this means that the daemon has ended. */
void control_stop(struct control *c);

/* The session opened with IO has output (struct vici_host). */
void control_writable(struct control *c, void *io);
