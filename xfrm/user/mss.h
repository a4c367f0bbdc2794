/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP is told the size of the tunnel while it connects, so that nobody has to learn it by loss. Pure. */
#pragma once

#include "xfrm/user/inner.h"

/* In a TCP SYN at P, which IN describes, lowers the maximum segment size so that its segments, with their
 * headers, are at most LIMIT octets. Any other packet stays as it is. True when it changed something. */
bool mss_clamp(uint8_t *p, const struct inner *in, unsigned limit);
