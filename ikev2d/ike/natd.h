/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NAT detection (RFC 7296, 2.23), and its opposite (RFC 4555, 3.9). */
#pragma once

#include "ike/step.h"

/* Adds both NAT_DETECTION notifies to M. With FAKE the source hash is a random one, so that the peer takes us
 * to be behind a NAT and both encapsulate ESP in UDP. */
void natd_add(struct draft *d, struct message *m, bool fake);

/* The same where D's connection wants no NAT: instead, M says which addresses and ports it is sent between,
 * and the peer is to refuse it when it comes between others (NO_NATS_ALLOWED: RFC 4555, 3.9). Neither in TCP,
 * where the port that we come from is not known yet and a NAT does no harm. */
void natd_ask(struct draft *d, struct message *m, bool fake);
/* Whether the peer said so in M, which came along D's path, and is to be refused. */
bool natd_forbidden(const struct draft *d, const struct message *m);

/* Reads the peer's notifies in M, which came along D's path, into the nat_ flags of D's core; false when it
 * sent none. */
bool natd_read(struct draft *d, const struct message *m);

/* Whether ESP goes in UDP, as the nat_ flags of CORE want it. */
void natd_encap(struct sa_core *core);
