/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The times of an IKE_SA: liveness, keepalives, rekeying, authentication anew, the end. */
#pragma once

#include "ike/step.h"

/* CORE, whose peer and NATs are known, is established now. It is authenticated anew when OLD, which it
 * replaces, would have been (NULL: it is authenticated now). */
void life_begin(struct step *s, struct sa_core *core, const struct sa_core *old);

/* NATs before us have come or gone: keepalives begin or end with them. */
void life_nat(struct step *s, struct sa_core *core);

/* Responder: adds for how long the peer's authentication holds, where it does not hold for ever; initiator:
 * takes it, in seconds (RFC 4478). */
void life_announce(const struct draft *d, struct message *m);
void life_authenticated(struct draft *d, struct bytes seconds);

/* The peer's certificates, which were checked for D, expire: as the connection's cert_expiry wants it, the
 * IKE_SA is authenticated anew before, and ends then if that did not succeed. */
void life_certified(struct draft *d);

/* What was proved for the IKE_SA that D resumes, or now by EAP, holds for MS. */
void life_resumed(struct draft *d, uint64_t ms);

/* The earliest of what is due for SA and its children, not counting its exchanges. */
uint64_t life_due(const struct sa *sa);

/* Does what is due. False when SA may be gone. */
bool life_run(struct step *s, struct sa *sa);

/* The authentication of the peer of SA counts for SECONDS from now on, instead of what was so before, but no
 * longer than the certificates that it was made with; the peer is told (RFC 4478), by what life_remind puts
 * into M. */
void life_limit(struct step *s, struct sa *sa, uint32_t seconds);
void life_remind(const struct draft *d, struct message *m);

/* How long (ms) C may be idle, for its own sake or for that of its IKE_SA; 0: for ever. */
uint64_t life_idle(const struct child *c);

/* The question when SA's children were last used was answered. */
void life_used(struct step *s, struct sa *sa, const struct ike_answer *answer);

/* T plus TIME, less a random share of JITTER; 0 when TIME is 0 (never). */
uint64_t life_soft(struct step *s, uint64_t time, uint64_t jitter);
