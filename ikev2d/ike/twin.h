/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Twins: CHILD_SAs for the same packets on two IKE_SAs between the same two ends, as they are while one of
 * the IKE_SAs is authenticated anew. */
#pragma once

#include "ike/state.h"

/* The newest twin of CHILD that sends, but for BUT (NULL: none); NULL: there is none. */
struct child *twin_sending(const struct ike *ike, const struct child *child, const struct child *but);

/* The newest twin of CHILD that is to stay, or NULL. */
struct child *twin_standing(const struct ike *ike, const struct child *child);
