/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A member of the family (daemon/family.h) that is in this process: we are guard and ike, and perhaps another
 * one, who talk to it. */
#pragma once

#include "daemon/ipc.h"

struct talk {
	struct ipc_channel guard, ike; /* our ends */
	struct ipc_channel *to_guard, *to_ike;
	struct ipc_channel third, *to_third; /* NULL: there is none */
};

/* TO_GUARD and TO_IKE become the ends of the member P, which is ready. */
enum err talk_begin(struct talk *t, enum ipc_process p, struct ipc_channel *to_guard,
	struct ipc_channel *to_ike) MUST_CHECK;
/* And TO_THIRD that of P, which is ready, to WHO. */
enum err talk_third(
	struct talk *t, enum ipc_process who, enum ipc_process p, struct ipc_channel *to_third) MUST_CHECK;
void talk_end(struct talk *t);

/* For fuzzers. Sends the next message of IN, which stands there behind whose it is (1: guard's; else 4: the
 * third one's; 2: it goes in a bundle with the next one) and its length, and aborts where it could be written
 * otherwise. The end of the member's at which it waits; NULL: there is none. */
struct ipc_channel *talk_throw(struct talk *t, struct rd *in);

/* Takes all that the member has said, and aborts where it is not well-formed. */
void talk_hear(const struct talk *t);
