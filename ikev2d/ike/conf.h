/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration as the core sees it: connections by name, each with the version that is in force and with
 * what there is of any version. */
#pragma once

#include "ike/step.h"

/* The connection NAME, or NULL; in the second form it is made when it is not there. */
struct conn *conn_find(const struct ike *ike, const char *name);
struct conn *conn_get(struct ike *ike, const char *name);
/* Frees CONN where it is not configured and has no SA. */
void conn_tidy(struct ike *ike, struct conn *conn);

/* SA is one of PEER's connection from now on, and holds a reference to PEER; NULL: of none. */
void conn_of_sa(struct ike *ike, struct sa *sa, const struct peer *peer);

/* Another configuration, in which PEERS are in force. Where ONLY is not NULL, all but the connection ONLY is
 * as before: it is the one of PEERS, or there is none, and it is gone.
 *
 * A child that says the same as before, in a connection that does, is not touched. One that is gone or says
 * something else ends as its start_action began: its trap goes, or what it has started (keep = yes counts as
 * start) is taken down, with its IKE_SA where nothing else is on that. Then the start_action of the new
 * version is carried out. SAs that nothing here has started run on under the version they were made under,
 * until they are rekeyed under the new one. */
void conf_change(struct step *s, struct peer *const *peers, unsigned n, const char *only,
	const struct settings *settings);
/* Drops all connections: the core ends. */
void conns_free(struct ike *ike);

/* Whether both are the same child by name, maybe in two versions. */
bool child_conf_same(const struct child_conf *a, const struct child_conf *b);

/* The connection or child as it is configured now under the same name; the same where it is configured no
 * more, in the second form of a child NULL. What is rekeyed goes on under the newest version. */
const struct peer *peer_now(const struct ike *ike, const struct peer *peer);
const struct child_conf *child_conf_now(const struct ike *ike, const struct child_conf *conf);
const struct child_conf *child_conf_in_force(const struct ike *ike, const struct child_conf *conf);
