/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual addresses (RFC 7296, 2.19), and what is told with them, by configuration payloads (3.15): who has
 * begun the IKE_SA asks for them, the other end gives them from its pools. */
#pragma once

#include "ike/step.h"

/* The selectors that stand for the local end of D's IKE_SA, or for the remote one, where "dynamic" is
 * configured: its virtual addresses, or else its address; before it has those that it asks for, all that they
 * may be. */
struct tss cfg_ends(const struct draft *d, bool local);

/* ---------------------------------------------------------------------- client */

/* Asks in M for what is configured, or for what the IKE_SA has that is authenticated anew. */
void cfg_ask(struct draft *d, struct message *m);

/* Takes the addresses in the answer M, which are put on this machine; false when they were asked for and none
 * came: D->why says why. */
bool cfg_take(struct draft *d, const struct message *m);

/* ---------------------------------------------------------------------- gateway */

enum cfg_wish {
	CFG_NOTHING, /* no addresses: neither is any asked for, nor is there a pool */
	CFG_WAITS,   /* S_R_LEASE waits for them */
	CFG_MISSING, /* there is a pool, and the peer asks for nothing, */
	CFG_WRONG,   /* or not as it must: D->why says which in both cases */
};

/* What the request M asks for is asked for. */
enum cfg_wish cfg_lease(struct draft *d, const struct message *m);

/* Takes D's answer, which brought addresses, for the answer to the request M; adds it. */
void cfg_leased(struct draft *d, const struct message *m);
void cfg_answer(const struct draft *d, struct message *m);

/* ------------------------------------------------------------------------ both */

/* A copy in ARENA. */
struct ike_ips cfg_ips_copy(struct arena *arena, struct ike_ips ips);
struct strings cfg_domains_copy(struct arena *arena, struct strings domains);

/* SA has ended: its addresses are of no use to it any more. */
void cfg_release(struct step *s, struct sa *sa);
/* INTO has taken the place of FROM: so it has its addresses. */
void cfg_adopt(struct sa *from, struct sa *into);
/* An answer came for nobody: what it brought goes back. */
void cfg_give_back(struct step *s, const struct ike_answer *answer);
