/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CHILD_SAs that carry the same packets, each what one CPU of ours sends (RFC 9611). The first of them, the
 * general one (the RFC's fallback SA), carries what CPUs send that have none; packets may come on each. All
 * have the same selectors, mode, policy and reqid. Who does not say SA_RESOURCE_INFO knows nothing of this:
 * with such a peer there is the general one alone. */
#pragma once

#include "ike/step.h"

/* The general one of CONF on SA that stands and goes with others, or NULL. */
struct child *resource_general(const struct sa *sa, const struct child_conf *conf);

/* One that stands beside C, a new one, and whose policy they share: the general one, where there is one; or
 * NULL. */
const struct child *resource_kin(const struct sa *sa, const struct child *c);

/* Whether a child of CONF for RESOURCE is to be asked for on SA: there is a general one, none for it, and
 * room on both sides as far as we know. */
bool resource_wanted(
	const struct ike *ike, const struct sa *sa, const struct child_conf *conf, uint32_t resource);

/* Initiator: says in X what is asked for, with selectors from KEEP; and takes what the answer M says of it.
 * False: it is not beside the general one, D->why says so, and no other is asked for. */
void resource_offer(const struct draft *d, struct negotiation *x, struct arena *keep);
bool resource_accept(struct draft *d, struct negotiation *x, const struct message *m);

/* Initiator: the peer refuses X, for a CPU, with N: it is not asked again before one of the others has gone.
 */
enum verdict resource_refused(struct draft *d, struct negotiation *x, const struct wire_notify *n);

/* Responder: chooses the CPU of ours that X, which M asks for, is for: of those with the fewest the last.
 * Returns the notify to answer with, and D->why explains it; 0 when all is well. */
uint16_t resource_choose(struct draft *d, struct negotiation *x, const struct message *m);

/* What X has of it into M (RFC 9611, 4.1): the number of our CPU, which is for people who look for faults. */
void resource_put(const struct negotiation *x, struct arena *scratch, struct message *m);

/* C is installed, one of several or not; it goes (it may not have been added). */
void resource_add(struct ike *ike, struct child *c);
void resource_remove(struct ike *ike, struct child *c);

/* A packet met the policy of a CHILD_SA: whose it is, if that goes with others; else NULL. */
struct child *resource_asked(const struct ike *ike, uint32_t policy);
/* One for RESOURCE is made beside C, if it is wanted. */
void resource_start(struct step *s, struct child *c, uint32_t resource);

/* C has gone: there is room for another one. */
void resource_freed(struct child *c);
