/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rights that a process gives away for good, before it hears from anybody. */
#pragma once

#include "base/err.h"
#include "base/text.h"
#include "daemon/ipc.h"

#include <sys/types.h>

/* The number of the user that P becomes. */
uid_t sandbox_user(enum ipc_process p);

/* What says that in the environment of P, from ARENA: it need not look who there is on this machine then. */
char *sandbox_environment(enum ipc_process p, struct arena *arena);

/* Makes the folder FD, and the files in it, P's own, where P has a user of its own. */
void sandbox_give(enum ipc_process p, int fd);

/* Gives away all that P does not need: the user and groups of who started it (it becomes who its environment
 * says, or the user of its row, "ikev2d-keeper", or where the machine has none a number that nobody uses),
 * capabilities, every file but, where its row says so, those in its root (which is ROOT_FD, a folder; it is
 * closed), new processes, and all system calls that are not in P's row of the table in sandbox.c. P is named
 * in the list of processes, dumps no core, and is killed when its parent ends. Without the right to change
 * the user it stays who it is, and gives away the rest. ERR_SYSTEM and a sentence: something could not be
 * given away, and the process must not go on. */
enum err sandbox_enter(enum ipc_process p, int root_fd, struct text *why) MUST_CHECK;
