/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Orders of RADIUS servers, carried out. */
#pragma once

#include "daemon/ipc.h"

/* What is done with messages (ipc_table.c); CTX is the member. */
bool obey_take_order(void *ctx, const struct ipc_message *m);
