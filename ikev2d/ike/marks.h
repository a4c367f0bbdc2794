/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Marks and numbers of XFRM interfaces of CHILD_SAs and traps: as configured, or drawn ("%unique"). */
#pragma once

#include "ike/step.h"

/* Those of a new CHILD_SA of CONF on D's IKE_SA, which replaces none and has no trap. What is "%unique" is
 * drawn for it alone; a number of an interface that CONF does not name is that of the IKE_SA, for which one
 * is drawn once where the connection says "%unique". */
struct sa_marks marks_of_child(struct draft *d, const struct child_conf *conf);

/* The same for a trap of CONF, which has no IKE_SA: all is drawn for it alone. Its CHILD_SA takes them over,
 * for a packet that met the trap must meet the CHILD_SA's policy. */
struct sa_marks marks_of_trap(struct ike *ike, const struct child_conf *conf);

bool marks_eq(const struct sa_marks *a, const struct sa_marks *b);
