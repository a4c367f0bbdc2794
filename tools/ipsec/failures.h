/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failures for people. */
#pragma once

#include "snapshot.h"

/* FAILURE, a section of VICI, behind LABEL: its sentence, its parts and its times, a line each. */
void failures_show(struct ipsec *x, const char *label, const struct vici_node *failure);
