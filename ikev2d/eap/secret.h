/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Judging a password that came in clear (GTC, PAP) by what is kept of it. For eap/ only. */
#pragma once

#include "base/rng.h"
#include "eap/eap.h"

/* Whether PASSWORD is the one of SECRET. Takes the time that it takes when it is, also when there is none. */
bool secret_is(const struct eap_secret *secret, struct bytes password, struct rng *r);
