/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings below /proc/sys, as numbers. Those of net/ are those of this process' network namespace. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* The value of NAME ("net/ipv4/conf/all/rp_filter"); ERR_MISSING when there is none, ERR_SYSTEM when it
 * cannot be read or is no number. */
enum err sysctl_get(const char *name, int *value) MUST_CHECK;

/* ERR_MISSING, ERR_DENIED (read-only, as in many containers, or no right), ERR_SYSTEM. */
enum err sysctl_set(const char *name, int value) MUST_CHECK;
