/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who sees keys (VICI's command "capture") is said in the log. */
#pragma once

#include "daemon/world.h"

/* Adds the functions to H. */
void capture_into(struct vici_host *h);

/* Shows the keys of the IKE_SAs of connection NAME to those who capture it. */
void capture_show(struct world *w, const char *name);
