/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may talk to the daemon, and to what end. Root and the daemon's own user may do everything, and so may
 * members of one group; members of another may ask. The kernel says who is at the other end of a socket. */
#pragma once

#include "base/text.h"
#include "model/conf.h"
#include "vici/vici.h"

#include <sys/types.h>

struct rights {
	uid_t owner;   /* the daemon's user */
	gid_t group;   /* may do everything; the daemon's own where none is named */
	bool reads;    /* there are readers: */
	gid_t readers; /* their group */
	unsigned mode; /* of the socket */
};

/* The groups that S names. ERR_MISSING and a sentence where there is no such group. */
enum err rights_read(const struct settings *s, struct rights *out, struct text *why) MUST_CHECK;

/* What the other end of the connected Unix socket FD may do. */
enum vici_rights rights_of(const struct rights *r, int fd);
