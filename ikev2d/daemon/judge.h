/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The peer's proofs by signature: AUTH with the certificate's key, the identity, the chain, and then, where
 * the connection minds, whether anything in it was revoked. In this order, so that a stranger with somebody's
 * certificate makes us fetch nothing. In the process certs. */
#pragma once

#include "daemon/ipc.h"

struct certs;

enum { JUDGE_TIME = 6 /* s for servers: the core waits a little longer */ };

/* What is done with IPC_JUDGE, IPC_AGAIN and IPC_SHOWN; CTX is the process. The answer comes at once or when
 * what is fetched has come. */
bool judge_take_proof(void *ctx, const struct ipc_message *m);
bool judge_take_again(void *ctx, const struct ipc_message *m);
bool judge_take_shown(void *ctx, const struct ipc_message *m);

/* What waits gets no answer any more. The fetcher is stopped behind this: it calls back. */
void judges_stop(struct certs *c);
