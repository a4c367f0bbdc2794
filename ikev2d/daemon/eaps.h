/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process that leads EAP conversations (ikev2d/eap): it reads what peers say in them. It has no network
 * and no files, knows no configuration, and gets a secret only for the conversation that asks for it. It is
 * started when the first conversation begins. */
#pragma once

#include "base/map.h"
#include "daemon/entropy.h"
#include "daemon/ipc.h"

enum { EAPS_MAX = 8192 /* conversations: more than IKE_SAs may be half open */ };

struct eaps {
	struct ipc_channel guard, ike; /* our ends */
	struct map talks;              /* struct talk by their numbers */
	struct entropy entropy;
};

/* Has the library do once what it reads files for, as long as there are any. */
void eaps_warm(void);

void eaps_start(struct eaps *e);
void eaps_stop(struct eaps *e);

/* The next message from FROM. False when its peer is gone, or has broken the rules: it must end then. */
bool eaps_serve(struct eaps *e, struct ipc_channel *from);

/* Serves until guard is gone. */
void eaps_run(struct eaps *e);

/* What is done with messages (ipc_table.c); CTX is the process. */
bool eaps_take_packet(void *ctx, const struct ipc_message *m);
bool eaps_take_secret(void *ctx, const struct ipc_message *m);
bool eaps_take_signed(void *ctx, const struct ipc_message *m);
bool eaps_take_judged(void *ctx, const struct ipc_message *m);
bool eaps_take_end(void *ctx, const struct ipc_message *m);
