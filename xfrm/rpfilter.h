/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reverse path filtering (RFC 3704). In its strict form the kernel drops what comes in on a device by which
 * it would not answer. A peer whose address lies inside its own selectors comes in on the outer interface,
 * while our routes lead to the tun: it would be dropped. The loose form only asks for any route at all. */
#pragma once

#include "xfrm/journal.h"

/* Sets every interface there is now to loose where it is strict, noting each in J. Where /proc/sys cannot be
 * written, a warning is logged: peers outside their own selectors are well served all the same. */
void rpfilter_loosen(struct journal *j);

/* Takes back one note of the above. ERR_SYNTAX when it is none; ERR_MISSING when the interface has gone, or
 * somebody else has changed the value since: then it is theirs. */
enum err rpfilter_put_back(const char *thing) MUST_CHECK;
