/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOBIKE (RFC 4555). Who began the first of a row of IKE_SAs decides between which addresses they go on, and
 * tells the other end; that may say which other addresses it has.
 *
 *   initiator                                     responder
 *   HDR, SK {N(UPDATE_SA_ADDRESSES),
 *     NATD, [ADDITIONAL_*,] COOKIE2}    -->
 *                                       <--       HDR, SK {NATD, COOKIE2}
 *                                       <--  or   HDR, SK {N(UNACCEPTABLE_ADDRESSES)}
 *                                       <--       HDR, SK {COOKIE2}: does it get there?
 *   HDR, SK {COOKIE2}                   -->
 *
 * A request that is not answered is repeated on all paths there are; the one that the answer comes on is
 * gone on with. */
#pragma once

#include "ike/step.h"

/* IKE_AUTH: puts into M that we have MOBIKE, where that is wanted, and which addresses; takes the same from
 * the peer's M. */
void mobike_put(const struct draft *d, struct message *m);
void mobike_take(struct draft *d, const struct message *m);

/* A sealed message came: an answer that came on another path than D's says that this one works. */
void mobike_heard(struct draft *d);

/* Whether the question which paths SA has was not answered in time: it is asked again, or forgotten. */
bool mobike_overdue(struct step *s, struct sa *sa);

/* Adds to M what a request of KIND has to say. */
void mobike_request(struct draft *d, enum task_kind kind, struct message *m);

/* D's message is a request: does what it says of addresses, and adds to ANSWER what belongs there. */
void mobike_answer(struct draft *d, struct message *answer);

/* D's message is the answer to our request of T. */
enum verdict mobike_answered(struct draft *d, const struct task *t);

/* The addresses of this machine are these N now, or its routes have changed. */
void mobike_addresses(struct step *s, const struct ip *v, unsigned n);

/* The question which paths there are for SA was answered. */
void mobike_routed(struct step *s, struct sa *sa, const struct ike_answer *answer);

/* This machine has slept: is the path of SA still there? */
void mobike_woken(struct step *s, struct sa *sa);

/* The request in flight was not answered in time. */
void mobike_unanswered(struct step *s, struct sa *sa);
