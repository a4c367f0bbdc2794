/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections by the address of the peer, so that those of one are found among thousands. */
#pragma once

#include "ike/state.h"

/* The connections have changed, or go. */
void addressed_forget(struct ike *ike);

/* The connections that may be for a peer at IP, in the order of the configuration, from ARENA; those that
 * name other addresses only are left out. *N gets their number. */
const struct peer **addressed_find(struct ike *ike, const struct ip *ip, struct arena *arena, unsigned *n);
