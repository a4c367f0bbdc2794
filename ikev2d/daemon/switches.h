/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kill switches: children with kill_switch = yes or all. What they would send in the clear is dropped from
 * when somebody wants them up until a person, or an orderly end, takes them down: whatever becomes of their
 * tunnels, or of this process, meanwhile. */
#pragma once

#include "base/list.h"
#include "xfrm/route.h"

struct switches {
	struct route *route;
	struct node all; /* configured ones, closed or not */
	uint32_t user;   /* of the process that asks for names and certificates; 0: this one does */
	uint32_t last_id;
};

void switches_start(struct switches *s, struct route *route, uint32_t user);

/* Forgets them; what is closed opens with ROUTE's orderly end. */
void switches_stop(struct switches *s);

/* As shunts_follow: those that start_action or keep wants up are closed; one that says the same as before
 * stays as it is, and one that a person has closed, maybe before a crash, stays closed whatever it says now.
 * Connections that cannot be used have theirs all the same. */
void switches_follow(struct switches *s, const char *only, struct peer *const *peers, unsigned n);

/* Closes, or opens, those of the child CHILD (NULL: all) of the connection IKE (NULL: any). WHY gets a
 * sentence on failure; true when one was closed. */
enum err switches_close(struct switches *s, const char *ike, const char *child, struct text *why) MUST_CHECK;
bool switches_open(struct switches *s, const char *ike, const char *child);

/* Hands each child whose switch is closed to EACH. */
typedef void switches_fn(void *ctx, const struct child_conf *closed);
void switches_each(const struct switches *s, switches_fn *each, void *ctx);
