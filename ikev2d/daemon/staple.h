/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OCSP answers about our own certificates, sent along with them to a peer that wants them (RFC 4806). */
#pragma once

#include "creds/creds.h"
#include "ike/ike.h"

struct world;
struct answer;

/* Whether Q's peer is to get such. */
bool staple_wanted(const struct ike_question *q);

/* Adds those about SHOWN, our certificates of which each was issued by the next one, to ANSWER, and hands it
 * over: at once, or when the responders have answered. SHOWN is copied. NAME: of the connection. */
void staple(struct world *w, const struct cert_list *shown, const char *name, struct answer *answer);

/* Hands ANSWER over, a proof with certificates or the failure to make one; where its connection is named,
 * with OCSP answers about the certificates that it shows. */
void staple_answer(struct world *w, struct answer *answer);

/* Answers that wait for a responder are given up. The fetcher is stopped behind this. */
void staples_stop(struct node *all);
