/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps: policies that bring their child up when a packet comes; and the configuration they come from. */
#pragma once

#include "ike/step.h"

/* A new configuration: its traps are set before those of the old one go; "start" children are started when
 * they are new. */
void conf_change(struct step *s, struct peer *const *peers, unsigned n, const struct settings *settings);

void trap_answered(struct step *s, struct trap *t, const struct ike_answer *answer);
/* Its time to try again has come. */
void trap_due(struct step *s, struct trap *t);
void trap_free(struct ike *ike, struct trap *t);

/* Whether both are the same child by name, maybe in two versions. */
bool child_conf_same(const struct child_conf *a, const struct child_conf *b);

/* The reqid for a child of CONF: the configured one, or its trap's, or a new one. */
uint32_t trap_reqid(struct ike *ike, const struct child_conf *conf);

/* A packet met POLICY, a trap's or a child's that has lost its SA. */
void acquire(struct step *s, uint32_t policy, const struct ts *local, const struct ts *remote);
