/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection as a message, and back: as text that the reader of configurations reads (so that a new option
 * needs nothing here), and beside it what does not follow from that text. */
#pragma once

#include "daemon/ipc_ike.h"

/* P, which has its number, as OUT, from ARENA. False: it is larger than a message. */
bool ipc_peer_make(const struct peer *p, struct arena *arena, struct ipc_peer *out);

/* The connection that M is, with the one reference. ERR_SYNTAX: it is none, and WHY says why. */
enum err ipc_peer_read(const struct ipc_peer *m, struct peer **out, struct text *why) MUST_CHECK;

/* The same for what the core needs of the settings: a configuration that has nothing else, to be ended with
 * conf_free. */
struct bytes ipc_settings_make(const struct settings *s, struct arena *arena);
enum err ipc_settings_read(struct bytes text, struct conf *out, struct text *why) MUST_CHECK;
