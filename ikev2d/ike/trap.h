/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Traps: policies that bring their child up when a packet comes. */
#pragma once

#include "ike/step.h"

/* A trap for the packets of CONF; and whether there is one. */
bool trap_exists(const struct ike *ike, const struct child_conf *conf);
struct trap *trap_add(struct step *s, const struct child_conf *conf);

/* A person wants a trap for CONF, or none (until the configuration asks for it anew). False: there is none to
 * take away. */
bool trap_command(struct step *s, const struct child_conf *conf, bool set);

/* All traps there are belong to an earlier configuration from now on; and those without a successor in the
 * present one go at once, the others when it is set. */
void traps_stale(struct ike *ike);
void traps_retire(struct step *s);

void trap_answered(struct step *s, struct trap *t, const struct ike_answer *answer);
/* Its time to try again has come. */
void trap_due(struct step *s, struct trap *t);
void trap_free(struct ike *ike, struct trap *t);

/* The reqid for a child of CONF: the configured one, or its trap's, or a new one. */
uint32_t trap_reqid(struct ike *ike, const struct child_conf *conf);

/* A packet met POLICY, a trap's or a child's that has lost its SA. */
void acquire(struct step *s, uint32_t policy, const struct ts *local, const struct ts *remote);
