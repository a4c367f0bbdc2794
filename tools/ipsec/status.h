/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What status shows: connections, configured ones first, with the SAs and the last failure of each. */
#pragma once

#include "snapshot.h"

/* One connection. CONN is NULL where SAs outlived their configuration. */
struct status_conn {
	const char *name;
	const struct vici_node *conn, *failure;
	const char *state; /* "up", "connecting", "down" */
};

struct status {
	struct ipsec *x;
	struct snapshot snapshot;
	const char *only;                        /* this child; NULL: all */
	bool all;                                /* with keys, algorithms and times */
	const struct vici_node *version, *stats; /* of the daemon; with ALL only */
};

/* "up", the state of the CHILD_SA in small letters, or "down"; of a shunt "installed" or "down". */
const char *status_child_state(const struct status *s, const char *conn, const char *child);

/* SECONDS as people say them: "5 min". From ARENA. */
const char *status_duration(const char *seconds, struct arena *arena);

/* For people. */
void status_text_daemon(const struct status *s);
/* What somebody should look at. */
void status_text_warnings(const struct status *s);
void status_text(const struct status *s, const struct status_conn *c);
