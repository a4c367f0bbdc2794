/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VICI's commands do here. */
#pragma once

#include "daemon/world.h"

/* The functions that the VICI server asks, for W. */
struct vici_host host_of(struct world *w);

/* The parts of it: what is wanted of the core (orders.c), certificates and keys (creds_vici.c), what is told
 * (inspect.c). */
void orders_into(struct vici_host *h);
void creds_into(struct vici_host *h);
void inspect_into(struct vici_host *h);
