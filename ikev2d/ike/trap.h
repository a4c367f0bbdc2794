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

/* CONF is of an earlier configuration: its trap, if there is one, goes when that of NOW is set, which is what
 * is configured in its place; at once where NOW is NULL or is to have none. One that a person wanted has one
 * in any case. */
void trap_retire(struct step *s, const struct child_conf *conf, const struct child_conf *now);
/* The trap of CONF, if there is one, is one of this version from now on. */
void trap_follow(struct ike *ike, const struct child_conf *conf);

/* The traps of C are set anew: virtual addresses of this machine go, and the kernel drops routes that have
 * them as source. */
void traps_renew(struct step *s, struct conn *c);

/* A child of CONF is up, of REQID, which answers what a packet has asked of a trap with the same one (of other
 * versions of CONF there may be other ones); is gone, or was not reached: then its trap, if a packet has asked,
 * lets others ask again, after a while. */
void trap_up(struct ike *ike, const struct child_conf *conf, uint32_t reqid);
void trap_lost(struct step *s, const struct child_conf *conf);

void trap_answered(struct step *s, struct trap *t, const struct ike_answer *answer);
/* Its time to try again has come. */
void trap_due(struct step *s, struct trap *t);
void trap_free(struct ike *ike, struct trap *t);

/* The reqid for a child of CONF: the configured one, or its trap's, or a new one. */
uint32_t trap_reqid(struct ike *ike, const struct child_conf *conf);
/* The marks of the trap of CONF; false when it has none. */
bool trap_marks(const struct ike *ike, const struct child_conf *conf, struct sa_marks *out);

/* A packet met POLICY, a trap's or a child's that has lost its SA, or has none for RESOURCE (as in struct
 * child). */
void acquire(
	struct step *s, uint32_t policy, uint32_t resource, const struct ts *local, const struct ts *remote);
