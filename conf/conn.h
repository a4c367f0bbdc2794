/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection, with its proofs of identity and its children. */
#pragma once

#include "conf/report.h"
#include "model/peer.h"

/* The connection that S describes, with one reference; incomplete where something was reported. */
struct peer *conn_read(const struct tree_section *s, enum origin origin, struct report *report);
