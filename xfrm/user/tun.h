/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tun devices. */
#pragma once

#include "base/err.h"
#include "base/text.h"

enum { TUN_NAME = 16 };

/* Opens a new tun device with the given name (a number is added when NAME has none: "ipsec" makes ipsec0,
 * ipsec1, …); non-blocking, packets without any header, down, without addresses. *FD is the caller's; closing
 * it removes the device. MADE gets its name. WHY gets one sentence that says what to do: ERR_MISSING (no
 * /dev/net/tun), ERR_DENIED (no right), ERR_EXISTS (name taken), ERR_SYNTAX (no name for a device),
 * ERR_SYSTEM. */
enum err tun_open(const char *name, int *fd, char made[TUN_NAME], struct text *why) MUST_CHECK;
