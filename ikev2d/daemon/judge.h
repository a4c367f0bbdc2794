/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's proofs by signature: AUTH with the certificate's key, the identity, the chain, and then, where
 * the connection minds, whether anything in it was revoked. In this order, so that a stranger with somebody's
 * certificate makes us fetch nothing. */
#pragma once

#include "daemon/inquiry.h"
#include "ike/ike.h"

struct world;
struct answer;

enum { JUDGE_TIME = 6 /* s for servers: the core waits a little longer */ };

struct judges {
	int64_t (*now)(void); /* seconds since 1970 */
	struct node asking;   /* struct judgement: those that wait for a server */
	struct inquiries inquiries;
};

void judges_start(struct judges *j);

/* What waits gets no answer any more. The fetcher is stopped behind this: it calls back. */
void judges_stop(struct judges *j);

/* Answers Q, at once or when what is fetched has come. */
void judge_check(struct world *w, const struct ike_question *q, struct answer *answer);

/* Judges what the peer of an IKE_SA has proved itself with as it is judged now: where something in it is
 * revoked, that IKE_SA ends, and why is said. ASK: servers may be asked; what they say comes with the next
 * recheck. Not within a step of the core. */
void judge_again(struct world *w, const struct ike_proven *proven, bool ask);
