/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secrets that a person types, or that lie in a file: never from the command line, which everybody can read.
 */
#pragma once

#include "base/err.h"
#include "ipsec.h"

enum { SECRET_MAX = 1024 /* octets */ };

/* Asks on the terminal, without echo, for OF_WHAT; one that is NEW twice. DONE; FAILED after a sentence, also
 * where there is no terminal: NO_TERMINAL says what to do then. OUT lies in ARENA, which is wiped when it is
 * freed. */
int secret_ask(struct ipsec *x, const char *of_what, bool new, const char *no_terminal, struct arena *arena,
	struct bytes *out) MUST_CHECK;

/* The first line of the file PATH. DONE, or FAILED after a sentence. */
int secret_read(struct ipsec *x, const char *path, const char *of_what, struct arena *arena,
	struct bytes *out) MUST_CHECK;
