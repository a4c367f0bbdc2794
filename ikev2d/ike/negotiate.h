/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Agreeing on a CHILD_SA: proposal and selectors, both roles, in IKE_AUTH and CREATE_CHILD_SA. What X keeps
 * lies in KEEP. */
#pragma once

#include "ike/child.h"

/* Initiator: adds what is offered for X->child to M, with the key exchanges of its proposals if X->ke is set.
 */
void negotiate_offer(struct draft *d, struct negotiation *x, struct arena *keep, struct message *m);

/* Initiator: takes the peer's choice in M into X; false when it refused or chose what was not offered: D->why
 * says so. */
bool negotiate_accept(struct draft *d, struct negotiation *x, struct arena *keep, const struct message *m);

/* Initiator: the explanation for the peer's refusal N (NULL: it gave none). */
void negotiate_refused(struct draft *d, const struct negotiation *x, const struct wire_notify *n);

/* Responder: finds which of the N CHILDREN the request in M means, and puts what both have in common into X.
 * Otherwise returns the notify to answer with, and D->why explains it; 0 when all is well. */
uint16_t negotiate_choose(struct draft *d, struct negotiation *x, struct arena *keep, const struct message *m,
	const struct child_conf *children, unsigned n);

/* Both: whether another peer has got meanwhile what C, whose installation is over, is for, so that the data
 * path could not tell them apart (twin.h). Returns the notify to answer with, and D->why explains it; 0 when
 * it is C's. What we ask of a peer that we have called is as somebody wanted it. */
uint16_t negotiate_too_late(struct draft *d, const struct child *c);

/* Responder: adds what X has agreed on to M, the answer. */
void negotiate_answer(struct draft *d, const struct negotiation *x, struct message *m);

/* Closes the CHILD_SAs of D's IKE_SA that are of AH where a NAT is between now, which they do not cross (RFC
 * 3948, 1: AH has no form that would); each is told. */
void negotiate_end_ah(struct draft *d);

/* SPI as four octets of ARENA. */
struct bytes spi_bytes(struct arena *arena, uint32_t spi);
