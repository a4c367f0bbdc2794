/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CRLs that were fetched, as files, so that a daemon that starts again needs no server. One that is read is
 * judged like one that has just come. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

enum {
	CRL_CACHE_FILES_MAX = 256,
	CRL_CACHE_MAX = 128 << 20, /* octets, all together */
};

/* Keeps what came from URL in FOLDER. The oldest ones go where there are too many. A file is complete or not
 * there. ERR_SYSTEM. */
enum err crl_cache_save(const char *folder, const char *url, struct bytes der) MUST_CHECK;

/* What came from URL, from ARENA; empty: nothing is here. */
struct bytes crl_cache_read(const char *folder, const char *url, struct arena *arena);

/* Forgets all. */
void crl_cache_clear(const char *folder);
