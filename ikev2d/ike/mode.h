/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The mode of a CHILD_SA. It is a tunnel, unless the initiator asks for another mode and the responder
 * repeats that: transport mode (RFC 7296, 1.3.1; behind NATs 2.23.1), IP-TFS (RFC 9347, 5.1), whose notify
 * says what its sender demands, or BEET mode as strongSwan asks for it, by a notify of private use. Who does
 * not get the mode it is configured for takes the tunnel, and says so.
 */
#pragma once

#include "ike/step.h"

/* Adds to M, of IKE_SA_INIT, what tells the peer that BEET mode is meant by strongSwan's notify, where a
 * child of P has that. */
void mode_introduce(const struct peer *p, struct arena *scratch, struct message *m);
/* Takes from M, of IKE_SA_INIT, whether the peer means that. */
void mode_recognise(struct draft *d, const struct message *m);

/* Adds MODE to M: nothing for a tunnel. */
void mode_put(const struct draft *d, enum child_mode mode, struct message *m);

/* Whether M asks for IP-TFS, and that no inner packet is cut (RFC 9347, 5.1). */
bool mode_keeps_whole(const struct message *m);

/* Responder: the mode that a child of CONF has for the request M, with the selectors LOCAL and REMOTE that
 * both have in common; none where there are no such. From the scratch arena. */
enum child_mode mode_choose(struct draft *d, const struct message *m, const struct child_conf *conf,
	struct tss *local, struct tss *remote);
/* Responder: whether MODE, that of a child of CONF, is what both want. */
bool mode_agreed(
	const struct draft *d, const struct message *m, const struct child_conf *conf, enum child_mode mode);
/* Responder: why a child of CONF does not have the mode that M asks for, or that it is configured for; NULL:
 * they are the same. From the scratch arena. */
const char *mode_difference(const struct draft *d, const struct message *m, const struct child_conf *conf);

/* Responder: the mode that a child of CONF must have to do for M, when it is that alone; NULL: it is not. */
const char *mode_instead(struct draft *d, const struct message *m, const struct child_conf *conf);

/* Initiator: takes the peer's answer M to X, which has the mode that was asked for, and holds the mode that
 * was agreed on then; LOCAL and REMOTE are the peer's selectors as they are to be understood here. False when
 * the answer does not fit what was asked for: D->why says so. */
bool mode_accept(struct draft *d, struct negotiation *x, const struct message *m, struct tss *local,
	struct tss *remote);
