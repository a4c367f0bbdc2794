/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon has at one moment, and what a user's NAME means in it. */
#pragma once

#include "client.h"

/* Sections of list-conn, list-sa and list-policy events (of shunts), in the daemon's order. They live in the
 * arena of the call. */
struct snapshot {
	const struct vici_node **conns, **sas, **shunts;
	unsigned n_conns, n_sas, n_shunts;
};

/* Asks the daemon. DONE or FAILED. */
int snapshot_take(struct client *c, struct snapshot *out) MUST_CHECK;

/* What COMMAND lists: a section for each item, in events or (NULL) in the response. ARGS, ending in NULL, are
 * keys whose value is yes; NULL: none. */
struct snapshot_list {
	const char *command, *event;
	const char *const *args;
};

/* One list alone. DONE or FAILED. */
int snapshot_list(struct client *c, const struct snapshot_list *list, const struct vici_node ***items,
	unsigned *n) MUST_CHECK;

/* The configured connection NAME, or NULL. */
const struct vici_node *snapshot_conn(const struct snapshot *s, const char *name);

/* A connection, and one child of it or (NULL) all. */
struct target {
	const char *conn, *child;
};

/* What NAME means: a connection, a child, CONN/CHILD, or CONN/ (surely the connection). Where a connection
 * and its own child have the same name, the connection is meant. Configured ones count, and those that are
 * up. FAILED after a complaint that lists the candidates, or says what was perhaps meant. */
int target_find(struct ipsec *x, const struct snapshot *s, const char *name, struct target *out) MUST_CHECK;

/* "CONN/CHILD" or "CONN", from ARENA. */
const char *target_print(struct target t, struct arena *arena);
