/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection wants done with packets that are forwarded out of its tunnels and into them: that they
 * are, source NAT, the size of TCP's segments, clients kept apart. */
#pragma once

#include "model/sa.h"
#include "xfrm/journal.h"
#include "xfrm/route.h"

/* Does it for the tunnel of POLICY, or nothing where nothing is wanted. This machine forwards from then on
 * until route_close (a change in the journal): clients come and go, and with it each time would all its
 * interfaces change. ERR_UNSUPPORTED, ERR_SYSTEM, ERR_DENIED with a sentence. */
enum err forward_add(struct route *r, const struct policy_spec *policy, struct text *why) MUST_CHECK;
void forward_del(struct route *r, uint32_t policy);

/* Takes back a change of forwarding that stands in the journal as THING. ERR_SYNTAX when it is none;
 * ERR_MISSING when somebody else has changed it since. */
enum err forward_take_back(const char *thing) MUST_CHECK;
