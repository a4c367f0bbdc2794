/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the parser gets at files: given by the caller, so that tests and fuzzers need none and a process
 * without rights can be handed what another one has read. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum { CONF_FILE_MAX = 16 << 20 /* octets */ };

struct conf_files {
	/* All of the file PATH, in ARENA. ERR_MISSING, ERR_DENIED, ERR_RANGE (longer than CONF_FILE_MAX),
	 * ERR_UNSUPPORTED (a folder), ERR_SYSTEM. */
	enum err (*read)(void *ctx, const char *path, struct arena *arena, struct bytes *out);
	/* The files that match PATTERN, sorted, in ARENA; none is no error. ERR_SYSTEM. */
	enum err (*glob)(
		void *ctx, const char *pattern, struct arena *arena, const char *const **paths, unsigned *n);
	void *ctx;
};

/* The files of this machine. */
extern const struct conf_files conf_files_system;
