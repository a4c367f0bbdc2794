/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the process that speaks IKE may have guard install, and have proved: nothing that the configuration
 * does not say. What two peers agree on is never more than that, so that whoever asks for more is not itself
 * any more. */
#pragma once

#include "ike/ike.h"

/* Whether S, or P, is within what its child is configured as: selectors (a dynamic one is one address),
 * marks, interface IDs, mode, reqid, SAs for CPUs, and an SA's algorithms. False: WHY gets a sentence. */
bool grant_sa(const struct sa_spec *s, struct text *why);
bool grant_policy(const struct policy_spec *p, struct text *why);

/* Whether Q has all that its answer is made of, and is not one that is answered where it is asked. */
bool grant_question(const struct ike_question *q);
/* Whether Q, a question about a proof, is about who its connection says that we are, and who the peer. */
bool grant_proof(const struct ike_question *q, struct text *why);
/* Whether Q, about a post-quantum preshared key, is about one of its connection's. */
bool grant_ppk(const struct ike_question *q, struct text *why);
/* How often we prove who we are in an exchange of P: once for each round, and once more where that is done
 * with and without a post-quantum preshared key (RFC 8784, 3). */
unsigned grant_proofs(const struct peer *p);
