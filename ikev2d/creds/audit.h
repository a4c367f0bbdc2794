/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and keys of a configuration, judged before anyone connects: by the same functions, so in the
 * same words, as at authentication. */
#pragma once

#include "creds/creds.h"

/* Judges what the connections of CONF prove themselves with, and what they want of peers, at NOW (seconds
 * since 1970). A line each, from the file it is about to the key to change: into BAD where authentication is
 * going to fail, into NOTES where it may. */
void creds_audit(
	const struct creds *c, const struct conf *conf, int64_t now, struct text *bad, struct text *notes);

/* A line for each certificate with a private key in S that ends from FROM on and not after UNTIL, into OUT.
 */
void creds_expiring(const struct store *s, int64_t from, int64_t until, int64_t now, struct text *out);

enum {
	CREDS_WARNING = 30,      /* days before one of our certificates expires */
	CREDS_DAY = 24 * 60 * 60 /* s */
};
