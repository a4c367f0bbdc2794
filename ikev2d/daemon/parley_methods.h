/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which methods of EAP a connection means. */
#pragma once

#include "eap/eap.h"
#include "model/peer.h"

/* The methods that A wants (ALONE: those that may stand alone, RFC 5998), into OUT of EAP_MAX_METHODS octets;
 * where it wants any the library has its own order. */
struct bytes parley_methods(const struct auth_conf *a, bool alone, uint8_t *out);

/* Whether a RADIUS server leads them. */
bool parley_by_radius(const struct auth_conf *a);

/* Marks P as one that cannot be used, with the reason, where it wants an EAP method that is not built in. */
void parley_check(struct peer *p);
