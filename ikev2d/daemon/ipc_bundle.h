/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages that need not go at once are gathered and leave as one, IPC_BUNDLE: what each costs is above all
 * that somebody is woken for it. What comes of one is what would come of its messages one after the other. */
#pragma once

#include "daemon/ipc.h"

/* All zero: nothing was gathered. */
struct ipc_bundle {
	uint8_t *room; /* IPC_BUNDLE_SIZE, once something was */
	size_t used;
	unsigned n; /* messages */
};

/* Adds M. ERR_BUSY: there is no room for it behind the others; ERR_RANGE: nor would there be without them, or
 * it has descriptors: it goes by itself. */
enum err ipc_gather(struct ipc_bundle *b, const struct ipc_message *m) MUST_CHECK;

/* What is to be sent of all, borrowed; a message that is alone goes as it is. Empty: nothing was gathered. */
struct bytes ipc_gathered(struct ipc_bundle *b);

/* Wipes what was gathered. */
void ipc_bundle_clear(struct ipc_bundle *b);
/* Gives back its room, too. */
void ipc_bundle_free(struct ipc_bundle *b);

/* Gathers M for C, or sends it by itself, behind what was gathered: as ipc_send. */
enum err ipc_send_later(struct ipc_channel *c, struct ipc_bundle *b, const struct ipc_message *m) MUST_CHECK;
/* Sends what was gathered, waiting for room: as ipc_send. */
enum err ipc_send_gathered(struct ipc_channel *c, struct ipc_bundle *b) MUST_CHECK;
