/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What VICI's commands do here. */
#pragma once

#include "daemon/world.h"

/* The functions that the VICI server asks, for W. */
struct vici_host host_of(struct world *w);
