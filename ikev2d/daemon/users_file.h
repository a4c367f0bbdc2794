/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The users file (eap/users.h) of the configuration: its way from the disk to who keeps secrets. */
#pragma once

#include "base/err.h"
#include "base/text.h"

struct vault;

/* The path of the users file that is configured as NAME, by a configuration in FOLDER; from ARENA. NULL:
 * there is none. */
const char *users_file_path(const char *name, const char *folder, struct arena *arena);

/* Gives the file PATH to V (NULL: only reads it); without a path nobody is in it. WHY gets what is wrong, in
 * a line: those before stay then. NOTES: what is worth knowing. */
enum err users_file_read(struct vault *v, const char *path, struct text *why, struct text *notes) MUST_CHECK;
