/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Agreeing on a CHILD_SA: proposal and selectors, both roles. */
#pragma once

#include "ike/child.h"

/* Initiator: adds what is offered for CONF to M, and keeps it in D->hs. */
void negotiate_offer(struct draft *d, const struct child_conf *conf, struct message *m);

/* Initiator: takes the peer's choice in M into DEAL; false when it refused or chose what was not offered:
 * D->why says so. */
bool negotiate_accept(struct draft *d, const struct message *m, struct child_deal *deal);

/* Responder: finds the child of D's connection that the request in M means and fills DEAL. Otherwise returns
 * the notify to answer with, and D->why explains it; 0 when all is well. */
uint16_t negotiate_choose(struct draft *d, const struct message *m, struct child_deal *deal);

/* Responder: adds the answer to M: CHILD, with the number NUM of the proposal it was chosen from. */
void negotiate_answer(struct draft *d, const struct child *child, uint8_t num, struct message *m);
