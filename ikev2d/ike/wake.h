/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This machine has slept. Peers have not: to them we were silent, and lifetimes have gone on. */
#pragma once

#include "ike/step.h"

/* Each IKE_SA is looked at at once: whether its path is still there, and whether its peer still knows it,
 * with less patience than usual. What has outlived its time is set up anew by who began it, once there is a
 * way to the peer. Children that are wanted and wait for their time are tried. */
void wake_all(struct step *s);

/* There is one for SA, which has outlived its time. */
void wake_renew(struct step *s, struct sa *sa);
