/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Children that are wanted up though nobody waits for them: to be kept, started with the configuration, or
 * brought back after the peer closed them or was found dead. Each attempt resolves the peer's name anew. */
#pragma once

#include "ike/step.h"

/* How long and how often a child is tried. */
enum want_kind {
	WANT_ONCE, /* keyingtries times, until it is up */
	WANT_KEPT, /* for ever, and again whenever it is gone */
};

/* CONF is wanted from now on, at the first time at once. One that is wanted already is not wanted twice, and
 * one that can never be begun (begin.h) not at all. */
void want_add(struct step *s, const struct child_conf *conf, enum want_kind kind);

/* A child of CONF is up; is gone, or was not reached: its trap hears of that, too. */
void want_up(struct ike *ike, const struct child_conf *conf);
void want_lost(struct step *s, const struct child_conf *conf);
/* It is gone, and its peer is known to be there: if it is wanted, it is tried at once. */
void want_now(struct step *s, const struct child_conf *conf);

/* Nobody wants CONF up until the next command or configuration: a person wants it down, or it is gone. */
void want_stop(struct ike *ike, const struct child_conf *conf);

/* What ACTION says for a child of CONF, as it is configured now, that the peer has closed or that was lost
 * with it. */
void want_action(struct step *s, const struct child_conf *conf, enum child_action action);

/* If CONF is wanted in an earlier version, it is in this one from now on. */
void want_follow(struct ike *ike, const struct child_conf *conf);

/* How long is waited after TRIES in vain, ms: FIRST, twice as long each time, up to LONGEST; about. */
uint64_t want_pause(struct step *s, unsigned tries, uint64_t first, uint64_t longest);

/* Whatever waits for its time is tried now. */
void wants_hasten(struct step *s);

/* Attempts that are due. */
void wants_due(struct step *s);
void wants_free(struct ike *ike, struct conn *conn);

/* A kept child that is not up, or NULL. */
const struct child_conf *wants_missing(struct ike *ike);
