/* SPDX-License-Identifier: GPL-2.0-or-later */
/* OCSP answers about our own certificates, to be sent along with them to a peer that wants them (RFC 4806).
 * In the process certs. */
#pragma once

#include "daemon/ipc.h"

struct certs;

/* What is done with IPC_STAPLE; CTX is the process. The answer has those that are known, at once or when the
 * responders have answered. */
bool staple_take(void *ctx, const struct ipc_message *m);

/* What waits for a responder is given up. The fetcher is stopped behind this. */
void staples_stop(struct certs *c);
