/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as the core sees it: versions of connections, the newest of which is in force. */
#pragma once

#include "ike/step.h"

/* A new configuration: its traps are set before those of the old one go; "start" children are started when
 * they are new. */
void conf_change(struct step *s, struct peer *const *peers, unsigned n, const struct settings *settings);

/* Whether both are the same child by name, maybe in two versions. */
bool child_conf_same(const struct child_conf *a, const struct child_conf *b);

/* The child among PEERS that is the same by name as LIKE, or NULL. */
const struct child_conf *child_conf_named(
	struct peer *const *peers, unsigned n, const struct child_conf *like);

/* The connection or child as it is configured now under the same name; the same where it is configured no
 * more. What is rekeyed goes on under the newest version. */
const struct peer *peer_now(const struct ike *ike, const struct peer *peer);
const struct child_conf *child_conf_now(const struct ike *ike, const struct child_conf *conf);
