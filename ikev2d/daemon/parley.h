/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EAP conversations as the core asks for them: who leads them is another process (eaps.h), which is started
 * with the first; what they are about, and whose secrets they need, is known here. */
#pragma once

#include "daemon/engine.h"

struct parleys;

/* Nothing runs yet. FOLDER: an empty one may be made in it for a moment. */
void parleys_start(struct world *w, const char *folder);
void parleys_stop(struct world *w);

/* Answers Q, ASK_EAP, in whose conversation nothing waits for an answer; it comes later. And nobody goes on
 * with CONVERSATION. */
bool parley_waits(const struct world *w, uint32_t conversation);
void parley_ask(struct world *w, const struct ike_question *q, struct answer *answer);
void parley_end(struct world *w, uint32_t conversation);

/* Users and addresses whose next password will be judged late (guesses.h). */
unsigned parleys_guessing(const struct world *w);

/* What is done with messages (ipc_table.c); CTX is the member. */
bool parley_take_turn(void *ctx, const struct ipc_message *m);
bool parley_take_signs(void *ctx, const struct ipc_message *m);
bool parley_take_shows(void *ctx, const struct ipc_message *m);
bool parley_take_asks(void *ctx, const struct ipc_message *m);
