/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHILD_SAs: negotiated, installed, ended. */
#pragma once

#include "ike/step.h"

/* Makes the child that X agreed on and asks the data path to install it; it is committed with D, and X->made
 * is its number. INITIATOR of the exchange: says whose keys are whose. The outcome comes to child_answered.
 * NULL when the keys cannot be made. */
struct child *child_make(struct draft *d, struct negotiation *x, bool initiator);

/* A part of CHILD's installation was answered. */
void child_answered(struct step *s, struct child *child, const struct ike_answer *answer);

/* Whether the installation of a child of SA takes too long: then it has failed, and SA may be gone. */
bool child_overdue(struct step *s, struct sa *sa);

/* The state of CHILD once its installation has succeeded. */
enum child_state child_settled(const struct child *child);

/* For commit only: CHILD goes into STATE (CHILD_INSTALLED: it carries traffic from now on, unless it is the
 * REDUNDANT one of two), is to be rekeyed at once, is to be deleted, or ends and is freed. */
void child_set(struct step *s, struct child *child, enum child_state state, bool redundant);
void child_outdated(struct step *s, struct child *child);
/* CHILD goes to where its IKE_SA is, encapsulated or not as that has it. */
void child_move(struct step *s, struct child *child);
void child_close(struct sa *sa, struct child *child);
void child_end(struct step *s, struct child *child, enum ending ending, const struct why *why);
/* CHILD has lived for as long as it may: it carries nothing from now on, and the peer is told when it can be.
 */
void child_expire(struct step *s, struct child *child);
/* The first authenticated packet came on CHILD: the peer uses it, so we do too. */
void child_used(struct step *s, struct child *child);
/* The twin of CHILD has sent for long enough. */
void child_switch(struct step *s, struct child *child);
/* A child that was replaced and deleted is gone altogether: its inbound SA goes. */
void child_late_end(struct step *s, struct child *child);
/* Its IKE_SA goes: it stays with a twin for the rest of its time, or goes too. */
void child_late_leave(struct step *s, struct child *child);
void child_free(struct ike *ike, struct child *child);

/* The selectors of CONF between the hosts of D's path: dynamic ones resolved. From the scratch arena. */
struct tss child_local_ts(const struct draft *d, const struct child_conf *conf);
struct tss child_remote_ts(const struct draft *d, const struct child_conf *conf);

/* The child with number ID (of any IKE_SA) that has not been deleted, or NULL. */
struct child *child_find(const struct ike *ike, uint32_t id);

/* The child with this outbound (inbound) SPI, or NULL. */
struct child *child_by_spi(const struct sa *sa, uint32_t spi, bool inbound);
