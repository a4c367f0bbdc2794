/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said without a seal, to and by anybody (RFC 7296, 1.5, 2.21.4). */
#pragma once

#include "ike/step.h"

/* Answers the request with header H: its major version is not ours, or we have no such IKE_SA. Unless there
 * have been many such answers: nobody is to be hit by what somebody makes us send. */
void stranger_refuse_version(struct step *s, const struct path *path, const struct wire_header *h);
void stranger_refuse_spis(struct step *s, const struct path *path, const struct wire_header *h);

/* Whether one more of WHAT may be done now. */
bool stranger_may(struct step *s, enum stranger what);
/* The same for somebody who has PART of ALL that one can have done for it: the smaller that is, the more is
 * left over for those who have done more. */
bool stranger_may_for(struct step *s, enum stranger what, unsigned part, unsigned all);

/* Answers with COOKIE, and with PUZZLE where it is one, a request that an IKE_SA begins with. As many
 * as may come: no answer is larger than its request. */
void stranger_ask_cookie(struct step *s, const struct path *path, const struct wire_header *h,
	struct bytes cookie, const struct wire_puzzle *puzzle);

/* Says to whom sends ESP on PATH, with an SPI that no SA has, that it is so: sealed, if there is an IKE_SA
 * with that address; else as a hint, for which the same limit holds. An IKE_SA hears of one now and then. */
void stranger_unknown_spi(struct step *s, const struct path *path, bool encap, uint32_t spi);

/* Somebody who may be a peer says in a message M of no IKE_SA that it has no SA for what we send: then the
 * peer is asked whether it is alive, if it has not been heard for a while. */
void stranger_hints(struct step *s, const struct path *path, const struct message *m);
