/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quick crash detection (RFC 6290). Each side has a token of the other's, which only who made it can know,
 * and says only where it knows the IKE_SA no more. Ours are made of a secret that outlives a restart, and of
 * the SPIs, so that nothing has to be kept for them. */
#pragma once

#include "ike/step.h"

/* What our tokens are made of from now on: CRASH_SECRET octets, or none. */
void crash_secret(struct ike *ike, struct bytes secret);

/* Whether we make tokens. */
bool crash_makes(const struct ike *ike);

/* Adds our token of the IKE_SA CORE to a message M that will be sealed, where we make any. */
void crash_token_put(struct step *s, const struct sa_core *core, struct message *m);

/* The peer's token in M, which came sealed; empty: there is none. And keeps it in CORE, if there is one. */
struct bytes crash_token(const struct message *m);
void crash_token_keep(struct sa_core *core, struct bytes token);

/* Adds our token to an answer M that is not sealed: to who sent a message with the header H on an IKE_SA that
 * is not here. */
void crash_token_show(struct step *s, const struct wire_header *h, struct message *m);

/* Looks whether M, which is not sealed, shows that the peer knows the IKE_SA no more. Then that ends, what is
 * to be up is brought up again at once, and SA is gone. */
bool crash_shown(struct step *s, struct sa *sa, const struct message *m);
