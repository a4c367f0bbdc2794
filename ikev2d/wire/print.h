/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages in the words of RFC 7296's figures. */
#pragma once

#include "base/text.h"
#include "wire/message.h"

/* "IKE_AUTH request 1". */
void message_print_header(const struct wire_header *h, struct text *out);

/* The payloads of M, but for SK: "SA, KE, No, NATD", "D(ESP), N(NO_PROPOSAL_CHOSEN)". Both notifies of NAT
 * detection together are "NATD". */
void message_print_payloads(const struct message *m, struct text *out);
