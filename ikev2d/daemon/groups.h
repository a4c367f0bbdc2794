/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The groups that a user of EAP is in, by who knows: words that "groups" of a connection may want. From
 * ARENA.
 */
#pragma once

#include "daemon/ipc.h"

/* As the users file has them. */
struct strings groups_enrolled(const struct ipc_octets *in, struct arena *arena);

/* As a RADIUS server has said, by what C takes for groups: by itself a Class, or a Filter-Id of a tunnel of
 * ESP, is nothing of the kind. */
struct strings groups_relayed(const struct radius_conf *c, const struct ipc_relayed *r, struct arena *arena);

/* Whether one of GROUPS is among those that are WANTED. */
bool groups_among(const struct strings *wanted, const struct ipc_octets *groups);
